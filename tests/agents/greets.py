"""An agent that speaks first: `python -m livekit.agents start tests/agents/greets.py`."""

import math

from livekit.agents import AgentServer, JobContext

from tests.agents.hotel import BREAKFAST, ELSE, GOODBYE, GREETING, FrontDesk, session

# By default a worker takes nothing on a machine that is 70 % busy, and tests make it so.
server = AgentServer(port=0, num_idle_processes=1, load_threshold=math.inf)


@server.rtc_session(agent_name="front-desk")
async def answer(context: JobContext) -> None:
    talk = session(breakfast=f"{BREAKFAST} {ELSE}", thank=GOODBYE, bye=GOODBYE)
    await talk.start(FrontDesk(), room=context.room)
    await context.connect()
    await talk.say(GREETING)
