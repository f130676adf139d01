"""Both workers' events, as they reach the recorder over the room: in order, each once."""

import asyncio
from collections.abc import Callable

import structlog
from livekit import rtc
from pydantic import ValidationError

from shared.bus import EVENTS_TOPIC
from shared.events import Event
from shared.spec import Role

log = structlog.get_logger("duologue.inbox")

STREAM_TIMEOUT_S = 5.0
"""How long one stream of events may take to arrive, once begun; its sender may have died."""


class Inbox:
    """Reads the streams of events that the two roles send, each role's in the order of sending.

    Streams overlap on the wire, so they are queued by sender when they open and read one by one.
    """

    def __init__(self, deliver: Callable[[Event], None], lost: Callable[[Role, str], None]) -> None:
        self._deliver, self._lost = deliver, lost
        self._queues: dict[Role, asyncio.Queue[rtc.TextStreamReader]] = {
            role: asyncio.Queue() for role in Role
        }
        self._tasks: list[asyncio.Task[None]] = []

    def open(self, room: rtc.Room) -> None:
        """Begin to take what is sent to this room's participant."""
        room.register_text_stream_handler(EVENTS_TOPIC, self._on_stream)
        self._tasks = [
            asyncio.create_task(self._read_all(role), name=f"inbox-{role}") for role in Role
        ]

    async def aclose(self, drain_timeout_s: float) -> None:
        """Deliver what has begun to arrive, for at most `drain_timeout_s`, and stop."""
        if not self._tasks:
            return
        waiting = [
            asyncio.create_task(queue.join(), name=f"inbox-drain-{role}")
            for role, queue in self._queues.items()
        ]
        await asyncio.wait(waiting, timeout=drain_timeout_s)
        for task in (*waiting, *self._tasks):
            task.cancel()
        await asyncio.wait([*waiting, *self._tasks])

    def _on_stream(self, reader: rtc.TextStreamReader, sender: str) -> None:
        if sender in tuple(Role):
            self._queues[Role(sender)].put_nowait(reader)
        else:
            log.warning("events from a stranger ignored", sender=sender)
            reader.close()

    async def _read_all(self, role: Role) -> None:
        queue = self._queues[role]
        while True:
            reader = await queue.get()
            try:
                async with asyncio.timeout(STREAM_TIMEOUT_S):
                    text = await reader.read_all()
                for line in text.splitlines():
                    self._deliver(
                        Event.model_validate_json(line).model_copy(update={"source": role})
                    )
            except (TimeoutError, ConnectionError) as error:
                self._lost(role, f"a stream of events broke off: {error}")
            except ValidationError as error:
                self._lost(role, f"not an event: {error.errors(include_url=False)[0]['msg']}")
            finally:
                reader.close()
                queue.task_done()
