"""Whether a recording is what its sides say they said: whole, in time, and on the right channels.

A side's events say when each turn was spoken, and its text how much speech there must be.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from duologue.call.counterpart import counterpart_of
from duologue.folder import event_log
from duologue.labels import placement
from duologue.labels.activity import FRAME_S, Mask, loudness_of, voiced
from duologue.labels.transcript.transcript import Transcript, Turn, TurnFlaw
from shared.customer_sheet import Behaviour
from shared.events import Behaved, DriverAway, Said, Started
from shared.spec import CallSpec, Role

T = TypeVar("T", bound=np.generic)

LATE_S = 0.25
"""How far a channel may be from when its side says it spoke; as recorded, below 0.1 s."""
FARTHEST_S = 2.0
"""How far it is looked for."""
ALIKE = 0.02
"""Share of a channel's speech by which one place must fit better than another."""
HOLE_S = 0.6
"""A silence inside a turn that voices do not make (up to 0.4 s), of a call recorded as it was
played."""
WIRE_HOLE_S = 1.0
"""The same of one over a network, whose workers' clocks are less exact."""
MISSING = 0.4
"""Share of such a silence for which speech must be missing by the text; else it was a pause. By
letters, a voice's turns are alike to a tenth."""
LETTERS = 20
"""From so many letters on, a turn says how fast its speaker is."""


class Broken(NamedTuple):
    """Something that is wrong with a recording."""

    detail: str
    turn: int | None = None
    """The turn in which it shows, by its place in transcript.json."""


class _Claim(NamedTuple):
    """A turn as its side tells of it."""

    place: int
    turn: Turn
    start: float
    """Seconds of the recording."""
    end: float
    pause_s: float = 0.0
    """Seconds for which the caller paused in it on purpose."""

    def within(self, frames: npt.NDArray[T]) -> npt.NDArray[T]:
        """Those frames of a channel in which it was spoken."""
        return frames[max(0, round(self.start / FRAME_S)) : max(0, round(self.end / FRAME_S))]


def broken(folder: Path, spec: CallSpec, call: Transcript) -> Iterator[Broken]:
    """What is wrong with the recording of a call folder."""
    masks = {role: voiced(channel.rms) for role, channel in loudness_of(folder).items()}
    claims = {role: list(_claims(folder, spec, role, call)) for role in Role}
    if _exchanged(claims, masks):
        yield Broken("the channels of the two sides are exchanged")
        return
    yield from _begun_before(folder, spec, call)
    yield from _recorder_away(folder)
    placed = placement.read(folder)
    for role in Role:
        if placed.exact or role in placed.offsets_s:
            late_s = _late_s(claims[role], masks[role])
            if abs(late_s) >= LATE_S:
                when = f"{abs(late_s):.2f} s too {'late' if late_s > 0 else 'early'}"
                yield Broken(f"the channel of the {role} is {when}")
                continue
        yield from _holes(claims[role], masks[role], HOLE_S if placed.exact else WIRE_HOLE_S)
    yield from _flaws(call)


def _claims(folder: Path, spec: CallSpec, role: Role, call: Transcript) -> Iterator[_Claim]:
    """The turns of one side of which it is known when it spoke them.

    What somebody else's agent tells of its times is not exact enough to judge a recording by.
    """
    if role is Role.SUPPORT and not counterpart_of(spec).reports:
        return
    hesitation_s = spec.customer.behaviours.hesitation.pause_s if spec.customer else 0.0
    hesitated = {
        entry.payload.started_at
        for entry in event_log.read(folder, Behaved)
        if entry.role == role and entry.payload.behaviour is Behaviour.HESITATION
    }
    reported = [
        (place, turn)
        for place, turn in enumerate(call.turns)
        if turn.role is role and turn.flaw is not TurnFlaw.NO_EVENT
    ]
    said = [entry for entry in event_log.read(folder, Said) if entry.role == role]
    for entry, (place, turn) in zip(said, reported, strict=False):
        start, end = entry.payload.started_at, entry.payload.stopped_at
        if start is not None and end is not None and turn.said == entry.payload.text:
            pause_s = hesitation_s if start in hesitated else 0.0
            yield _Claim(place, turn, entry.on_recording(start), entry.on_recording(end), pause_s)


