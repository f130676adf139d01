"""From one sample rate to another, without dither: the same samples give the same samples."""

from math import gcd
from typing import TypeAlias

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

Sound: TypeAlias = NDArray[np.int16]

_TAPS = 32
"""Per phase of the filter, at the lower rate."""
_CUTOFF = 0.46
"""Of the lower rate."""


class Resampler:
    """A windowed sinc, in as many phases as the rates' ratio has.

    Args:
        from_hz: The rate of what is pushed.
        to_hz: The rate of what comes out, which may be the same.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        common = gcd(from_hz, to_hz)
        self._up, self._down = to_hz // common, from_hz // common
        wide = max(self._up, self._down) / self._up
        taps = int(_TAPS * wide)
        # At the common multiple of both rates.
        places = np.arange(self._up * taps) - (self._up * taps - 1) / 2
        sinc = np.sinc(2 * _CUTOFF / max(self._up, self._down) * places)
        filtered = (sinc * np.blackman(self._up * taps)).reshape(taps, self._up).T[:, ::-1]
        self._phases = filtered / filtered.sum(axis=1, keepdims=True)
        self._taps = taps
        self._before = np.zeros(taps - 1)
        self._due = 0
        """When the next sample is due, in steps of the common multiple from what comes next."""

    def push(self, samples: Sound) -> Sound:
        """What can be said of these samples and those before them."""
        if self._up == self._down:
            return samples
        seen = np.concatenate([self._before, samples])
        due = np.arange(self._due, len(samples) * self._up, self._down)
        self._due += len(due) * self._down - len(samples) * self._up
        self._before = seen[len(seen) - self._taps + 1 :]
        if not seen.any():
            return np.zeros(len(due), np.int16)
        windows = np.lib.stride_tricks.sliding_window_view(seen, self._taps)[due // self._up]
        out = np.einsum("ij,ij->i", windows, self._phases[due % self._up])
        pcm: Sound = np.clip(np.rint(out), -32768, 32767).astype(np.int16)
        return pcm


class AudioResampler:
    """As `rtc.AudioResampler`, which dithers by chance."""

    def __init__(
        self,
        input_rate: int,
        output_rate: int,
        *,
        num_channels: int = 1,
        quality: rtc.AudioResamplerQuality = rtc.AudioResamplerQuality.MEDIUM,
    ) -> None:
        del quality  # one does for all
        self._rate, self._channels = output_rate, num_channels
        self._each = [Resampler(input_rate, output_rate) for _ in range(num_channels)]

    def push(self, data: bytearray | rtc.AudioFrame) -> list[rtc.AudioFrame]:
        """What comes of a frame, which is at most one."""
        raw = bytes(data.data) if isinstance(data, rtc.AudioFrame) else bytes(data)
        samples = np.frombuffer(raw, np.int16).reshape(-1, self._channels)
        out = [one.push(samples[:, number]) for number, one in enumerate(self._each)]
        if not out[0].size:
            return []
        pcm = np.stack(out, axis=1)
        return [rtc.AudioFrame(pcm.tobytes(), self._rate, self._channels, len(pcm))]

    def flush(self) -> list[rtc.AudioFrame]:
        """Nothing: what is left is shorter than a millisecond."""
        return []
