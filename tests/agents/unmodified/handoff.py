from dataclasses import dataclass

from livekit.agents import Agent, AgentServer, AgentSession, JobContext, RunContext, cli
from livekit.agents.llm import function_tool
from livekit.plugins import deepgram, openai

server = AgentServer()


@dataclass
class Caller:
    name: str = ""


class Booking(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You book rooms.", tts=openai.TTS(voice="alloy"))

    async def on_enter(self) -> None:
        await self.session.generate_reply()

    @function_tool
    async def book(self, context: RunContext[Caller], nights: int) -> str:
        """Book a room."""
        return f"booked {nights} nights for {context.userdata.name}"


class Greeter(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="You greet callers.")

    async def on_enter(self) -> None:
        await self.session.say("Hotel Aurora. May I have your name?", allow_interruptions=False)

    @function_tool
    async def to_booking(self, context: RunContext[Caller], name: str) -> tuple[Agent, str]:
        """Hand the caller over."""
        context.userdata.name = name
        return Booking(), f"{name} wants to book"


@server.rtc_session(agent_name="hotel")
async def entrypoint(ctx: JobContext) -> None:
    session = AgentSession[Caller](
        userdata=Caller(),
        stt=deepgram.STT(api_key="nobody"),
        llm=openai.LLM(),
        tts=openai.TTS(voice="ash"),
    )
    await session.start(agent=Greeter(), room=ctx.room)


if __name__ == "__main__":
    cli.run_app(server)
