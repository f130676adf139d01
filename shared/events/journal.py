"""What happens in a call, as one schema: fixed names, who, when, and the fields of each name.

Workers and driver put every event in a `Journal`, which logs it and hands it to its sinks
(on LiveKit the room, towards the recorder). `grep HEARD` works on any log.
"""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import structlog
from pydantic import Field

from shared.values import Frozen


class EventName(StrEnum):
    """Every event there is. The fields of each are in docs/events.md."""

    # A worker and its job.
    REGISTERED = "REGISTERED"
    START = "START"
    ROLE = "ROLE"
    OK = "OK"
    REFUSED = "REFUSED"
    LINKED = "LINKED"
    ENGINES = "ENGINES"
    HEARTBEAT = "HEARTBEAT"
    ENDED = "ENDED"
    ERROR = "ERROR"
    # The conversation, as each side knows it.
    HEARD = "HEARD"
    HEARD_PART = "HEARD_PART"
    SAID = "SAID"
    PLAYED = "PLAYED"
    STATE = "STATE"
    PEER_STATE = "PEER_STATE"
    TOOL = "TOOL"
    DESK = "DESK"
    REVIVED = "REVIVED"
    BEHAVIOUR = "BEHAVIOUR"
    USAGE = "USAGE"
    # The room, as the driver sees it.
    JOINED = "JOINED"
    LEFT = "LEFT"
    PUBLISHED = "PUBLISHED"
    UNPUBLISHED = "UNPUBLISHED"
    SUBSCRIBED = "SUBSCRIBED"
    MUTED = "MUTED"
    UNMUTED = "UNMUTED"
    DISPATCHED = "DISPATCHED"
    REDISPATCHED = "REDISPATCHED"
    ROOM_CLOSED = "ROOM_CLOSED"
    RECORDED = "RECORDED"
    OUTCOME = "OUTCOME"


class Event(Frozen):
    """One thing that happened, by the clock of the process it happened in."""

    event: EventName
    source: str
    """`customer`, `support` or `driver`."""
    at: float
    """Seconds since the epoch, by the source's own clock."""
    fields: dict[str, Any] = Field(default_factory=dict)


Sink = Callable[[Event], None]


class Journal:
    """Where one side of one call writes what happens; bound to room, role, call and job."""

    def __init__(self, source: str, **bound: str) -> None:
        self.source = source
        self._log = structlog.get_logger("duologue").bind(role=source, **bound)
        self._sinks: list[Sink] = []

    def add_sink(self, sink: Sink) -> None:
        """Hand every event from now on to `sink`, which must not block."""
        self._sinks.append(sink)

    def emit(self, name: EventName, /, **fields: Any) -> Event:
        """Log an event and hand it to the sinks."""
        event = Event(event=name, source=self.source, at=time.time(), fields=fields)
        level = self._log.error if name is EventName.ERROR else self._log.info
        if name is EventName.HEARTBEAT:
            level = self._log.debug
        level(name.value, **fields)
        for sink in self._sinks:
            sink(event)
        return event
