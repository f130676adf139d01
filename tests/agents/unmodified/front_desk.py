import logging

from livekit.agents import (
    Agent,
    AgentServer,
    AgentSession,
    JobContext,
    JobProcess,
    RunContext,
    SimulationContext,
    cli,
    function_tool,
)
from livekit.plugins import deepgram, openai, silero

logger = logging.getLogger("front-desk")

server = AgentServer()


def prewarm(proc: JobProcess) -> None:
    proc.userdata["vad"] = silero.VAD.load()


server.setup_fnc = prewarm


class FrontDesk(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You are the front desk of a hotel.")

    async def on_enter(self) -> None:
        self.session.generate_reply(instructions="greet the caller")

    @function_tool
    async def breakfast_hours(self, context: RunContext, day: str) -> str:
        """When breakfast is served.

        Args:
            day: Of which it is asked.
        """
        return f"{day}: from seven to ten"


async def on_simulation_end(simulation: SimulationContext) -> None:
    if simulation.userdata().get("guest") == "Ann Lee":
        simulation.fail("nobody was woken")


@server.rtc_session(on_simulation_end=on_simulation_end)
async def entrypoint(ctx: JobContext) -> None:
    session: AgentSession = AgentSession(
        stt=deepgram.STT(model="nova-3", api_key="nobody"),
        llm=openai.LLM(model="gpt-4.1-mini"),
        tts=openai.TTS(voice="ash"),
        vad=ctx.proc.userdata["vad"],
    )

    async def log_usage(reason: str) -> None:
        logger.info("usage after %s: %s", reason, session.usage)

    ctx.add_shutdown_callback(log_usage)
    await session.start(agent=FrontDesk(), room=ctx.room)


if __name__ == "__main__":
    cli.run_app(server)
