"""events.jsonl: everything that happened in a call, one line each, in one order, by two clocks.

Every line has `event`, `role` (who says so: `customer`, `support` or `driver`), `t` (seconds of
the recording), `clock` (the same moment by the role's own clock, seconds since the epoch),
`call_id`, `room` and `job_id` where there are such, and the event's own fields. For all lines of
one role, `t - clock` is the same, which maps every other time an event carries to the recording.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from shared.events import Event, EventName

FILE = "events.jsonl"
_OURS = ("event", "role", "t", "clock", "room", "call_id", "job_id")


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
        line |= {"t": round(received_s, 6), "clock": round(event.at, 6), **self._bound}
        for name, value in event.fields.items():
            line[f"its_{name}" if name in line else name] = value
        self._file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")

    def close(self) -> None:
        """No more events."""
        self._file.close()


def settle(folder: Path) -> None:
    """Put events.jsonl on the recording's clock and in its order.

    While a call runs, `t` is when a line arrived. A line cannot arrive before it was sent, so the
    quickest one tells by how much a role's clock is off (on loopback, to about 2 ms). Done again
    on its own result, this changes nothing.
    """
    lines = list(_lines(folder))
    offset: dict[str, float] = {}
    job: dict[str, str] = {}
    for line in lines:
        role, ahead = line["role"], line["t"] - line["clock"]
        offset[role] = min(ahead, offset.get(role, ahead))
        if "job_id" in line:
            job[role] = line["job_id"]
    for line in lines:
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
