"""Listening to a call while it is held: how loud both sides are, and their sound itself.

What is heard here is what is recorded, as it comes in. Both listeners get each side's next samples
and must not block.
"""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from duologue.folder.channels import CHANNELS, RATE_HZ, SILENT_DBFS, Pcm, dbfs
from shared.errors import UsageError
from shared.spec import Role

if TYPE_CHECKING:
    import sounddevice

Listener: TypeAlias = Callable[[Role, Pcm], None]
"""Gets the next samples of one side, 24 kHz and 16 bit."""

FULL_SCALE = 32_768
FALL_DB_PER_S = 30.0
"""How quickly a meter falls, so that one can read it; it rises at once."""
BEGIN_S = 0.1
"""How much of a side must have come before it is played, so that late frames make no holes."""
BEHIND_S = 0.5
"""How far playback may fall behind before it leaves something out."""


class Meters:
    """The level of both sides, in dBFS."""

    def __init__(self) -> None:
        self._levels = dict.fromkeys(CHANNELS, SILENT_DBFS)

    def hear(self, role: Role, samples: Pcm) -> None:
        """Take the next samples of one side."""
        rms = np.sqrt(np.mean(np.square(samples / FULL_SCALE, dtype=np.float64)))
        fallen = self._levels[role] - FALL_DB_PER_S * len(samples) / RATE_HZ
        self._levels[role] = max(SILENT_DBFS, fallen, float(dbfs(rms)))

    @property
    def levels(self) -> Mapping[Role, float]:
        """How loud each side is now, in dBFS, at least -100."""
        return self._levels


class Speaker:
    """Plays a call on the machine's sound device: the customer left, the support agent right.

    Raises:
        UsageError: There is no sound device, or nothing to reach it with.
    """

    def __init__(self) -> None:
        self._queues = {role: _Queue() for role in CHANNELS}
        self._stream = _opened(self._play)
        self._stream.start()

    def hear(self, role: Role, samples: Pcm) -> None:
        """Take the next samples of one side."""
        self._queues[role].push(samples)

    def close(self) -> None:
        """Play no more."""
        self._stream.abort()
        self._stream.close()

    def _play(self, out: Pcm, frames: int, *_: object) -> None:
        """PortAudio's callback, in a thread of its own."""
        for channel, role in enumerate(CHANNELS):
            out[:, channel] = self._queues[role].take(frames)


class _Queue:
    """What came of one side and was not played yet."""

    def __init__(self) -> None:
        self._waiting = np.zeros(0, np.int16)
        self._playing = False
        self._lock = threading.Lock()

    def push(self, samples: Pcm) -> None:
        with self._lock:
            waiting = np.concatenate([self._waiting, samples])
            self._waiting = waiting[max(0, len(waiting) - round(BEHIND_S * RATE_HZ)) :]
            self._playing |= len(waiting) >= BEGIN_S * RATE_HZ

    def take(self, frames: int) -> Pcm:
        """The next samples; silence where there are none."""
        out = np.zeros(frames, np.int16)
        with self._lock:
            if self._playing:
                taken, self._waiting = self._waiting[:frames], self._waiting[frames:]
                out[: len(taken)] = taken
                self._playing = len(taken) == frames
        return out


def _opened(play: Callable[..., None]) -> "sounddevice.OutputStream":
    try:
        import sounddevice  # noqa: PLC0415 - fails where PortAudio is not installed
    except OSError as error:
        raise UsageError(
            f"--play needs PortAudio ({error}): install it, on Debian the package libportaudio2"
        ) from None
    try:
        return sounddevice.OutputStream(
            samplerate=RATE_HZ, channels=len(CHANNELS), dtype="int16", callback=play
        )
    except sounddevice.PortAudioError as error:
        raise UsageError(
            f"--play finds no sound device that it can use ({error}); leave it out, or see what "
            "`python -m sounddevice` lists"
        ) from None
