"""Pauses, gaps and overlaps, after Heldner & Edlund 2010.

"Pauses, gaps and overlaps in conversations", Journal of Phonetics 38 (4), 555-568. They look at
nothing but who speaks: a silence is a pause if the same speaker speaks alone before and after it,
else a gap; an overlap is within a speaker if the same one speaks alone before and after it, else
between speakers. A floor-transfer offset is the length of a gap, or, negative, that of an overlap
between speakers. Ours differ in this:

* Backchannels are known here, and take no floor: the other's pause in which one lies stays a
  pause, and an overlap with one is always within a speaker.
* Speech is what `duologue.speech` says: a speaker's own silences of less than 0.5 s belong to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from duologue.interaction.timeline import claims
from duologue.interaction.values import Amount, Spread
from duologue.speech import Mask, Run, runs
from duologue.transcript import Transcript
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


class _Stretch(NamedTuple):
    """A time in which the same ones speak."""

    start: float
    end: float
    who: tuple[Role, ...]


def floor(call: Transcript, masks: Mapping[Role, Mask]) -> Floor:
    """The floor of one call."""
    offsets: dict[Role, list[float]] = {role: [] for role in Role}
    pauses: dict[Role, list[_Stretch]] = {role: [] for role in Role}
    gaps: list[_Stretch] = []
    between: list[_Stretch] = []
    for before, after, stretches in _changes(_stretches(claims(call.turns, masks))):
        silent = [stretch for stretch in stretches if not stretch.who]
        both = [stretch for stretch in stretches if stretch.who]
        if before is after:
            pauses[after] += silent
        else:
            gaps += silent
            between += both
            # Taken from 0.0, as no overlap at all is to be 0.0, not -0.0.
            offsets[after].append(_total_s(silent) if silent else 0.0 - _total_s(both))
    within = [
        stretch
        for stretch in _stretches(masks)
        if len(stretch.who) == len(Role)
        and not any(stretch.start < other.end and other.start < stretch.end for other in between)
    ]
    return Floor(
        offset_s={f"{role.peer}_to_{role}": Spread.of(offsets[role]) for role in reversed(Role)},
        pauses={role: _amount(pauses[role]) for role in Role},
        gaps=_amount(gaps),
        overlaps_between=_amount(between),
        overlaps_within=_amount(within),
    )


def _stretches(masks: Mapping[Role, Mask]) -> list[_Stretch]:
    """The call from the first to the last speech."""
    spoken = {role: runs(mask) for role, mask in masks.items()}
    edges = sorted({edge for role_runs in spoken.values() for run in role_runs for edge in run})
    return [
        _Stretch(start, end, tuple(role for role in spoken if _speaks(spoken[role], start)))
        for start, end in pairwise(edges)
    ]


def _speaks(spoken: Sequence[Run], at: float) -> bool:
    return any(run.start <= at < run.end for run in spoken)


def _changes(stretches: Sequence[_Stretch]) -> Iterator[tuple[Role, Role, Sequence[_Stretch]]]:
    """Who spoke alone, who spoke alone next, and what was in between."""
    alone = [index for index, stretch in enumerate(stretches) if len(stretch.who) == 1]
    for before, after in pairwise(alone):
        yield stretches[before].who[0], stretches[after].who[0], stretches[before + 1 : after]


def _total_s(stretches: Sequence[_Stretch]) -> float:
    return round(sum(stretch.end - stretch.start for stretch in stretches), 3)


def _amount(stretches: Sequence[_Stretch]) -> Amount:
    return Amount(count=len(stretches), total_s=_total_s(stretches))
