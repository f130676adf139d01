"""`rtc.AudioSource`, `rtc.AudioStream` and `rtc.LocalAudioTrack` without WebRTC.

What is pushed into a source is played by whoever pulls, tick by tick; what is heard in a tick comes
out of every stream of the caller's microphone.
"""

import asyncio
from typing import Any, Self

import numpy as np
from livekit import rtc

from .livekit_internals import new_local_track
from .resampler import Resampler, Sound

PLAYED_HZ = 24_000
"""The rate of both directions of the call."""


class AudioSource:
    """As `rtc.AudioSource`: a queue of at most so much audio."""

    def __init__(
        self,
        sample_rate: int,
        num_channels: int,
        queue_size_ms: int = 1000,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        del loop
        self.sample_rate, self.num_channels = sample_rate, num_channels
        self._limit_s = queue_size_ms / 1000
        self._resampler = Resampler(sample_rate, PLAYED_HZ)
        self._queue = bytearray()
        """At the rate of the call, in one channel."""
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def queued_duration(self) -> float:
        """Seconds of audio that are not played yet."""
        return len(self._queue) / 2 / PLAYED_HZ

    def clear_queue(self) -> None:
        """Play nothing of what is there."""
        self._queue.clear()
        self._changed.set()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take a frame, once there is room for it."""
        if self._closed or not frame.samples_per_channel:
            return
        samples = np.frombuffer(bytes(frame.data), np.int16)
        if frame.num_channels > 1:
            samples = samples.reshape(-1, frame.num_channels).mean(axis=1).astype(np.int16)
        self._queue += self._resampler.push(samples).tobytes()
        while self.queued_duration > self._limit_s and not self._closed:
            self._changed.clear()
            await self._changed.wait()

    async def wait_for_playout(self) -> None:
        """Wait until everything is played."""
        while self._queue and not self._closed:
            self._changed.clear()
            await self._changed.wait()

    async def aclose(self) -> None:
        """Play nothing more."""
        self._closed = True
        self.clear_queue()

    def pull(self, count: int) -> Sound:
        """What is played in a tick."""
        played = np.frombuffer(bytes(self._queue[: 2 * count]), np.int16)
        del self._queue[: 2 * count]
        self._changed.set()
        return np.pad(played, (0, count - len(played)))


class Microphone(rtc.RemoteAudioTrack):
    """The caller's track."""

    streams: set["AudioStream"]


class AudioStream:
    """As `rtc.AudioStream`: a track's frames, at the rate and of the length asked for."""

    def __init__(  # noqa: PLR0917 - as rtc's
        self,
        track: rtc.Track | None = None,
        loop: asyncio.AbstractEventLoop | None = None,
        capacity: int = 0,
        sample_rate: int = 48_000,
        num_channels: int = 1,
        frame_size_ms: int | None = None,
        noise_cancellation: Any = None,
        **options: Any,
    ) -> None:
        del loop, capacity, noise_cancellation  # there is no noise on the line
        if track is None:
            published = options["participant"].track_publications.values()
            track = next(one.track for one in published if one.source == options["track_source"])
        self._rate, self._channels = sample_rate, num_channels
        self._size = 2 * (sample_rate * (frame_size_ms or 10) // 1000)
        self._resampler = Resampler(PLAYED_HZ, sample_rate)
        self._rest = bytearray()
        self._frames: asyncio.Queue[rtc.AudioFrameEvent | None] = asyncio.Queue()
        self._track = track
        if isinstance(track, Microphone):
            track.streams.add(self)

    @classmethod
    def from_track(cls, *, track: rtc.Track, **options: Any) -> Self:
        """The stream of a track."""
        return cls(track, **options)

    @classmethod
    def from_participant(cls, **options: Any) -> Self:
        """The stream of a participant's track."""
        return cls(**options)

    def push(self, heard: Sound) -> None:
        """Take what is heard in a tick."""
        self._rest += self._resampler.push(heard).tobytes()
        while len(self._rest) >= self._size:
            data = bytes(self._rest[: self._size])
            del self._rest[: self._size]
            if self._channels > 1:
                data = np.repeat(np.frombuffer(data, np.int16), self._channels).tobytes()
            frame = rtc.AudioFrame(data, self._rate, self._channels, self._size // 2)
            self._frames.put_nowait(rtc.AudioFrameEvent(frame))

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> rtc.AudioFrameEvent:
        event = await self._frames.get()
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """End it."""
        if isinstance(self._track, Microphone):
            self._track.streams.discard(self)
        self._frames.put_nowait(None)


class LocalAudioTrack(rtc.LocalAudioTrack):
    """As `rtc.LocalAudioTrack`, of one of our sources."""

    audio_source: AudioSource

    @staticmethod
    def create_audio_track(name: str, source: Any) -> "LocalAudioTrack":
        """A track that plays `source`."""
        track = new_local_track(LocalAudioTrack, name)
        track.audio_source = source
        return track

    def mute(self) -> None:
        """Nothing: the agent decides what it plays."""

    def unmute(self) -> None:
        """Nothing."""
