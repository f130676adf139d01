"""Pauses, gaps and overlaps, after Heldner & Edlund 2010.

"Pauses, gaps and overlaps in conversations", Journal of Phonetics 38 (4), 555-568. They look at
nothing but who speaks: a silence is a pause if the same speaker speaks alone before and after it,
else a gap; an overlap is within a speaker if the same one speaks alone before and after it, else
between speakers. A floor-transfer offset is the length of a gap, or, negative, that of an overlap
between speakers. Ours differ in this:

* Backchannels are known here, and take no floor: the other's pause in which one lies stays a
  pause, and an overlap with one is always within a speaker.
* Speech is what `duologue.labels.activity` says: a speaker's own silences of less than 0.5 s belong
  to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from duologue.labels.activity import Mask, Talkspurt, talkspurts
from duologue.labels.interaction.timeline import claims
from duologue.labels.interaction.values import Amount, Spread
from duologue.labels.transcript.transcript import Transcript
from shared.spec import Role
from shared.values import Frozen


class Floor(Frozen):
    """How the floor goes from one side to the other, and back."""

    offset_s: dict[str, Spread]
    """By direction: `customer_to_support` is when the support agent takes the floor."""
    pauses: dict[Role, Amount]
    """By who goes on to speak."""
    gaps: Amount
    overlaps_between: Amount
    """The floor goes over while both speak."""
    overlaps_within: Amount
    """Both speak, and who had the floor keeps it."""


class IntervalKind(StrEnum):
    """What lies between, or over, one speaker and the next."""

    PAUSE = "pause"
    GAP = "gap"
    BETWEEN = "between"
    """An overlap in which the floor goes over."""
    WITHIN = "within"
    """An overlap in which it does not."""


class Interval(NamedTuple):
    """A pause, gap or overlap."""

    kind: IntervalKind
    start: float
    end: float
    role: Role | None
    """Who speaks after a silence; who began into the other's speech, None if both began at once."""


class _Segment(NamedTuple):
    """A time in which the same ones speak."""

    start: float
    end: float
    who: tuple[Role, ...]
    began: Role | None
    """The only one who began with it."""


def floor(call: Transcript, masks: Mapping[Role, Mask]) -> Floor:
    """The floor of one call."""
    offsets: dict[Role, list[float]] = {role: [] for role in Role}
    for before, after, stretches in _changes(_stretches(claims(call.turns, masks))):
        if before is not after:
            silent = [stretch for stretch in stretches if not stretch.who]
            both = [stretch for stretch in stretches if stretch.who]
            # Taken from 0.0, as no overlap at all is to be 0.0, not -0.0.
            offsets[after].append(_total_s(silent) if silent else 0.0 - _total_s(both))
    found = intervals(call, masks)
    of = {kind: [each for each in found if each.kind is kind] for kind in IntervalKind}
    return Floor(
        offset_s={f"{role.peer}_to_{role}": Spread.of(offsets[role]) for role in reversed(Role)},
        pauses={
            role: _amount([each for each in of[IntervalKind.PAUSE] if each.role is role])
            for role in Role
        },
        gaps=_amount(of[IntervalKind.GAP]),
        overlaps_between=_amount(of[IntervalKind.BETWEEN]),
        overlaps_within=_amount(of[IntervalKind.WITHIN]),
    )


def intervals(call: Transcript, masks: Mapping[Role, Mask]) -> list[Interval]:
    """All pauses, gaps and overlaps of a call, in order of their start."""
    found: list[Interval] = []
    for before, after, stretches in _changes(_stretches(claims(call.turns, masks))):
        silence = IntervalKind.PAUSE if before is after else IntervalKind.GAP
        for start, end, who, began in stretches:
            if not who:
                found.append(Interval(silence, start, end, after))
            elif before is not after:
                found.append(Interval(IntervalKind.BETWEEN, start, end, began))
    between = [each for each in found if each.kind is IntervalKind.BETWEEN]
    found += [
        Interval(IntervalKind.WITHIN, start, end, began)
        for start, end, who, began in _stretches(masks)
        if len(who) == len(Role) and not any(start < o.end and o.start < end for o in between)
    ]
    return sorted(found, key=lambda each: (each.start, each.end))


def _stretches(masks: Mapping[Role, Mask]) -> list[_Segment]:
    """The call from the first to the last speech."""
    spoken = {role: talkspurts(mask) for role, mask in masks.items()}
    edges = sorted({edge for role_runs in spoken.values() for run in role_runs for edge in run})
    stretches: list[_Segment] = []
    for start, end in pairwise(edges):
        who = tuple(role for role in spoken if _speaks(spoken[role], start))
        began = [role for role in who if any(run.start == start for run in spoken[role])]
        stretches.append(_Segment(start, end, who, began[0] if len(began) == 1 else None))
    return stretches


def _speaks(spoken: Sequence[Talkspurt], at: float) -> bool:
    return any(run.start <= at < run.end for run in spoken)


def _changes(stretches: Sequence[_Segment]) -> Iterator[tuple[Role, Role, Sequence[_Segment]]]:
    """Who spoke alone, who spoke alone next, and what was in between."""
    alone = [index for index, stretch in enumerate(stretches) if len(stretch.who) == 1]
    for before, after in pairwise(alone):
        yield stretches[before].who[0], stretches[after].who[0], stretches[before + 1 : after]


def _total_s(stretches: Sequence[_Segment]) -> float:
    return round(sum(stretch.end - stretch.start for stretch in stretches), 3)


def _amount(found: Sequence[Interval]) -> Amount:
    total_s = round(sum(each.end - each.start for each in found), 3)
    return Amount(count=len(found), total_s=total_s)
