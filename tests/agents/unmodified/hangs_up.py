from livekit.agents import Agent, AgentServer, AgentSession, JobContext, RunContext, cli
from livekit.agents.job import get_job_context
from livekit.agents.llm import function_tool
from livekit.plugins import openai

server = AgentServer()


class Desk(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You are the front desk.")

    async def on_enter(self) -> None:
        await self.session.generate_reply(instructions="greet")

    @function_tool
    async def end_call(self, context: RunContext) -> None:
        """Hang up."""
        await context.wait_for_playout()
        await get_job_context().delete_room()


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    session = AgentSession(stt=openai.STT(), llm=openai.LLM(), tts=openai.TTS(voice="ash"))
    await session.start(Desk(), room=ctx.room)


if __name__ == "__main__":
    cli.run_app(server)
