"""events.jsonl: everything that happened in a call, one line each, in one order, by two clocks.

Every line has what `Envelope` says, its `event`, and that event's own fields (`shared/events/`).
For all lines of one role, `t - clock` is the same, which maps every other time an event carries to
the recording.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from shared.errors import FolderError, wrong_field
from shared.events import PAYLOADS, Payload
from shared.events.journal import Event
from shared.events.payload import DRIVER
from shared.values import Frozen

P = TypeVar("P", bound=Payload)

FILE = "events.jsonl"


class Envelope(Frozen):
    """What a line has whatever happened."""

    role: str
    """Who says so."""
    t: float
    """When, in seconds of the recording."""
    clock: float
    """When, by the clock of the machine it happened on, in seconds since the epoch."""
    received: float | None = None
    """When it came to the recorder, in seconds of the recording."""
    room: str | None = None
    """Absent on the direct transport."""
    call_id: str
    job_id: str | None = None
    """Of the worker's job, where that is known."""


class Entry(Envelope, Generic[P]):
    """One line of events.jsonl."""

    payload: P

    def on_recording(self, epoch_s: float) -> float:
        """A time by the role's own clock, in seconds of the recording."""
        return epoch_s + self.t - self.clock


_OURS = ("event", *Envelope.model_fields)


class EventLog:
    """events.jsonl while the call runs: in order of arrival, each line on disk at once."""

    def __init__(self, folder: Path, *, call_id: str, room: str | None = None) -> None:
        self._bound = {"room": room, "call_id": call_id} if room else {"call_id": call_id}
        self._file = (folder / FILE).open("w", encoding="utf-8", buffering=1)

    def write(self, event: Event, received_s: float) -> None:
        """Add an event that arrived `received_s` seconds into the recording."""
        received = round(received_s, 6)
        line = {
            "event": event.payload.name,
            "role": event.source,
            "t": received,
            "clock": round(event.at, 6),
            "received": received,
            **self._bound,
            **event.payload.fields(),
        }
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def close(self) -> None:
        """No more events."""
        self._file.close()


def order_by_clock(folder: Path, clocks: Mapping[str, float] | None = None) -> None:
    """Put events.jsonl on the recording's clock and in its order.

    `clocks` says of roles what is added to their times besides what is added to the driver's, whose
    events are received as they happen. Of the others it is taken from their quickest event. Done
    again with the same, this changes nothing.
    """
    lines = list(_lines(folder))
    offset = _quickest(lines)
    for role, more_s in (clocks or {}).items():
        offset[role] = offset[DRIVER] + more_s
    job = {line["role"]: line["job_id"] for line in lines if "job_id" in line}
    for line in lines:
        line.setdefault("received", line["t"])
        line["t"] = round(line["clock"] + offset[line["role"]], 6)
        if line["role"] in job:
            line["job_id"] = job[line["role"]]
    lines.sort(key=lambda line: line["t"])
    ordered = folder / f".{FILE}"
    with ordered.open("w", encoding="utf-8") as file:
        for line in lines:
            first = {name: line[name] for name in _OURS if name in line}
            file.write(json.dumps(first | line, ensure_ascii=False) + "\n")
    ordered.replace(folder / FILE)


def quickest(folder: Path) -> dict[str, float]:
    """By role, the offset of its clock: what to add to its times for seconds of the recording.

    A line cannot come before it was sent, so that which came quickest tells by how much a clock is
    off (on loopback, to about 2 ms).
    """
    return _quickest(_lines(folder))


def _quickest(lines: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    offset: dict[str, float] = {}
    for line in lines:
        role, ahead = line["role"], line.get("received", line["t"]) - line["clock"]
        offset[role] = min(ahead, offset.get(role, ahead))
    return offset


def read(folder: Path, *kinds: type[P]) -> list[Entry[P]]:
    """The entries of a call folder that are of one of `kinds`, in order; `Payload` is every kind.

    Fields that such an event does not have, of folders of other versions, are left out.

    Raises:
        FolderError: A line is not what it should be.
    """
    wanted = {name: kind for name, kind in PAYLOADS.items() if issubclass(kind, kinds)}
    named = re.compile(f'"(?:{"|".join(wanted)})"')
    entries: list[Entry[P]] = []
    with (folder / FILE).open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            if not named.search(text):
                continue  # most lines are of other events, and need not be parsed
            line = json.loads(text)
            if kind := wanted.get(line["event"]):
                try:
                    entries.append(_entry(line, kind))
                except ValidationError as error:
                    wrong = wrong_field(error)
                    problem = f"{FILE}, line {number}: {wrong.field}: {wrong.problem}"
                    raise FolderError(folder, f"is damaged: {problem}") from None
    return entries


def _entry(line: Mapping[str, Any], kind: type[P]) -> Entry[P]:
    payload = kind.model_validate({name: line[name] for name in kind.model_fields if name in line})
    envelope = {name: line[name] for name in Envelope.model_fields if name in line}
    return Entry(payload=payload, **envelope)


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / FILE).open(encoding="utf-8") as file:
        for text in file:
            yield json.loads(text)
