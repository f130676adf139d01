"""transcript.json: every turn of a call, when it is in the recording, what was said and heard.

A worker's SAID event says what was spoken, and roughly when, by its own clock; the audio says
when exactly. Each event gets the speech of its channel around its time. Speech without an event,
and an event without speech, are turns too, and marked: nothing that happened is hidden. A side of
which no worker of ours reports anything, an agent under test, has the words that its session told
the room, and where it told none, those that are recognized in the recording.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import ConfigDict, Field

from duologue.call.counterpart import OVERHEARD_BY, counterpart_of
from duologue.folder import event_log
from duologue.folder.event_log import Entry
from duologue.folder.folder import read_call, read_json
from duologue.labels.activity import FRAME_S, Mask, Talkspurt, loudness_of, talkspurts, voiced
from duologue.labels.transcript.overheard import Overheard, in_turns, overhear
from duologue.labels.transcript.words import synthesis
from duologue.labels.transcript.words.readings import displayed
from shared.customer_sheet import Behaviour
from shared.events import Heard, Said
from shared.spec import Role
from shared.values import Frozen

FILE = "transcript.json"

EARLY_S = 0.3
"""How much earlier than its worker says a turn may be in the recording: its clock's error."""
LATE_S = 0.8
"""How much later: the same, and the way through the room."""


class TurnFlaw(StrEnum):
    """What a turn lacks."""

    NO_EVENT = "no_event"
    """Speech that its worker never reported; what was said is not known."""
    NO_AUDIO = "no_audio"
    """Reported as said, but not in the recording; the times are the worker's."""


class Word(Frozen):
    """One word of `Turn.said` as it is displayed, and when it was spoken.

    A sign that is not spoken ("-") belongs to the word before it.
    """

    text: str
    start: float | None
    """Seconds of the recording; None, as `end`, for a word whose sound is not known."""
    end: float | None


class WordSource(StrEnum):
    """Who says when the words of a turn were spoken."""

    ALIGNMENT = "alignment"
    """Its audio, to which the words were aligned."""
    SYNTHESIZER = "synthesizer"
    """The engine that spoke them."""


class NoWords(StrEnum):
    """Why a turn has no words with times."""

    NOT_SAID = "not_said"
    """It is not known what was said, or nothing was."""
    NO_AUDIO = "no_audio"
    NOT_MATCHED = "not_matched"
    """What was said does not fit the audio."""
    NO_ALIGNER = "no_aligner"
    """What aligns words is not installed (the extra `offline`)."""


class SaidFrom(StrEnum):
    """How it is known what was said."""

    EVENT = "event"
    """Its worker reported it."""
    AGENT = "agent"
    """Somebody else's agent told the room."""
    RECOGNITION = "recognition"
    """It was recognized in the recording, for nobody reported it."""


class Turn(Frozen):
    """What one side said in one go."""

    role: Role
    start: float
    """Seconds of the recording, from the audio."""
    end: float
    intended: str | None
    """What was to be said; None where that is not known."""
    said: str | None
    """What was really spoken, which is less if it was interrupted."""
    said_from: SaidFrom = SaidFrom.EVENT
    recognized: str | None = None
    """What is recognized in the recording where somebody else's agent told what it said."""
    heard: str | None
    """What the other side's recognizer made of it; None if nothing."""
    interrupted: bool
    behaviour: Behaviour | None = None
    """What the caller did on purpose, by its own event; None in a usual turn."""
    flaw: TurnFlaw | None = None
    words: tuple[Word, ...] = ()
    """The words of `said` in their order; joined with spaces they are `said`, whose own white
    space may be longer."""
    words_from: WordSource | None = None
    no_words: NoWords | None = None
    """Why `words` is empty."""
    words_apart_s: float | None = None
    """Where both are known, how far the starts of the synthesizer's words are from those of the
    alignment: the median."""


class Stray(Frozen):
    """Something heard that nobody can have said."""

    role: Role
    """Who heard it."""
    at: float
    """When it was reported, in seconds of the recording."""
    heard: str


class Transcript(Frozen):
    """All turns in order of their start."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    turns: tuple[Turn, ...]
    stray: tuple[Stray, ...] = ()
    recognizer: str | None = None
    """The engine that recognized what was said on a side that told nothing at all; what that side
    heard is not known either."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class _Span(NamedTuple):
    start: float
    end: float


