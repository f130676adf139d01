"""The transcript of a report: who said what, how it was heard, and what was done in between."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from duologue.labels.recognition import Pair, Recognition
from duologue.labels.timeline import Mark, MarkKind
from duologue.labels.transcript.transcript import Transcript, Turn
from duologue.report.wording import plain
from shared.language.edits import Op

SAME_MOMENT_S = 0.05
"""How far a turn may start from where the speech that it begins is marked, which has no clicks."""
_SHOWN_APART = (MarkKind.KEYS, MarkKind.TOOL, MarkKind.DESK, MarkKind.BEHAVIOUR)


class ShownWord(NamedTuple):
    """A displayed word."""

    text: str
    wrong: bool = False
    """Whether it was heard as something else, or not at all."""
    instead: str | None = None
    """At the end of a stretch of wrong words, what was heard in its place; may be empty."""
    vital: bool = False
    """Whether it belongs to a name, number, code, date or amount that was misheard."""


class ShownTurn(NamedTuple):
    """A turn, as it is shown."""

    number: int
    """Its place in transcript.json."""
    turn: Turn
    pieces: tuple[ShownWord, ...]
    unheard: bool
    """Whether the other side listened, and heard nothing of it."""
    gap_s: float | None
    """Silence before it, after the other side's speech."""
    overlap_s: float | None
    """How long it overlaps with the speech into which it was begun."""

    @property
    def misheard(self) -> bool:
        """Whether anything of it was heard wrongly."""
        return any(piece.wrong for piece in self.pieces)


class Moment(NamedTuple):
    """What was done at some time, by other means than speech."""

    mark: Mark
    what: str
    facts: str
    """In short."""
    content: str
    """All of it; may be empty."""
    failed: bool


def script(
    call: Transcript, marks: Sequence[Mark], recognition: Recognition
) -> Iterator[ShownTurn | Moment]:
    """Turns and what was done, in order of their start."""
    before = _before(call.turns, marks)
    heard = _Hearing(recognition)
    rows: list[tuple[float, ShownTurn | Moment]] = [
        (
            turn.start,
            ShownTurn(index, turn, heard.pieces(index, turn), heard.nothing_of(index), *gap),
        )
        for index, (turn, gap) in enumerate(zip(call.turns, before, strict=True))
    ]
    rows += [
        (moment.mark.start, moment)
        for moment in moments(marks)
        if not any(_told_by(turn, moment.mark) for turn in call.turns)
    ]
    return (row for _, row in sorted(rows, key=lambda row: row[0]))


def moments(marks: Sequence[Mark]) -> Iterator[Moment]:
    """What was done; at the same moment, a tool before the change it made."""
    shown = [mark for mark in marks if mark.kind in _SHOWN_APART]
    shown.sort(key=lambda mark: (mark.start, _SHOWN_APART.index(mark.kind)))
    return map(_moment, shown)


def _told_by(turn: Turn, mark: Mark) -> bool:
    """Whether a turn's own label says it."""
    if mark.kind is not MarkKind.BEHAVIOUR or mark.name != turn.behaviour:
        return False
    return mark.start < turn.end and turn.start < mark.end


def _before(
    turns: Sequence[Turn], marks: Sequence[Mark]
) -> Iterator[tuple[float | None, float | None]]:
    """Per turn, the gap that it ends and the overlap that it begins, in seconds."""
    gaps = [(mark.end, mark) for mark in marks if mark.kind is MarkKind.GAP]
    overlaps = [(mark.start, mark) for mark in marks if mark.kind is MarkKind.OVERLAP]
    for turn in turns:
        yield _length_s(gaps, turn), _length_s(overlaps, turn)


def _length_s(marks: Sequence[tuple[float, Mark]], turn: Turn) -> float | None:
    """How long the mark is, of its speaker, that is where a turn starts."""
    return next(
        (
            mark.end - mark.start
            for at, mark in marks
            if mark.role is turn.role and abs(at - turn.start) <= SAME_MOMENT_S
        ),
        None,
    )


class _Hearing:
    """What became of each word of each turn."""

    def __init__(self, recognition: Recognition) -> None:
        pairs = [pair for stretch in recognition.stretches for pair in stretch.pairs]
        self._pairs: dict[int | None, list[Pair]] = {}
        for pair in pairs:
            self._pairs.setdefault(pair.turn, []).append(pair)
        self._vital = {
            (entity.turn, word)
            for entity in recognition.entities
            if not entity.correct
            for word in entity.words
        }

    def nothing_of(self, turn: int) -> bool:
        pairs = self._pairs.get(turn, [])
        return bool(pairs) and all(pair.op is Op.DELETE for pair in pairs)

    def pieces(self, index: int, turn: Turn) -> tuple[ShownWord, ...]:
        texts = [word.text for word in turn.words] or (turn.said or "").split()
        if self.nothing_of(index):
            return tuple(map(ShownWord, texts))
        of_word = self._by_word(index)
        pieces: list[ShownWord] = []
        for wrong, group in groupby(
            range(len(texts)), key=lambda word: _is_wrong(of_word.get(word, ()))
        ):
            words = list(group)
            vital = any((index, word) in self._vital for word in words)
            pieces += [ShownWord(texts[word], wrong, vital=wrong and vital) for word in words]
            if wrong:
                heard = [pair.heard for word in words for pair in of_word[word] if pair.heard]
                pieces[-1] = pieces[-1]._replace(instead=" ".join(heard))
        return tuple(pieces)

    def _by_word(self, turn: int) -> dict[int, list[Pair]]:
        """Its pairs by displayed word; what was inserted goes with the word before it."""
        of_word: dict[int, list[Pair]] = {}
        last = 0
        for pair in self._pairs.get(turn, []):
            last = last if pair.word is None else pair.word
            of_word.setdefault(last, []).append(pair)
        return of_word


def _is_wrong(pairs: Sequence[Pair]) -> bool:
    return any(pair.op is not Op.EQUAL for pair in pairs)


def _moment(mark: Mark) -> Moment:
    detail = dict(mark.detail or {})
    if mark.kind is MarkKind.TOOL:
        arguments = detail.get("arguments") or {}
        return Moment(
            mark,
            mark.name or "",
            _in_short(arguments),
            _whole(_read(detail.get("output"))),
            bool(detail.get("is_error")),
        )
    if mark.kind is MarkKind.DESK:
        return Moment(
            mark, f"Desk: {mark.name}", "changed", _whole(detail.get("changes")), failed=False
        )
    if mark.kind is MarkKind.KEYS:
        return Moment(mark, f"Keys: {mark.name}", "pressed", "", failed=False)
    took_s = mark.end - mark.start
    facts = "on purpose" + (f", {took_s:.1f} s" if took_s >= 0.1 else "")
    return Moment(mark, plain(mark.name or ""), facts, "", failed=False)


def _in_short(arguments: Mapping[str, Any]) -> str:
    told = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in arguments.items()
    }
    return ", ".join(f"{name} {value}" for name, value in told.items())


def _read(output: object) -> object:
    """A tool's output, which usually is JSON."""
    try:
        return json.loads(str(output or "null"))
    except ValueError:
        return output


def _whole(value: object) -> str:
    return "" if value in (None, "", {}) else json.dumps(value, indent=2, ensure_ascii=False)
