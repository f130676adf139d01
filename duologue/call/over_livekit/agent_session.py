"""What an agent that is not ours tells its room unasked, as events of the support side.

A session of livekit-agents from 1.8 on sends everybody in its room what it hears, says and does, as
byte streams; every version sends the words that it says, as text streams while they are spoken.
So of an agent that is as it is, as much is known as of one of ours but for its desk.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeAlias

from google.protobuf.message import DecodeError
from livekit import rtc
from livekit.agents.types import TOPIC_TRANSCRIPTION
from livekit.protocol.agent_pb import agent_session as pb

from duologue.call.patience import patient_timeout
from duologue.call.session_events import SESSION_TOPIC, SessionEvents, support_event
from shared.events import (
    Said,
)
from shared.events.journal import Event
from shared.logs import get_logger

log = get_logger(__name__)

STREAM_TIMEOUT_S = 5.0
"""How long one message may take to arrive, once begun."""
WORDS_TIMEOUT_S = 120.0
"""How long one text may: it comes while it is spoken."""

Deliver = Callable[[Event], None]
IsAgent = Callable[[str], bool]
"""Whether a participant of this identity is the agent: anybody may send."""

_Reader: TypeAlias = rtc.ByteStreamReader | rtc.TextStreamReader


class AgentSessionEvents:
    """Listens to what the agent of one call tells, from `open` to `aclose`.

    Args:
        deliver: Takes each event.
        is_agent: Tells the agent from strangers.
    """

    def __init__(self, deliver: Deliver, is_agent: IsAgent) -> None:
        self._deliver, self._is_agent = deliver, is_agent
        self.session = SessionEvents(deliver)
        self._messages: asyncio.Queue[rtc.ByteStreamReader] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._texts: list[Event] = []
        """What was said by the text streams alone."""

    def open(self, room: rtc.Room) -> None:
        """Begin to listen; the room need not be joined yet."""
        room.register_byte_stream_handler(SESSION_TOPIC, self._on_message)
        room.register_text_stream_handler(TOPIC_TRANSCRIPTION, self._on_words)
        self._spawn(self._read_messages(), "agent session")

    async def aclose(self, timeout_s: float) -> None:
        """Take what is still on its way, for so long, and deliver what is known only at the end."""
        if not self._tasks:
            return
        try:
            async with asyncio.timeout(timeout_s):
                await self.session.quiet.wait()
                await self._messages.join()
        except TimeoutError:
            log.info("the agent has not told the end of what it said")
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        if not self.session.tells:
            for event in self._texts:
                self._deliver(event)
        self.session.finish()

    def _spawn(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_message(self, reader: rtc.ByteStreamReader, sender: str) -> None:
        if self._is_agent(sender):
            self._messages.put_nowait(reader)
        else:
            reader.close()

    def _on_words(self, reader: rtc.TextStreamReader, sender: str) -> None:
        if self._is_agent(sender):
            self._spawn(self._read_words(reader), "agent words")
        else:
            reader.close()

    async def _read_messages(self) -> None:
        while True:
            reader = await self._messages.get()
            try:
                async with patient_timeout(STREAM_TIMEOUT_S):
                    data = b"".join([chunk async for chunk in reader])
                self.session.take(pb.AgentSessionMessage.FromString(data))
            except (TimeoutError, ConnectionError, DecodeError, ValueError) as error:
                log.warning("a message of the agent's session was lost", error=str(error))
            finally:
                reader.close()
                self._messages.task_done()

    async def _read_words(self, reader: rtc.TextStreamReader) -> None:
        began_s = time.time()
        try:
            async with patient_timeout(WORDS_TIMEOUT_S):
                text = await reader.read_all()
        except (TimeoutError, ConnectionError) as error:
            log.warning("words of the agent were lost", error=str(error))
            return
        finally:
            reader.close()
        if text.strip():
            now_s = time.time()
            said = Said(
                text=text.strip(),
                intended=text.strip(),
                interrupted=False,
                started_at=began_s,
                stopped_at=now_s,
            )
            self._texts.append(support_event(now_s, said))
