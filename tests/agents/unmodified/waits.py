import datetime
import os

import aiohttp
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, JobRequest, RunContext, cli
from livekit.agents.llm import function_tool
from livekit.plugins import openai

server = AgentServer()


class Desk(Agent):
    def __init__(self) -> None:
        super().__init__(instructions=f"Today is {datetime.date.today():%A, %B %d %Y}.")

    @function_tool
    async def breakfast_hours(self, context: RunContext) -> str:
        """When breakfast is served."""
        before = datetime.datetime.now()
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session,
            session.get(os.environ["HOURS_URL"]) as answer,
        ):
            hours = await answer.text()
        waited = datetime.datetime.now() - before
        return f"{hours}, looked up in {waited.total_seconds():.0f} s"


async def on_request(request: JobRequest) -> None:
    await request.accept(name="Desk", identity="front-desk", attributes={"floor": "1"})


@server.rtc_session(on_request=on_request)
async def entrypoint(ctx: JobContext) -> None:
    session = AgentSession(stt=openai.STT(), llm=openai.LLM(), tts=openai.TTS(voice="ash"))
    await session.start(Desk(), room=ctx.room)


if __name__ == "__main__":
    cli.run_app(server)
