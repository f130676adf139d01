"""A side's own speech, as far as it was really played: what the peer was sent, before any codec.

A sink reports which stretches of what it was given it has played, and when (`playback_progressed`,
livekit-agents 1.8.9, voice/io.py): less than all of a turn that was cut short, and several
stretches of one that paused.
"""

import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import soundfile
from livekit import rtc
from livekit.agents import voice

from shared.engines.pcm import OUTPUT_RATE_HZ

HOLE_S = 0.05
"""Reported stretches that follow each other as closely are one: the sink ran dry for a moment."""


class Played(NamedTuple):
    """A stretch of speech without a hole."""

    pcm: bytes
    """Mono, 16 bit, at the rate of the output."""
    started_at: float
    """Seconds since the epoch, by this machine's clock."""

    @property
    def stopped_at(self) -> float:
        """When its last sample had been played."""
        return self.started_at + len(self.pcm) / 2 / OUTPUT_RATE_HZ

    def to_flac(self) -> bytes:
        """The same as a FLAC file; takes less than 1 ms for a second of speech."""
        file = io.BytesIO()
        samples = np.frombuffer(self.pcm, dtype=np.int16)
        soundfile.write(file, samples, OUTPUT_RATE_HZ, format="FLAC", subtype="PCM_16")
        return file.getvalue()


class Tap(voice.io.AudioOutput):
    """Lets a session's audio through to its output, and hands on what that has played of it.

    Args:
        output: Where the audio goes.
        on_played: Called with every stretch, once the segment it belongs to is over; must not
            block.
    """

    def __init__(self, output: voice.io.AudioOutput, on_played: Callable[[Played], None]) -> None:
        super().__init__(
            label="Tap",
            next_in_chain=output,
            capabilities=voice.io.AudioOutputCapabilities(pause=True),
            sample_rate=OUTPUT_RATE_HZ,
        )
        # Perhaps behind a proxy, which has to see all that goes by.
        self._output = self.next_in_chain or output
        self._on_played = on_played
        self._given: list[bytes] = []
        self._runs: list[voice.io.PlaybackProgressedEvent] = []

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Pass a frame on; once the output has taken it, it belongs to the present segment."""
        await self._output.capture_frame(frame)
        await super().capture_frame(frame)
        self._given.append(bytes(frame.data))

    def flush(self) -> None:
        """End the segment."""
        super().flush()
        self._output.flush()

    def clear_buffer(self) -> None:
        """Play nothing more of the segment."""
        self._output.clear_buffer()

    def on_playback_progressed(self, *, started_at: float, offset: float, duration: float) -> None:
        """Note a stretch of the segment that was played."""
        super().on_playback_progressed(started_at=started_at, offset=offset, duration=duration)
        self._runs.append(voice.io.PlaybackProgressedEvent(started_at, offset, duration))

    def on_playback_finished(
        self,
        *,
        playback_position: float,
        interrupted: bool,
        synchronized_transcript: str | None = None,
    ) -> None:
        """Hand on what was played of the segment."""
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            synchronized_transcript=synchronized_transcript,
        )
        given, self._given = b"".join(self._given), []
        runs, self._runs = self._runs, []
        for played in _stretches(given, runs):
            self._on_played(played)


def _stretches(given: bytes, runs: list[voice.io.PlaybackProgressedEvent]) -> list[Played]:
    """What `runs` say was played of the samples of a segment, joined where there is no hole."""
    stretches: list[Played] = []
    end = 0
    for run in runs:
        first = 2 * round(run.offset * OUTPUT_RATE_HZ)
        last = 2 * round((run.offset + run.duration) * OUTPUT_RATE_HZ)
        played = Played(given[first:last], run.started_at)
        before = stretches[-1] if stretches else None
        if before and first == end and played.started_at - before.stopped_at < HOLE_S:
            stretches[-1] = before._replace(pcm=before.pcm + played.pcm)
        elif played.pcm:
            stretches.append(played)
        end = last
    return stretches
