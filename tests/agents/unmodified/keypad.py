import asyncio

from livekit import rtc
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import openai

server = AgentServer()


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    pressed: list[str] = []
    session = AgentSession(stt=openai.STT(), llm=openai.LLM(), tts=openai.TTS(voice="ash"))

    @ctx.room.on("sip_dtmf_received")
    def on_key(key: rtc.SipDTMF) -> None:
        pressed.append(key.digit)

    await session.start(Agent(instructions="You are the front desk."), room=ctx.room)
    await ctx.room.local_participant.publish_dtmf(code=1, digit="1")
    await session.say("For breakfast, press one, or say it.")
    await asyncio.sleep(6)
    if not pressed:
        session.generate_reply(instructions="nothing was pressed")


if __name__ == "__main__":
    cli.run_app(server)
