"""What the doctor measures in sound: how loud it is, and whether one sound is another's echo."""

from typing import NamedTuple

import numpy as np

from duologue.labels.placement.correlation import normalized
from shared.engines.pcm import Samples

SILENT_DBFS = -100.0
SOUND_DBFS = -50.0
"""A frame as loud as this is sound. Speech is near -20, comfort noise below -70."""
FRAME_S = 0.01
MARGIN_S = 0.2
PIECE_S = 0.4
"""An echo is looked for in pieces of this length: a jitter buffer may drop or stretch a few
milliseconds between two pieces, which would spoil the correlation of the whole."""
ROUNDING = 1e-4
"""Of a piece's energy; an echo may be 40 dB quieter."""
LOUD_PIECE = 0.25
"""Pieces with less than this part of the loudest one's energy say nothing, and are left out."""


def level_dbfs(samples: Samples) -> float:
    """RMS in dBFS, `SILENT_DBFS` for digital silence."""
    rms = float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    return max(SILENT_DBFS, 20 * float(np.log10(rms))) if rms else SILENT_DBFS


def sounding(samples: Samples, rate_hz: int) -> Samples:
    """The part from the first to the last frame of sound, with a margin; maybe none.

    A recognizer that gets a long silence first repeats what it hears after it.
    """
    frame = round(FRAME_S * rate_hz)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    loud = np.flatnonzero([level_dbfs(each) >= SOUND_DBFS for each in frames])
    if not len(loud):
        return samples[:0]
    margin = round(MARGIN_S * rate_hz)
    return samples[max(0, loud[0] * frame - margin) : (loud[-1] + 1) * frame + margin]


class Echo(NamedTuple):
    """How one sound is found in another."""

    correlation: float
    """Median over the pieces of the normalized cross-correlation, 0 to 1."""
    delay_s: float
    """How much later it is in the other, median over the pieces; may be negative."""


def find_echo(sent: Samples, heard: Samples, rate_hz: int) -> Echo:
    """Find `sent` in `heard`, both mono at `rate_hz`, wherever it is in it."""
    length = round(PIECE_S * rate_hz)
    pieces = [(start, sent[start : start + length]) for start in range(0, len(sent), length)]
    energy = [float(np.sum(np.square(piece))) for _, piece in pieces]
    found = [
        _find(piece, start, heard, rate_hz)
        for (start, piece), loud in zip(pieces, energy, strict=True)
        if loud > LOUD_PIECE * max(energy) and len(piece) <= len(heard)
    ]
    if not found:
        return Echo(0.0, 0.0)
    return Echo(
        correlation=float(np.median([echo.correlation for echo in found])),
        delay_s=float(np.median([echo.delay_s for echo in found])),
    )


def _find(piece: Samples, start: int, heard: Samples, rate_hz: int) -> Echo:
    size = 1 << (len(heard) + len(piece) - 1).bit_length()
    correlation = normalized(piece, heard, size, ROUNDING)
    best = int(np.argmax(correlation))
    return Echo(float(np.clip(correlation[best], 0.0, 1.0)), (best - start) / rate_hz)
