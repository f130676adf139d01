from livekit import rtc
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, cli
from livekit.plugins import openai

server = AgentServer()


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    session = AgentSession(stt=openai.STT(), llm=openai.LLM(), tts=openai.TTS(voice="ash"))

    @ctx.room.on("sip_dtmf_received")
    def on_key(key: rtc.SipDTMF) -> None:
        if key.digit == "2":
            session.say("Breakfast is served from seven to ten in the morning. Anything else?")

    await session.start(Agent(instructions="You are the front desk."), room=ctx.room)
    session.say("Hotel Aurora. For a new booking, press one. To ask about breakfast, press two.")


if __name__ == "__main__":
    cli.run_app(server)
