"""What the recorder hears, on its way into files: both voices, and what is played beside them."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
from livekit import rtc

from duologue.call.live_audio import Listener
from duologue.call.over_livekit.tracks import Losses, Tape
from duologue.folder.folder import BACKGROUND, WIRE
from shared.spec import Role


class RecordingClock(NamedTuple):
    """Seconds since the recording began, by the monotonic clock, and when that was."""

    zero_monotonic_s: float
    zero_epoch_s: float

    @classmethod
    def start(cls) -> Self:
        """A clock that begins now."""
        return cls(time.monotonic(), time.time())

    def now(self) -> float:
        """Seconds since the recording began."""
        return time.monotonic() - self.zero_monotonic_s

    @property
    def started_at(self) -> str:
        """When the recording began, ISO 8601 in UTC."""
        return datetime.fromtimestamp(self.zero_epoch_s, UTC).isoformat(timespec="milliseconds")


class RecordedSound:
    """The audio files of one call, while it is recorded.

    Args:
        folder: What they are made in.
        clock: The recording's.
    """

    def __init__(self, folder: Path, clock: RecordingClock) -> None:
        self._folder, self._clock = folder, clock
        self._voices = Tape(folder / WIRE)
        self._background: Tape | None = None
        """What somebody's agent plays beside its voice, from when it does."""

    async def keep(
        self, role: Role, stream: rtc.AudioStream, listeners: Sequence[Listener]
    ) -> None:
        """Keep a side's voice, and let `listeners` hear it, until the stream ends."""
        channel = self._voices.channels[role]
        laid = channel.open()
        async for event in stream:
            samples = np.frombuffer(event.frame.data, dtype=np.int16)
            laid.push(samples, self._clock.now())
            for listener in listeners:
                listener(role, samples)
        channel.close(laid)

    async def keep_background(self, role: Role, stream: rtc.AudioStream) -> None:
        """Keep what a side plays beside its voice in a file of its own, until the stream ends."""
        tape = self._background = self._background or Tape(self._folder / BACKGROUND, [role])
        channel = tape.channels[role]
        laid = channel.open()
        async for event in stream:
            laid.push(np.frombuffer(event.frame.data, dtype=np.int16), self._clock.now())
        channel.close(laid)

    def advance(self) -> None:
        """Write what is settled by now; to be called a few times a second.

        Raises:
            OSError: It cannot be written; so does LibsndfileError.
        """
        for tape in self._tapes:
            tape.advance(self._clock.now())

    def close(self, end_s: float) -> dict[Role, Losses]:
        """Finish the files at `end_s`; what each voice lacks.

        Raises:
            OSError: They cannot be written; so does LibsndfileError.
        """
        for tape in self._tapes:
            tape.close(end_s)
        return {role: channel.losses for role, channel in self._voices.channels.items()}

    @property
    def _tapes(self) -> list[Tape]:
        return [self._voices, self._background] if self._background else [self._voices]
