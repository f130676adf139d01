"""How the local servers that listen find turns: by a silence of so many seconds, by loudness."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from shared.engines.pcm import FULL_SCALE, Samples

LOUD = 0.02
"""The peak of a window from which on it is speech; what WebRTC sends as silence is below it."""
WINDOW_S = 0.02
KEPT_S = 0.3
"""Of the silence before speech, which a soft beginning may be in."""


class Started(NamedTuple):
    """Speech begins."""

    at_s: float
    """Since the stream began."""


class Turn(NamedTuple):
    """Speech that is over."""

    at_s: float
    """When its audio begins, in seconds since the stream began."""
    samples: Samples


class Endpointing:
    """Cuts a stream of PCM into turns.

    Args:
        rate: Of the stream.
        silence_s: What ends a turn.
    """

    def __init__(self, rate: int, silence_s: float) -> None:
        self._rate, self._silence_s = rate, silence_s
        self._heard = np.zeros(0, np.float32)
        """From a little before the turn, if there is one."""
        self._began = 0
        """The sample of the stream that `_heard` begins with."""
        self._scanned = 0
        self._speaking = False
        self._quiet_s = 0.0

    def take(self, pcm: bytes) -> Iterator[Started | Turn]:
        """What becomes of the audio that has come."""
        came = np.frombuffer(pcm, np.int16).astype(np.float32) / FULL_SCALE
        self._heard = np.concatenate([self._heard, came])
        window = int(WINDOW_S * self._rate)
        while self._scanned + window <= len(self._heard):
            loud = np.abs(self._heard[self._scanned : self._scanned + window]).max() > LOUD
            self._scanned += window
            self._quiet_s = 0.0 if loud else self._quiet_s + WINDOW_S
            if loud and not self._speaking:
                self._speaking = True
                yield Started((self._began + self._scanned - window) / self._rate)
            elif self._speaking and self._quiet_s >= self._silence_s:
                yield self.end()
            elif not self._speaking:
                self._forget(int(KEPT_S * self._rate))

    @property
    def open(self) -> bool:
        """Whether somebody is speaking."""
        return self._speaking

    def end(self) -> Turn:
        """The turn that is open, which is over."""
        turn = Turn(self._began / self._rate, self._heard[: self._scanned])
        self._speaking = False
        self._forget(0)
        return turn

    def _forget(self, kept: int) -> None:
        """Forget what was scanned but for so many samples."""
        gone = max(0, self._scanned - kept)
        self._heard = self._heard[gone:]
        self._began += gone
        self._scanned -= gone
