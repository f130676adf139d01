"""The room as the bus: one side's events, on their way to the recorder.

Events go as text streams addressed to the recorder's identity (livekit data streams), each with
one or more events as JSON lines, in order. Nobody else in the room receives them.
"""

import asyncio

import structlog
from livekit import rtc

from shared.events import Event, EventName, Journal

log = structlog.get_logger("duologue.bus")

EVENTS_TOPIC = "duologue.events"
REFUSED_TOPIC = "duologue.refused"
HEARTBEAT_S = 2.0
SEND_TIMEOUT_S = 5.0
"""How long one send may take; a room that is gone answers nothing."""


class RoomBus:
    """Sends every event of a journal to the recorder, and a heartbeat, until closed."""

    def __init__(self, room: rtc.Room, recorder: str, journal: Journal) -> None:
        self._room, self._recorder, self._journal = room, recorder, journal
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        journal.add_sink(self._queue.put_nowait)

    def start(self) -> None:
        """Begin to send, once the room is connected; what was emitted before goes first."""
        if self._tasks:
            return
        self._tasks = [
            asyncio.create_task(self._send_all(), name="bus-sender"),
            asyncio.create_task(self._beat(), name="bus-heartbeat"),
        ]

    async def aclose(self) -> None:
        """Send what is left, then stop."""
        if self._tasks:
            sender, heart = self._tasks
            heart.cancel()
            self._queue.put_nowait(None)
            await asyncio.wait([sender, heart])

    async def _beat(self) -> None:
        while True:
            self._journal.emit(EventName.HEARTBEAT)
            await asyncio.sleep(HEARTBEAT_S)

    async def _send_all(self) -> None:
        closing = False
        while not closing:
            batch = [await self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            closing = None in batch
            lines = "\n".join(event.model_dump_json() for event in batch if event)
            if lines and self._room.isconnected():
                await self._send(lines)

    async def _send(self, lines: str) -> None:
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._room.local_participant.send_text(
                    lines, topic=EVENTS_TOPIC, destination_identities=[self._recorder]
                )
        except (TimeoutError, ConnectionError) as error:
            # Not fatal: the log has every event, and the driver misses the heartbeat.
            log.warning("events not sent", events=lines.count("\n") + 1, error=str(error))
