"""The old way: no server at the top of the file, only what its program makes of it."""

from dotenv import load_dotenv
from livekit.agents import Agent, AgentSession, AgentTask, JobContext, WorkerOptions, cli
from livekit.agents.llm import function_tool
from livekit.plugins import deepgram, openai

load_dotenv()


class Consent(AgentTask[bool]):
    def __init__(self) -> None:
        super().__init__(instructions="Ask whether the call may be recorded.")

    async def on_enter(self) -> None:
        await self.session.generate_reply(instructions="ask for consent")

    @function_tool
    async def given(self) -> None:
        """The caller agrees."""
        self.complete(True)

    @function_tool
    async def refused(self) -> None:
        """The caller does not."""
        self.complete(False)


class Clinic(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You are the desk of a clinic.")

    async def on_enter(self) -> None:
        agreed = await Consent()
        await self.session.say(
            "Thank you. How can I help?" if agreed else "Then I cannot help you. Goodbye."
        )


async def entrypoint(ctx: JobContext) -> None:
    await ctx.connect()
    session = AgentSession(
        stt=deepgram.STT(api_key="nobody"), llm=openai.LLM(), tts=openai.TTS(voice="ash")
    )
    await session.start(Clinic(), room=ctx.room)


if __name__ == "__main__":
    cli.run_app(WorkerOptions(entrypoint_fnc=entrypoint))
