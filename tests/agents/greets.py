"""An agent that speaks first, uses a tool, and has something to say of its simulations.

`python -m livekit.agents start tests/agents/greets.py`
"""

import math

from livekit.agents import AgentServer, JobContext, SimulationContext, function_tool

from tests.agents.hotel import BREAKFAST, ELSE, GOODBYE, GREETING, FrontDesk, session

# By default a worker takes nothing on a machine that is 70 % busy, and tests make it so.
server = AgentServer(port=0, num_idle_processes=1, load_threshold=math.inf)


class Desk(FrontDesk):
    """Looks up when breakfast is."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_up: list[str] = []

    @function_tool
    async def breakfast_hours(self, day: str) -> str:
        """When breakfast is served.

        Args:
            day: Of which it is asked.
        """
        self.looked_up.append(day)
        return f"{BREAKFAST} {ELSE}"


async def judge(simulation: SimulationContext) -> None:
    """Fail a run whose scenario expects another day to be looked up."""
    agent = simulation.job_context.primary_session.current_agent
    assert isinstance(agent, Desk)
    expected = simulation.userdata().get("expected_day")
    if expected and agent.looked_up != [expected]:
        simulation.fail(f"expected a look-up for {expected}, got {agent.looked_up}")


@server.rtc_session(agent_name="front-desk", on_simulation_end=judge)
async def answer(context: JobContext) -> None:
    talk = session(breakfast="breakfast_hours(day=tomorrow)", thank=GOODBYE, bye=GOODBYE)
    await talk.start(Desk(), room=context.room)
    await context.connect()
    await talk.say(GREETING)
