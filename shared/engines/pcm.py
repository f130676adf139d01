"""Mono audio as numpy arrays, and its way into and out of LiveKit's frames."""

from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soxr
from livekit import rtc

Samples: TypeAlias = npt.NDArray[np.float32]
"""Mono audio, full scale at 1.0; its sample rate goes with it by name."""

FULL_SCALE = 32768

INPUT_RATE_HZ = 16_000
"""What sessions hear at, on every transport."""
INPUT_FRAME_MS = 32
OUTPUT_RATE_HZ = 24_000
"""What sessions play at."""


def from_frames(frames: Iterable[rtc.AudioFrame]) -> Samples:
    """The samples of mono frames, one after the other."""
    pcm = [np.frombuffer(frame.data, np.int16) for frame in frames]
    samples: Samples = np.concatenate([np.zeros(0, np.int16), *pcm]).astype(np.float32)
    return samples / np.float32(FULL_SCALE)


def to_pcm(samples: Samples) -> bytes:
    """16-bit PCM, without dither so that the same samples give the same bytes."""
    scaled = np.rint(samples * FULL_SCALE)
    return np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16).tobytes()


def resample(samples: Samples, rate: int, to_rate: int) -> Samples:
    """The same sound at another sample rate."""
    if rate == to_rate:
        return samples
    resampled: Samples = soxr.resample(samples, rate, to_rate)
    return resampled