def make(folder: Path) -> Transcript:
    """The transcript of a call folder, without alignment, from audio, events.jsonl and call.json.

    Blocks: what an agent under test said is recognized.
    """
    masks = {role: voiced(channel.rms) for role, channel in loudness_of(folder).items()}
    said, heard = event_log.read(folder, Said), event_log.read(folder, Heard)
    if counterpart_of(read_call(folder).spec).reports:
        return transcribe(masks, said, heard)
    told = _turns(
        Role.SUPPORT, masks[Role.SUPPORT], [each for each in said if each.role == Role.SUPPORT]
    )
    spoken = {role: talkspurts(mask) for role, mask in masks.items()}
    theirs = [*_told(folder, told, spoken[Role.SUPPORT])]
    untold = [Talkspurt(turn.start, turn.end) for turn in told if turn.flaw is TurnFlaw.NO_EVENT]
    turns = in_turns(untold, spoken[Role.CUSTOMER])
    theirs += [_overheard(Role.SUPPORT, each) for each in overhear(folder, Role.SUPPORT, turns)]
    call = transcribe(masks, said, heard, theirs={Role.SUPPORT: theirs})
    return call if len(told) > len(untold) else call.model_copy(update={"recognizer": OVERHEARD_BY})


def _told(folder: Path, turns: Sequence[Turn], spoken: Sequence[Talkspurt]) -> Iterator[Turn]:
    """What somebody else's agent told that it said, and what is recognized where it did.

    What it told and did not say is no more than intended.
    """
    for turn in turns:
        if turn.flaw is TurnFlaw.NO_EVENT:
            continue
        within = [run for run in spoken if turn.start <= run.start and run.end <= turn.end]
        heard = " ".join(each.text for each in overhear(folder, turn.role, [within] * bool(within)))
        there = turn.flaw is not TurnFlaw.NO_AUDIO
        yield turn.model_copy(
            update={
                "said": turn.said if there else None,
                "said_from": SaidFrom.AGENT,
                "recognized": heard or None,
            }
        )


def read(folder: Path) -> Transcript:
    """The transcript of a call folder."""
    return read_json(folder, FILE, Transcript)


def transcribe(
    masks: Mapping[Role, Mask],
    said: Sequence[Entry[Said]],
    heard: Sequence[Entry[Heard]],
    *,
    theirs: Mapping[Role, Sequence[Turn]] = MappingProxyType({}),
) -> Transcript:
    """The turns of a call: `masks` says per role which frames are speech (`activity.voiced`).

    Of a role in `theirs`, these are the turns.
    """
    turns: list[Turn] = []
    for role, mask in masks.items():
        if role in theirs:
            turns += theirs[role]
            continue
        turns += _turns(role, mask, [entry for entry in said if entry.role == role])
    turns.sort(key=lambda turn: (turn.start, turn.end))
    return _with_heard(turns, heard)


def _turns(role: Role, mask: Mask, said: Sequence[Entry[Said]]) -> list[Turn]:
    """The turns of one role: one per SAID entry, and one per stretch of speech that is left."""
    spans = _spans(said)
    left = mask.copy()
    turns: list[Turn] = []
    for entry, span, (first, last) in zip(said, spans, _territories(spans, mask), strict=True):
        frames = first + np.flatnonzero(left[first:last])
        left[first:last] = False
        payload = entry.payload
        turns.append(
            Turn(
                role=role,
                start=_seconds(frames[0]) if len(frames) else round(span.start, 3),
                end=_seconds(frames[-1] + 1) if len(frames) else round(span.end, 3),
                intended=payload.intended or payload.text,
                said=payload.text,
                heard=None,
                interrupted=payload.interrupted,
                behaviour=payload.behaviour,
                flaw=None if len(frames) else TurnFlaw.NO_AUDIO,
                **_synthesized(payload, _seconds(frames[0]) if len(frames) else None),
            )
        )
    unreported = [
        Turn(
            role=role,
            start=run.start,
            end=run.end,
            intended=None,
            said=None,
            heard=None,
            interrupted=False,
            flaw=TurnFlaw.NO_EVENT,
        )
        for run in talkspurts(left)
    ]
    return turns + unreported


