"""Where each side of a call, and its driver, write what happens.

Every event is logged, and handed to the journal's sinks (on LiveKit the room, towards the
recorder). `grep HEARD` works on any log.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple, Self

from pydantic import Field, field_validator

from shared.events import Failed, Heartbeat
from shared.events.payload import PAYLOADS, Payload
from shared.logs import get_logger
from shared.masking import masked
from shared.values import Frozen


class Event(NamedTuple):
    """One thing that happened, by the clock of the process it happened in."""

    source: str
    """`customer`, `support` or `driver`."""
    at: float
    """Seconds since the epoch, by the source's own clock."""
    payload: Payload
    """What happened."""

    def to_json(self) -> str:
        """The event as it travels over a room: one line."""
        return _Travelling(
            event=self.payload.name,
            source=self.source,
            at=self.at,
            fields=self.payload.fields(),
        ).model_dump_json()

    @classmethod
    def from_json(cls, line: str) -> Self:
        """The event that travelled as `line`.

        Raises:
            ValidationError: It is none, or its fields are not those of such an event.
        """
        came = _Travelling.model_validate_json(line)
        return cls(came.source, came.at, PAYLOADS[came.event].model_validate(came.fields))


class _Travelling(Frozen):
    event: str
    source: str
    at: float
    fields: dict[str, Any] = Field(default_factory=dict)

    @field_validator("event")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in PAYLOADS:
            raise ValueError(f"no event is called {name!r}")
        return name


Sink = Callable[[Event], None]


class Journal:
    """Where one side of one call writes what happens; bound to room, role, call and job."""

    def __init__(self, source: str, **bound: str) -> None:
        self.source = source
        self._log = get_logger("duologue").bind(role=source, **bound)
        self._sinks: list[Sink] = []

    def add_sink(self, sink: Sink) -> None:
        """Hand every event from now on to `sink`, which must not block."""
        self._sinks.append(sink)

    def emit(self, payload: Payload) -> Event:
        """Log what has just happened and hand it to the sinks, without secrets."""
        payload = masked(payload)
        event = Event(self.source, time.time(), payload)
        level = self._log.error if isinstance(payload, Failed) else self._log.info
        if isinstance(payload, Heartbeat):
            level = self._log.debug
        level(payload.name, **payload.fields())
        for sink in self._sinks:
            sink(event)
        return event
