"""Where known speech lies in a recording of it, to the sample, by cross-correlation.

The whole of it is looked for first. Then it is cut into pieces of 0.2 s, each of which is compared
with the recording around that place; the way through all pieces that correlates best, where every
step from one place to another costs as much as half a piece's whole correlation, says where each
of them lies (Viterbi). So a jitter buffer that drops or stretches sound is seen as a step, and the
pitch of a voice, which makes a shifted piece look alike, is not.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from duologue.folder.channels import RATE_HZ, Pcm
from duologue.labels.placement.correlation import Float, cross_correlation, normalized

PIECE = RATE_HZ // 5
REACH = round(0.3 * RATE_HZ)
"""How far a piece may lie from where the whole was found."""
STEP_COST = 0.5
"""Of a step from one place to another, in correlations of a piece."""
FINE = round(0.0015 * RATE_HZ)
"""What is less than this is drift, not a step."""
QUIET = 0.05
"""Pieces with less than this part of the mean power say nothing, and are left out."""
MUCH_QUIETER = 0.01
"""Of a piece's energy; what is 20 dB quieter is not it, however alike."""
ENDS = 3
"""How many pieces are the head, and the tail."""

Places: TypeAlias = npt.NDArray[np.int64]


class Jump(NamedTuple):
    """A step inside the speech, such as a jitter buffer makes."""

    at: int
    """Which sample of the speech is the first after it."""
    size: int
    """By how many samples what follows is later in the recording; negative if earlier."""


class Alignment(NamedTuple):
    """How speech lies in a recording; everything in samples."""

    start: int
    """Where its first sample lies, by the place at which most of it lies."""
    correlation: float
    """Mean over its pieces of the normalized cross-correlation, each at its place; at most 1."""
    drift: int
    """By how much its tail is later than its head, jumps left out."""
    jumps: tuple[Jump, ...]

    @property
    def length(self) -> int:
        """By how much the recording of it is longer than itself."""
        return sum(jump.size for jump in self.jumps)


NOWHERE = Alignment(0, 0.0, 0, ())


def align(speech: Pcm, recording: Pcm) -> Alignment:
    """Find `speech` in `recording`, both at 24 kHz; silence is found nowhere."""
    sent, heard = _scaled(speech), _scaled(recording)
    if not sent.any() or len(sent) > len(heard):
        return NOWHERE
    whole = _place(sent, heard)
    pieces, around = _pieces(sent, heard, whole)
    power = np.mean(np.square(pieces), axis=1)
    loud = np.flatnonzero(power > QUIET * power.mean())
    correlation = normalized(pieces[loud], around[loud], around.shape[1], MUCH_QUIETER)
    path = _path(correlation)
    lags = _refined(correlation, path) - REACH
    leaps = 1 + np.flatnonzero(np.abs(np.diff(path)) > FINE)
    jumps = tuple(
        _jump(sent, heard, (int(loud[i - 1]), int(loud[i])), whole + path[i - 1 : i + 1] - REACH)
        for i in leaps
    )
    most = max(np.split(lags, leaps), key=len)
    steady = lags.copy()
    for leap, jump in zip(leaps, jumps, strict=True):
        steady[leap:] -= jump.size
    ends = min(ENDS, (len(lags) + 1) // 2)
    later = np.median(steady[-ends:]) - np.median(steady[:ends])
    return Alignment(
        start=whole + round(float(np.median(most))),
        correlation=float(np.mean(correlation[np.arange(len(path)), path])),
        drift=round(float(later)),
        jumps=jumps,
    )


def _scaled(pcm: Pcm) -> Float:
    return pcm.astype(np.float32) / np.float32(32768)


def _place(sent: Float, heard: Float) -> int:
    """Where the whole correlates best."""
    return int(np.argmax(cross_correlation(sent, heard, _fast(len(heard) + len(sent)))))


def _fast(size: int) -> int:
    """The next length, at least `size`, of which a Fourier transform is quick."""
    step = 1 << max(0, size.bit_length() - 4)
    return -(-size // step) * step


def _pieces(sent: Float, heard: Float, whole: int) -> tuple[Float, Float]:
    """The pieces of the speech, and what is recorded around each of them."""
    count = -(-len(sent) // PIECE)
    pieces = np.pad(sent, (0, count * PIECE - len(sent))).reshape(count, PIECE)
    padded = np.pad(heard, (REACH, REACH + PIECE))
    around = np.lib.stride_tricks.sliding_window_view(padded, PIECE + 2 * REACH)
    return pieces, around[whole : whole + count * PIECE : PIECE]


def _path(correlation: Float) -> Places:
    """The place of each piece on the best way through all of them."""
    score = correlation[0].astype(np.float64)
    stepped: list[npt.NDArray[np.bool_]] = []
    best: list[int] = []
    for row in correlation[1:]:
        best.append(int(np.argmax(score)))
        after_step = score[best[-1]] - STEP_COST
        stepped.append(score < after_step)
        score = np.maximum(score, after_step) + row
    places = [int(np.argmax(score))]
    for steps, place in zip(reversed(stepped), reversed(best), strict=True):
        places.append(place if steps[places[-1]] else places[-1])
    return np.array(places[::-1], dtype=np.int64)


def _refined(correlation: Float, path: Places) -> Places:
    """Where each piece correlates best, no farther than `FINE` from its place on the path."""
    first = np.maximum(0, path - FINE)
    near = zip(correlation, first, path, strict=True)
    best = [int(np.argmax(row[start : at + FINE + 1])) for row, start, at in near]
    return first + np.array(best, dtype=np.int64)


def _jump(sent: Float, heard: Float, pieces: tuple[int, int], places: Places) -> Jump:
    """The step between two pieces that lie by `places` in the recording, where it parts them best.

    `places` says where the first sample of all would lie by the one, and by the other.
    """
    first, last = pieces[0] * PIECE, min((pieces[1] + 1) * PIECE, len(sent))
    speech = sent[first:last]
    before, after = (
        speech * np.take(heard, np.arange(first, last) + place, mode="clip") for place in places
    )
    at = int(np.argmax(np.cumsum(before - after))) + 1
    return Jump(at=first + at, size=int(places[1] - places[0]))
