"""events.jsonl: everything that happened in a call, one line each, in one order, by two clocks.

Every line has `event`, `role` (who says so: `customer`, `support` or `driver`), `t` (seconds of
the recording), `clock` (the same moment by the role's own clock, seconds since the epoch),
`received` (when the line came, seconds of the recording), `call_id`, `room` and `job_id` where
there are such, and the event's own fields. For all lines of one role, `t - clock` is the same,
which maps every other time an event carries to the recording.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from shared.events.journal import Event, EventName

FILE = "events.jsonl"
DRIVER = "driver"
_OURS = ("event", "role", "t", "clock", "received", "room", "call_id", "job_id")


class Entry(NamedTuple):
    """One line of events.jsonl."""

    event: str
    role: str
    t: float
    clock: float
    fields: Mapping[str, Any]

    def on_recording(self, epoch_s: float) -> float:
        """A time by the role's own clock, in seconds of the recording."""
        return epoch_s + self.t - self.clock


class EventLog:
    """events.jsonl while the call runs: in order of arrival, each line on disk at once."""

    def __init__(self, folder: Path, *, call_id: str, room: str | None = None) -> None:
        self._bound = {"room": room, "call_id": call_id} if room else {"call_id": call_id}
        self._file = (folder / FILE).open("w", encoding="utf-8", buffering=1)

    def write(self, event: Event, received_s: float) -> None:
        """Add an event that arrived `received_s` seconds into the recording.

        A field of the event that is named like one of every line's is kept as `its_<name>`.
        """
        line: dict[str, Any] = {"event": event.event.value, "role": event.source}
        received = round(received_s, 6)
        line |= {"t": received, "clock": round(event.at, 6), "received": received, **self._bound}
        for name, value in event.fields.items():
            line[f"its_{name}" if name in line else name] = value
        self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def close(self) -> None:
        """No more events."""
        self._file.close()


def settle(folder: Path, clocks: Mapping[str, float] | None = None) -> None:
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
    """By role, what to add to a time by its clock for seconds of the recording, by its events.

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


def read(folder: Path, *names: EventName) -> list[Entry]:
    """The entries of a call folder, all or those of `names`, in order."""
    return [
        Entry(
            line["event"],
            line["role"],
            line["t"],
            line["clock"],
            {name: value for name, value in line.items() if name not in _OURS},
        )
        for line in _lines(folder)
        if not names or line["event"] in names
    ]


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    with (folder / FILE).open(encoding="utf-8") as file:
        for text in file:
            yield json.loads(text)