def _synthesized(spoken: Said, start: float | None) -> dict[str, Any]:
    """The words of a turn whose sound begins at `start`, where its synthesizer has timed them."""
    words = displayed(spoken.text)
    times = synthesis.times(words, spoken.words)
    if start is None or not times or not times[0]:
        return {}
    later = start - times[0][0]
    placed = tuple(
        Word(
            text=word,
            start=round(span[0] + later, 3) if span else None,
            end=round(span[1] + later, 3) if span else None,
        )
        for word, span in zip(words, times, strict=True)
    )
    return {"words": placed, "words_from": WordSource.SYNTHESIZER}


def _overheard(role: Role, each: Overheard) -> Turn:
    return Turn(
        role=role,
        start=each.start,
        end=each.end,
        intended=None,
        said=each.text,
        said_from=SaidFrom.RECOGNITION,
        heard=None,
        interrupted=False,
    )


def _spans(said: Sequence[Entry[Said]]) -> list[_Span]:
    """When each entry's speech was, by its worker, on the recording's clock and in order.

    An entry without times comes right after its speech, which began after the one before.
    """
    spans: list[_Span] = []
    for entry in said:
        before = spans[-1].end if spans else 0.0
        started, stopped = entry.payload.started_at, entry.payload.stopped_at
        end = entry.t if stopped is None else entry.on_recording(stopped)
        start = min(before, end) if started is None else entry.on_recording(started)
        spans.append(_Span(start, end))
    return spans


def _territories(spans: Sequence[_Span], mask: Mask) -> list[tuple[int, int]]:
    """The frames in which the speech of each span is looked for; they do not overlap."""
    bounds = [[span.start - EARLY_S, span.end + LATE_S] for span in spans]
    for index in range(len(spans) - 1):
        if bounds[index][1] > bounds[index + 1][0]:
            border = _border(spans[index].end, spans[index + 1].start, mask)
            bounds[index][1] = min(bounds[index][1], border)
            bounds[index + 1][0] = max(bounds[index + 1][0], border)
    return [(_frame(start, mask), _frame(max(start, end), mask)) for start, end in bounds]


def _border(end: float, start: float, mask: Mask) -> float:
    """Where one turn gives way to the next of the same role: in the longest silence around."""
    first = _frame(min(end, start) - 0.1, mask)
    last = _frame(max(end, start) + EARLY_S, mask)
    edges = np.flatnonzero(np.concatenate([[True], mask[first:last], [True]]))
    widest = int(np.argmax(np.diff(edges)))
    return _seconds(first + (int(edges[widest]) + int(edges[widest + 1]) - 1) / 2)


def _with_heard(turns: Sequence[Turn], entries: Sequence[Entry[Heard]]) -> Transcript:
    """The turns with what the other side heard of each, and what belongs to none."""
    heard: dict[int, list[str]] = {}
    stray: list[Stray] = []
    for entry in entries:
        listener = Role(entry.role)
        index = _turn_heard(turns, entry, listener.peer)
        if index is None:
            stray.append(Stray(role=listener, at=round(entry.t, 3), heard=entry.payload.text))
        else:
            heard.setdefault(index, []).append(entry.payload.text)
    complete = [
        turn.model_copy(update={"heard": " ".join(heard[index]) if index in heard else None})
        for index, turn in enumerate(turns)
    ]
    return Transcript(turns=tuple(complete), stray=tuple(stray))


def _turn_heard(turns: Sequence[Turn], entry: Entry[Heard], speaker: Role) -> int | None:
    """Which of the speaker's turns an entry is about: that which overlaps it most in time.

    Where none does, or no times came, it is the last that had begun when it was heard.
    """
    begun = [i for i, turn in enumerate(turns) if turn.role is speaker and turn.start < entry.t]
    started, stopped = entry.payload.started_at, entry.payload.stopped_at
    if started is not None and stopped is not None:
        span = _Span(entry.on_recording(started), entry.on_recording(stopped))
        shared = {i: min(turns[i].end, span.end) - max(turns[i].start, span.start) for i in begun}
        best = max(shared, key=lambda i: shared[i], default=None)
        if best is not None and shared[best] > 0:
            return best
    return begun[-1] if begun else None


def _frame(seconds: float, mask: Mask) -> int:
    return min(len(mask), max(0, round(seconds / FRAME_S)))


def _seconds(frame: float) -> float:
    return round(float(frame) * FRAME_S, 3)
