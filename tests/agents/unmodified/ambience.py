from livekit.agents import (
    Agent,
    AgentServer,
    AgentSession,
    AudioConfig,
    BackgroundAudioPlayer,
    BuiltinAudioClip,
    JobContext,
    cli,
)
from livekit.plugins import openai

server = AgentServer()


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    session = AgentSession(stt=openai.STT(), llm=openai.LLM(), tts=openai.TTS(voice="ash"))
    await session.start(Agent(instructions="You are the front desk."), room=ctx.room)
    background = BackgroundAudioPlayer(
        ambient_sound=AudioConfig(BuiltinAudioClip.OFFICE_AMBIENCE, volume=0.8),
        thinking_sound=[AudioConfig(BuiltinAudioClip.KEYBOARD_TYPING, volume=0.7)],
    )
    await background.start(room=ctx.room, agent_session=session)
    await session.generate_reply(instructions="greet the caller")


if __name__ == "__main__":
    cli.run_app(server)
