"""What both workers send to the recorder over the room: their events, and what they played.

Events come in order, each once, and from nobody who was not told where to. Speech comes beside
them: what takes long holds up no event.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple, TypeAlias

from livekit import rtc
from pydantic import ValidationError

from duologue.call.patience import patient_timeout
from shared.errors import wrong_field
from shared.events.journal import Event
from shared.logs import get_logger
from shared.spec import Role
from shared.worker.bus import EVENTS_TOPIC, PLAYED_TOPIC, RECORDER

log = get_logger(__name__)

EVENTS_TIMEOUT_S = 5.0
"""How long one stream of events may take to arrive, once begun; its sender may have died."""
PLAYED_TIMEOUT_S = 15.0
"""How long one stretch of speech may take."""

Reader: TypeAlias = rtc.TextStreamReader | rtc.ByteStreamReader


class _Lane(NamedTuple):
    """The streams of one kind from one role, read one after the other as they were opened."""

    role: Role
    name: str
    queue: "asyncio.Queue[Reader]"
    read: "Callable[[Role, Reader], Awaitable[None]]"
    timeout_s: float


class Inbox:
    """Reads the streams that the two roles send, each role's in the order of sending.

    Streams overlap on the wire, so they are queued by sender when they open and read one by one.

    Args:
        deliver: Takes every event.
        keep: Takes every stretch of speech with its name, a FLAC file; refuses one by a ValueError.
        lost: Is told what did not come, and of whom.
        alive: Is told whenever something comes, before it is there whole. An event may be read much
            later: after what was sent before, be it on its way or lost, and beside long speech.
    """

    def __init__(
        self,
        deliver: Callable[[Event], None],
        keep: Callable[[Role, str, bytes], None],
        lost: Callable[[Role, str], None],
        alive: Callable[[Role], None] = lambda _: None,
    ) -> None:
        self._deliver, self._keep, self._lost, self._alive = deliver, keep, lost, alive
        self._events = {
            role: _Lane(role, "events", asyncio.Queue(), self._read_events, EVENTS_TIMEOUT_S)
            for role in Role
        }
        self._speech = {
            role: _Lane(role, "speech", asyncio.Queue(), self._read_speech, PLAYED_TIMEOUT_S)
            for role in Role
        }
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, room: rtc.Room) -> None:
        """Begin to take what is sent to this room's participant."""
        events = partial(self._on_stream, room, self._events)
        speech = partial(self._on_stream, room, self._speech)
        room.register_text_stream_handler(EVENTS_TOPIC, events)
        room.register_byte_stream_handler(PLAYED_TOPIC, speech)
        self._tasks = [
            asyncio.create_task(self._read_all(lane), name=f"inbox-{lane.name}-{lane.role}")
            for lane in self._lanes
        ]

    async def aclose(self, drain_timeout_s: float) -> None:
        """Deliver what has begun to arrive, for at most `drain_timeout_s`, and stop."""
        if not self._tasks:
            return
        waiting = [
            asyncio.create_task(lane.queue.join(), name=f"inbox-drain-{lane.name}-{lane.role}")
            for lane in self._lanes
        ]
        await asyncio.wait(waiting, timeout=drain_timeout_s)
        for task in (*waiting, *self._tasks):
            task.cancel()
        await asyncio.wait([*waiting, *self._tasks])

    @property
    def _lanes(self) -> list[_Lane]:
        return [*self._events.values(), *self._speech.values()]

    def _on_stream(
        self, room: rtc.Room, lanes: dict[Role, _Lane], reader: Reader, sender: str
    ) -> None:
        # Whoever has a token may have a role's identity, and send before it is heard of what it is.
        told = (reader.info.attributes or {}).get(RECORDER)
        if sender in tuple(Role) and told == room.local_participant.identity:
            self._alive(Role(sender))
            lanes[Role(sender)].queue.put_nowait(reader)
        else:
            log.warning("a stream from a stranger ignored", sender=sender)
            reader.close()

    async def _read_all(self, lane: _Lane) -> None:
        while True:
            reader = await lane.queue.get()
            try:
                async with patient_timeout(lane.timeout_s):
                    await lane.read(lane.role, reader)
            except (TimeoutError, ConnectionError) as error:
                self._lost(lane.role, f"a stream of {lane.name} broke off: {error}")
            except ValidationError as error:
                self._lost(lane.role, f"not an event: {wrong_field(error).problem}")
            except ValueError as error:
                self._lost(lane.role, f"not speech that was played: {error}")
            finally:
                reader.close()
                lane.queue.task_done()

    async def _read_events(self, role: Role, reader: Reader) -> None:
        assert isinstance(reader, rtc.TextStreamReader)
        for line in (await reader.read_all()).splitlines():
            self._deliver(Event.from_json(line)._replace(source=role))

    async def _read_speech(self, role: Role, reader: Reader) -> None:
        assert isinstance(reader, rtc.ByteStreamReader)
        chunks = []
        async for chunk in reader:
            self._alive(role)
            chunks.append(chunk)
        self._keep(role, reader.info.name, b"".join(chunks))
