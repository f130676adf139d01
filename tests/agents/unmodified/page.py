import asyncio
import json

from livekit import rtc
from livekit.agents import Agent, AgentServer, AgentSession, JobContext, RunContext, cli
from livekit.agents.llm import function_tool
from livekit.plugins import openai

server = AgentServer()


class Desk(Agent):
    def __init__(self, room: rtc.Room) -> None:
        super().__init__(instructions="You are the front desk.")
        self.room = room

    @function_tool
    async def show_menu(self, context: RunContext) -> str:
        """Show the menu on the caller's page."""
        (caller,) = self.room.remote_participants
        try:
            return await self.room.local_participant.perform_rpc(
                destination_identity=caller, method="show", payload=json.dumps({"page": "menu"})
            )
        except rtc.RpcError:
            return "the caller sees no page; breakfast is from seven to ten"


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    await ctx.connect()
    caller = await ctx.wait_for_participant()

    @ctx.room.local_participant.register_rpc_method("mute")  # type: ignore[arg-type]
    async def mute(data: rtc.RpcInvocationData) -> str:
        return "muted"

    session = AgentSession(stt=openai.STT(), llm=openai.LLM(), tts=openai.TTS(voice="ash"))
    await session.start(Desk(ctx.room), room=ctx.room)
    await asyncio.sleep(0.5)
    await session.say(f"Hello {caller.name}, how can I help you?")


if __name__ == "__main__":
    cli.run_app(server)
