"""timeline.json: all that happened in a call, on one time line."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field

from duologue.folder import event_log
from duologue.folder.event_log import Entry
from duologue.folder.folder import read_json, write_json
from duologue.labels.activity import Mask, loudness_of, voiced
from duologue.labels.interaction.floor import IntervalKind, intervals
from duologue.labels.interaction.timeline import backchannels
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Transcript
from shared.events import Behaved, DeskChanged, KeysPressed, Payload, ToolCalled
from shared.spec import Role
from shared.values import Frozen

FILE = "timeline.json"


class MarkKind(StrEnum):
    """What is marked."""

    TURN = "turn"
    BACKCHANNEL = "backchannel"
    """A turn that only says that its speaker listens."""
    PAUSE = "pause"
    """Silence before and after which the same side speaks."""
    GAP = "gap"
    """Silence after which the other side speaks."""
    OVERLAP = "overlap"
    """Both speak."""
    INTERRUPTION = "interruption"
    """The moment at which a turn was cut short."""
    BEHAVIOUR = "behaviour"
    """What the caller did on purpose."""
    TOOL = "tool"
    """The moment at which a tool was used."""
    KEYS = "keys"
    """The moment at which keys of the telephone were pressed."""
    DESK = "desk"
    """The moment at which the desk's rows changed."""


class Mark(Frozen):
    """Something with a time."""

    kind: MarkKind
    role: Role | None
    """Who speaks or did it; of a gap and a pause, who speaks next; of an overlap, who began to
    speak into the other's speech, None where both began at once."""
    start: float
    """Seconds of the recording."""
    end: float
    """As `start`, for a moment."""
    turn: int | None = None
    """The turn it is about, by its place in transcript.json; of turns, backchannels and
    interruptions."""
    name: str | None = None
    """Which behaviour, tool or keys, or which tables of the desk."""
    detail: dict[str, Any] | None = None
    """Of a tool its `arguments`, `output` and `is_error`; of the desk its `changes`; of a behaviour
    its other fields."""


class Marks(Frozen):
    """All marks, in order of their start."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    marks: tuple[Mark, ...]

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


_PIECES = {
    IntervalKind.PAUSE: MarkKind.PAUSE,
    IntervalKind.GAP: MarkKind.GAP,
    IntervalKind.BETWEEN: MarkKind.OVERLAP,
    IntervalKind.WITHIN: MarkKind.OVERLAP,
}
_TIMES = ("started_at", "stopped_at")


def write(folder: Path) -> None:
    """Make timeline.json of a call folder from its transcript, audio and events.jsonl."""
    call = transcript.read(folder)
    events = event_log.read(folder, Behaved, ToolCalled, DeskChanged, KeysPressed)
    masks = {role: voiced(channel.rms) for role, channel in loudness_of(folder).items()}
    found = [
        *_of_turns(call, masks),
        *_of_speech(call, masks),
        *(mark for entry in events if (mark := _of_event(entry))),
    ]
    order = list(MarkKind)
    found.sort(key=lambda mark: (mark.start, mark.end, order.index(mark.kind)))
    write_json(folder / FILE, Marks(marks=tuple(found)))


def read(folder: Path) -> Marks:
    """The time line of a call folder."""
    return read_json(folder, FILE, Marks)


def _of_turns(call: Transcript, masks: Mapping[Role, Mask]) -> Iterator[Mark]:
    listening = backchannels(call.turns, masks)
    for index, turn in enumerate(call.turns):
        yield Mark(
            kind=MarkKind.BACKCHANNEL if turn in listening else MarkKind.TURN,
            role=turn.role,
            start=turn.start,
            end=turn.end,
            turn=index,
            name=turn.behaviour,
        )
        if turn.interrupted:
            yield Mark(
                kind=MarkKind.INTERRUPTION,
                role=turn.role,
                start=turn.end,
                end=turn.end,
                turn=index,
            )


def _of_speech(call: Transcript, masks: Mapping[Role, Mask]) -> Iterator[Mark]:
    for kind, start, end, role in intervals(call, masks):
        yield Mark(kind=_PIECES[kind], role=role, start=start, end=end)


def _of_event(entry: Entry[Payload]) -> Mark | None:
    detail = entry.payload.fields()
    moment = {"role": Role(entry.role), "start": round(entry.t, 3), "end": round(entry.t, 3)}
    match entry.payload:
        case ToolCalled(tool="press_keys") if entry.role == Role.CUSTOMER:
            return None  # the keys themselves are marked
        case KeysPressed():
            kind, name = MarkKind.KEYS, detail.pop("keys")
        case ToolCalled():
            kind, name = MarkKind.TOOL, detail.pop("tool")
        case DeskChanged(changes=changes):
            kind, name = MarkKind.DESK, ", ".join(changes)
            if not name:
                return None
        case _:
            kind, name = MarkKind.BEHAVIOUR, detail.pop("behaviour")
            times = [entry.on_recording(detail.pop(each)) for each in _TIMES if detail.get(each)]
            if times:
                moment |= {"start": round(times[0], 3), "end": round(times[-1], 3)}
    return Mark.model_validate({"kind": kind, "name": name, "detail": detail, **moment})
