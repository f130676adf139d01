"""Where sound stops and begins again between words, to 5 ms.

The aligner's model needs 30 ms of silence to see any, and ends a word before its sound has faded.
Where there is silence between two words, the border is where it is: a word begins with its first
sound and ends with its last.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from duologue.folder.channels import dbfs
from duologue.labels.transcript.words.alignment import Span
from shared.engines.pcm import Samples

FRAME_S = 0.005
MIN_S = 0.015
"""Shorter silences may be within a sound."""
BEFORE_S = 0.03
"""How far before the end that the model gave a silence may begin to count."""
AFTER_S = 0.06
"""How far into the next word that the model gave it may reach."""


class _Silence(NamedTuple):
    start: float
    end: float


def refine(spans: Sequence[Span], samples: Samples, rate_hz: int, threshold: float) -> list[Span]:
    """The spans with their borders moved to the silences around them.

    Args:
        spans: Of words in their order, in seconds of `samples`.
        samples: What was aligned, at any rate.
        rate_hz: That rate.
        threshold: From which level on a frame is speech, in dBFS (`activity.threshold`).
    """
    silences = _silences(samples, rate_hz, threshold)
    length_s = len(samples) / rate_hz
    starts, ends = [span.start for span in spans], [span.end for span in spans]
    for after in range(len(spans) + 1):
        before = after - 1
        # No further than to the middle of the words on both sides.
        low = 0.0 if not after else max(_middle(spans[before]), ends[before] - BEFORE_S)
        last = after == len(spans)
        high = length_s if last else min(_middle(spans[after]), starts[after] + AFTER_S)
        found = _longest(silences, low, high)
        if found:
            if after:
                ends[before] = max(found.start, starts[before] + FRAME_S)
            if not last:
                starts[after] = min(found.end, ends[after] - FRAME_S)
        elif after and not last:
            # Sound goes on: what the model takes for a short silence between is the word's fading.
            ends[before] = starts[after]
    return [Span(*each) for each in zip(starts, ends, strict=True)]


def _middle(span: Span) -> float:
    return (span.start + span.end) / 2


def _silences(samples: Samples, rate_hz: int, threshold: float) -> list[_Silence]:
    frame = round(FRAME_S * rate_hz)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame).astype(np.float64)
    quiet = dbfs(np.sqrt(np.mean(np.square(frames), axis=1))) <= threshold
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    return [
        _Silence(start * FRAME_S, end * FRAME_S)
        for start, end in edges.reshape(-1, 2).tolist()
        if (end - start) * FRAME_S >= MIN_S
    ]


def _longest(silences: Sequence[_Silence], low: float, high: float) -> _Silence | None:
    """The silence of which most is between `low` and `high`, if that is two frames or more."""
    best, shared_s = None, 1.9 * FRAME_S
    for silence in silences:
        within_s = min(silence.end, high) - max(silence.start, low)
        if within_s > shared_s:
            best, shared_s = silence, within_s
    return best
