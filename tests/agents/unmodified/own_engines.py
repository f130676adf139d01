from collections.abc import AsyncIterable

from livekit import rtc
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, ModelSettings, cli
from livekit.plugins import deepgram, openai, silero

server = AgentServer()


class Desk(Agent):
    def __init__(self) -> None:
        super().__init__(
            instructions="You are the front desk.",
            stt=deepgram.STT(api_key="nobody"),
            llm=openai.LLM(model="gpt-4.1"),
            tts=openai.TTS(voice="ash"),
            vad=silero.VAD.load(),
            turn_detection="vad",
        )

    async def on_enter(self) -> None:
        await self.session.generate_reply()

    async def tts_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncIterable[rtc.AudioFrame]:
        async def pronounced() -> AsyncIterable[str]:
            async for part in text:
                yield part.replace("7", "seven").replace("10", "ten")

        async for frame in Agent.default.tts_node(self, pronounced(), model_settings):
            yield frame


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    session = AgentSession()
    await session.start(Desk(), room=ctx.room)


if __name__ == "__main__":
    cli.run_app(server)