def _exchanged(claims: Mapping[Role, Sequence[_Claim]], masks: Mapping[Role, Mask]) -> bool:
    """Whether each side is heard where the other should be."""

    def heard(role: Role, channel: Role) -> int:
        return sum(int(claim.within(masks[channel]).sum()) for claim in claims[role])

    return all(heard(role, role) < heard(role, role.peer) for role in Role)


def _begun_before(folder: Path, spec: CallSpec, call: Transcript) -> Iterator[Broken]:
    """Sides that speak, and whose beginning was not recorded: they were in a call before."""
    reporting = [role for role in Role if role is Role.CUSTOMER or counterpart_of(spec).reports]
    begun = {entry.role for entry in event_log.read(folder, Started)}
    for role in reporting:
        if role not in begun and any(turn.role is role for turn in call.turns):
            yield Broken(f"the recording begins when {role} was speaking already")


def _recorder_away(folder: Path) -> Iterator[Broken]:
    """Seconds in which nobody was there to receive; WebRTC fills them, and counts none as lost."""
    for entry in event_log.read(folder, DriverAway):
        yield Broken(f"the recorder was away for {entry.payload.away_s:.1f} s")


def _late_s(claims: Sequence[_Claim], mask: Mask) -> float:
    """By how much later than its side says a channel has its speech, on the whole."""
    spoken = np.full(len(mask), -1)
    for claim in claims:
        claim.within(spoken)[:] = 1
    farthest = round(FARTHEST_S / FRAME_S)
    padded = np.pad(mask, farthest)
    fits = np.array(
        [int(spoken[padded[lag : lag + len(mask)]].sum()) for lag in range(2 * farthest + 1)]
    )
    # Turns that were cut short fit at many places; without a better one it is where it should be.
    good = np.flatnonzero(fits >= fits.max() - ALIKE * mask.sum()) - farthest
    return float(good[np.argmin(np.abs(good))]) * FRAME_S if claims else 0.0


def _holes(claims: Sequence[_Claim], mask: Mask, hole_s: float) -> Iterator[Broken]:
    """Turns in which the speech of some time is missing."""
    spoken = [(claim, float(claim.within(mask).sum()) * FRAME_S) for claim in claims]
    paces = [there_s / _letters(claim) for claim, there_s in spoken if _letters(claim) >= LETTERS]
    pace = median(paces) if paces else 0.0
    for claim, there_s in spoken:
        silent_s = _longest_silence_s(claim, mask) - claim.pause_s
        missing_s = pace * _letters(claim) - there_s
        whole = claim.turn.flaw is None
        if whole and silent_s >= hole_s and missing_s >= MISSING * silent_s:
            yield Broken(f"{silent_s:.1f} s of what was said are silent", claim.place)


def _letters(claim: _Claim) -> int:
    return sum(char.isalnum() for char in claim.turn.said or "")


def _longest_silence_s(claim: _Claim, mask: Mask) -> float:
    # A turn that was interrupted counts up to its last sound: its side tells of it when the other
    # has finished, which may be seconds later.
    end = [] if claim.turn.interrupted else [True]
    edges = np.flatnonzero(np.concatenate([[True], claim.within(mask), end]))
    return float(np.diff(edges, prepend=-1).max() - 1) * FRAME_S


def _flaws(call: Transcript) -> Iterator[Broken]:
    flawed = [place for place, turn in enumerate(call.turns) if turn.flaw is not None]
    if flawed:
        detail = f"{len(flawed)} turns in which speech or its event is missing"
        yield Broken(detail, flawed[0])
