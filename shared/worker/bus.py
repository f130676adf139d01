"""The room as the bus: one side's events and its own speech, on their way to the recorder.

Events go as text streams addressed to the recorder's identity (livekit data streams), each with
one or more events as JSON lines, in order. What was played goes as byte streams to the same, each
a FLAC file that an event names. Nobody else in the room receives any of them, and each names the
recorder, whose identity is a secret of the call: what strangers send is told by not knowing it.
"""

import asyncio
from typing import Self

from livekit import rtc
from pydantic import ValidationError

from shared.events import Heartbeat, StretchPlayed
from shared.events.journal import Event, Journal
from shared.logs import get_logger
from shared.side.tap import Played
from shared.spec import Role
from shared.values import Frozen

log = get_logger("duologue.bus")

EVENTS_TOPIC = "duologue.events"
PLAYED_TOPIC = "duologue.played"
REFUSED_TOPIC = "duologue.refused"
RECORDER = "duologue.recorder"
"""The attribute of a stream that has the identity of the recorder that it is for."""
HEARTBEAT_S = 2.0
SEND_TIMEOUT_S = 5.0
"""How long sending events may take; a room that is gone answers nothing."""
SEND_PLAYED_TIMEOUT_S = 10.0
"""How long sending a stretch of speech may take, which is up to some 100 kB."""


class Refusal(Frozen):
    """Why a worker took no job, as data for everybody in the room."""

    role: Role
    reason: str
    dispatch_id: str = ""
    """Which dispatch it is an answer to. Nobody in the room knows it but who made the dispatch, so
    that nobody else can refuse in a worker's name."""

    def to_data(self) -> bytes:
        """What is sent, on `REFUSED_TOPIC`."""
        return self.model_dump_json().encode()

    @classmethod
    def from_packet(cls, packet: rtc.DataPacket) -> Self | None:
        """The refusal in a packet; None if it is about something else, or cannot be read."""
        if packet.topic != REFUSED_TOPIC:
            return None
        try:
            return cls.model_validate_json(packet.data)
        except ValidationError:
            log.warning("a refusal that cannot be read", data=packet.data[:200])
            return None


class RoomBus:
    """Sends every event of a journal to the recorder, and a heartbeat, until closed.

    What was played goes beside the events, which do not wait for it.
    """

    def __init__(self, room: rtc.Room, recorder: str, journal: Journal) -> None:
        self._room, self._recorder, self._journal = room, recorder, journal
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._played: asyncio.Queue[tuple[str, Played] | None] = asyncio.Queue()
        self._count = 0
        self._tasks: list[asyncio.Task[None]] = []
        journal.add_sink(self._queue.put_nowait)

    def start(self) -> None:
        """Begin to send, once the room is connected; what was emitted before goes first."""
        if self._tasks:
            return
        self._tasks = [
            asyncio.create_task(self._send_all(), name="bus-sender"),
            asyncio.create_task(self._send_all_played(), name="bus-played"),
            asyncio.create_task(self._beat(), name="bus-heartbeat"),
        ]

    async def aclose(self) -> None:
        """Send what is left, then stop."""
        if self._tasks:
            *_, heart = self._tasks
            heart.cancel()
            self._queue.put_nowait(None)
            self._played.put_nowait(None)
            await asyncio.wait(self._tasks)

    def on_played(self, played: Played) -> None:
        """Say that a stretch of speech was played, and send it."""
        self._count += 1
        name = f"{self._journal.source}-{self._count:04}.flac"
        self._journal.emit(
            StretchPlayed(file=name, started_at=played.started_at, stopped_at=played.stopped_at)
        )
        self._played.put_nowait((name, played))

    async def _beat(self) -> None:
        while True:
            self._journal.emit(Heartbeat())
            await asyncio.sleep(HEARTBEAT_S)

    async def _send_all(self) -> None:
        closing = False
        while not closing:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            closing = None in batch
            lines = "\n".join(event.to_json() for event in batch if event)
            if lines and self._room.isconnected():
                await self._send(lines)

    async def _send(self, lines: str) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._room.local_participant.send_text(
                    lines,
                    topic=EVENTS_TOPIC,
                    destination_identities=[self._recorder],
                    attributes={RECORDER: self._recorder},
                )
        except (TimeoutError, ConnectionError) as error:
            # Not fatal: the log has every event, and the driver misses the heartbeat.
            log.warning("events not sent", events=lines.count("\n") + 1, error=str(error))

    async def _send_all_played(self) -> None:
        while (item := await self._played.get()) is not None:
            name, played = item
            if not self._room.isconnected():
                continue
            flac = await asyncio.to_thread(played.to_flac)
            try:
                async with asyncio.timeout(SEND_PLAYED_TIMEOUT_S):
                    await self._room.local_participant.send_bytes(
                        flac,
                        topic=PLAYED_TOPIC,
                        name=name,
                        mime_type="audio/flac",
                        destination_identities=[self._recorder],
                        attributes={RECORDER: self._recorder},
                        compress=False,
                    )
            except (TimeoutError, ConnectionError) as error:
                # Not fatal: the recording has it as it came over the wire.
                log.warning("speech not sent", file=name, error=str(error))
