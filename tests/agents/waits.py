"""An agent in a noisy office that waits to be spoken to, and hangs up as EndCallTool does.

It has no name of its own: `python -m livekit.agents start tests/agents/waits.py`.
"""

import math

from livekit.agents import (
    AgentServer,
    BackgroundAudioPlayer,
    BuiltinAudioClip,
    ConversationItemAddedEvent,
    JobContext,
    llm,
)

from tests.agents.hotel import BREAKFAST, GOODBYE, FrontDesk, session

# By default a worker takes nothing on a machine that is 70 % busy, and tests make it so.
server = AgentServer(port=0, num_idle_processes=1, load_threshold=math.inf)


@server.rtc_session()
async def answer(context: JobContext) -> None:
    office = BackgroundAudioPlayer(ambient_sound=BuiltinAudioClip.OFFICE_AMBIENCE)
    talk = session(breakfast=f"{BREAKFAST} {GOODBYE}")
    await talk.start(FrontDesk(), room=context.room)
    await context.connect()
    await office.start(room=context.room, agent_session=talk)

    @talk.on("conversation_item_added")
    def on_item(event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.ChatMessage) and GOODBYE in (event.item.text_content or ""):
            context.delete_room()
