"""Two sides of a call on one clock: arriving audio in, one two-channel FLAC file out.

The recording's clock counts seconds from the moment the recording began. A stretch of audio lies
where it was received: its last sample at the time at which it came, by the least delayed frame
around it. So the event loop may stall, and deliver a second of frames at once, without a trace in
the file, while frames that never came leave silence of their length.

Nothing here reads a clock: times are given, in seconds of the recording.
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from duologue.folder.channels import CHANNELS, RATE_HZ, Pcm
from shared.spec import Role

SETTLE_S = 1.0
"""How long a frame's place stays open: until frames that came this much later were seen."""
TOLERANCE_S = 0.008
"""How far a stream may be off its place before it is moved: less than one frame of 10 ms."""
EVIDENCE_S = 0.5
"""How much of a stream must follow a frame to judge its place that finely."""
DOUBT_S = 0.1
"""How far it must be off its place where less follows, such as at a stream's end."""
HORIZON_S = 5.0
"""How long the file waits for a channel that delivers nothing, before it writes silence."""


class Losses(NamedTuple):
    """What one channel lacks, in seconds."""

    inserted_s: float
    """Silence between its first and its last sample that stands for audio that did not come."""
    cut_s: float
    """Audio that came when its place had been passed, and was left out."""


class _Frame(NamedTuple):
    offset: int
    """Where the stream's first sample would lie if this frame had come without delay."""
    start: int
    """Index of its first sample in the stream."""
    arrived_s: float
    samples: Pcm


class Stream:
    """One subscription to a track, as it is laid on its channel."""

    def __init__(self, channel: "Channel") -> None:
        self._channel = channel
        self._pending: deque[_Frame] = deque()
        self._length = 0
        self._base: int | None = None

    def push(self, samples: Pcm, arrived_s: float) -> None:
        """Take the stream's next samples; they came at `arrived_s`, complete."""
        start, self._length = self._length, self._length + len(samples)
        offset = round(arrived_s * RATE_HZ) - self._length
        self._pending.append(_Frame(offset, start, arrived_s, samples))

    def settle(self, until_s: float) -> None:
        """Lay the frames that came up to `until_s`, each by the least delayed one since it."""
        offsets = np.array([frame.offset for frame in self._pending], dtype=np.int64)
        least = np.minimum.accumulate(offsets[::-1])[::-1]
        for offset in least.tolist():
            if self._pending[0].arrived_s > until_s:
                return
            frame = self._pending.popleft()
            follows = self._length - frame.start
            tolerance_s = TOLERANCE_S if follows >= EVIDENCE_S * RATE_HZ else DOUBT_S
            if self._base is None or abs(offset - self._base) > tolerance_s * RATE_HZ:
                self._base = offset
            self._channel.lay(self._base + frame.start, frame.samples)


class Channel:
    """One side's audio on the recording's clock: what was laid, until it is taken."""

    def __init__(self) -> None:
        self._laid: deque[Pcm] = deque()
        self._taken = 0
        self._inserted = 0
        self._cut = 0
        self._last = 0
        self._stream: Stream | None = None
        self.end = 0
        """Up to where the channel is laid, in samples."""

    @property
    def losses(self) -> Losses:
        """What the channel lacks so far."""
        return Losses(self._inserted / RATE_HZ, self._cut / RATE_HZ)

    def open(self) -> Stream:
        """Begin a stream; it takes over from the one before, whose late frames go nowhere."""
        self.close()
        self._stream = Stream(self)
        return self._stream

    def close(self, stream: Stream | None = None) -> None:
        """End `stream` if it is the channel's current one; without, whichever is."""
        if self._stream and stream in {None, self._stream}:
            self._stream.settle(float("inf"))
            self._stream = None

    def settle(self, until_s: float) -> None:
        """Settle what came up to `until_s`."""
        if self._stream:
            self._stream.settle(until_s)

    def lay(self, start: int, samples: Pcm) -> None:
        """Put samples at `start`; a hole before them becomes silence, what is laid stays."""
        if start < self.end:
            late = min(self.end - start, len(samples))
            self._cut += late
            samples = samples[late:]
        if len(samples):
            self.pad(start)
            if self._last:
                self._inserted += self.end - self._last
            self._append(samples)
            self._last = self.end

    def pad(self, end: int) -> None:
        """Lay silence up to `end`, if the channel is not laid so far."""
        if end > self.end:
            self._append(np.zeros(end - self.end, dtype=np.int16))

    def take(self, end: int) -> Pcm:
        """Remove and return what is laid up to `end`."""
        audio = np.concatenate([np.zeros(0, dtype=np.int16), *self._laid])
        head, rest = np.split(audio, [end - self._taken])
        self._laid = deque([rest])
        self._taken = end
        return head

    def _append(self, samples: Pcm) -> None:
        self._laid.append(samples)
        self.end += len(samples)


class Tape:
    """A FLAC file of 24 kHz and 16 bit that is written while its channels come in.

    Args:
        path: The file.
        sides: Whose channels it has, in their order.

    Memory holds at most `HORIZON_S` seconds of audio.
    """

    def __init__(self, path: Path, sides: Sequence[Role] = CHANNELS) -> None:
        self.channels = {role: Channel() for role in sides}
        self._file = soundfile.SoundFile(
            path, "w", samplerate=RATE_HZ, channels=len(sides), format="FLAC", subtype="PCM_16"
        )
        self._written = 0
        self._horizon_s = 0.0
        self._advanced_s = 0.0

    def advance(self, now_s: float) -> None:
        """Write what is settled at `now_s`; to be called a few times a second.

        After a stall of the caller the horizon moves by no more than a second at a time, so that
        what waits to be pushed still finds its place.
        """
        self._horizon_s = min(now_s - HORIZON_S, self._horizon_s + 1.0)
        for channel in self.channels.values():
            channel.settle(now_s - SETTLE_S)
        settled = min(channel.end for channel in self.channels.values())
        self._write(max(settled, round(self._horizon_s * RATE_HZ)))

    def close(self, end_s: float) -> None:
        """Write all that came, pad both channels to `end_s`, and close the file."""
        for channel in self.channels.values():
            channel.close()
        try:
            self._write(round(end_s * RATE_HZ))
        finally:
            self._file.close()

    def _write(self, end: int) -> None:
        if end > self._written:
            for channel in self.channels.values():
                channel.pad(end)
            columns = [channel.take(end) for channel in self.channels.values()]
            self._file.write(np.stack(columns, axis=1))
            self._written = end
