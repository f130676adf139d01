"""What those say who are listened to, into whichever of their microphones.

LiveKit's own input listens to the newest alone, so that a second one that stays silent would make
an agent deaf (livekit-agents 1.8.9, voice/room_io/_input.py).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from livekit import rtc
from livekit.agents.voice import io

from shared.engines.pcm import INPUT_FRAME_MS, INPUT_RATE_HZ

WAITED_FOR = 1000 // INPUT_FRAME_MS
"""How many frames of others come before one is not waited for that sends nothing."""
SILENCE_AFTER_S = 0.5
"""What follows when the last microphone is gone, for a turn to end that was cut off there."""


class Microphones(io.AudioInput):
    """All microphones of those who are listened to as one input, from `listen_to` on."""

    def __init__(self, room: rtc.Room) -> None:
        super().__init__(label="microphones")
        self._room = room
        self._hears: Callable[[rtc.Participant], bool] = lambda _: False
        self._heard: dict[str, _Microphone] = {}
        self._mixed: asyncio.Queue[rtc.AudioFrame] = asyncio.Queue()
        self._closing: set[asyncio.Task[None]] = set()
        room.on("track_subscribed", self._on_subscribed)
        room.on("track_unsubscribed", self._on_unsubscribed)

    def listen_to(self, hears: Callable[[rtc.Participant], bool]) -> None:
        """Listen to these, as they come, and no longer to others."""
        self._hears = hears
        wanted = filter(hears, self._room.remote_participants.values())
        kept = {sid for each in wanted for sid in each.track_publications}
        for sid in self._heard.keys() - kept:
            self._drop(sid)
        for participant in self._room.remote_participants.values():
            for publication in participant.track_publications.values():
                if publication.track and publication.sid not in self._heard:
                    self._on_subscribed(publication.track, publication, participant)

    async def __anext__(self) -> rtc.AudioFrame:
        return await self._mixed.get()

    async def aclose(self) -> None:
        """Stop listening."""
        self._room.off("track_subscribed", self._on_subscribed)
        self._room.off("track_unsubscribed", self._on_unsubscribed)
        for sid in list(self._heard):
            self._drop(sid)
        if self._closing:
            await asyncio.wait(self._closing)

    def _on_subscribed(
        self,
        track: rtc.Track,
        publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        microphone = rtc.TrackSource.SOURCE_MICROPHONE
        if self._hears(participant) and publication.source == microphone:
            self._drop(publication.sid)
            self._heard[publication.sid] = heard = _Microphone(track)
            heard.reading = asyncio.create_task(self._read(heard), name="microphone")

    def _on_unsubscribed(
        self, _: rtc.Track, publication: rtc.RemoteTrackPublication, __: rtc.RemoteParticipant
    ) -> None:
        if not self._drop(publication.sid):
            return
        self._mix()  # what had waited for it
        if not self._heard:
            samples = round(SILENCE_AFTER_S * INPUT_RATE_HZ)
            self._mixed.put_nowait(_frame(np.zeros(samples, np.int16)))

    def _drop(self, sid: str) -> bool:
        """Whether a microphone of this id was listened to, which it is not any more."""
        if not (microphone := self._heard.pop(sid, None)):
            return False
        closing = asyncio.create_task(microphone.aclose(), name="microphone-close")
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
        return True

    async def _read(self, microphone: "_Microphone") -> None:
        async for event in microphone.stream:
            microphone.frames.append(event.frame)
            microphone.away = False
            if len(microphone.frames) > WAITED_FOR:
                for other in self._heard.values():
                    other.away = not other.frames
            self._mix()

    def _mix(self) -> None:
        """Pass on what has come from all that are there."""
        while (present := [one for one in self._heard.values() if not one.away]) and all(
            one.frames for one in present
        ):
            self._mixed.put_nowait(_sum([one.frames.popleft() for one in present]))


class _Microphone:
    """One track, and what has come of it that waits for the same time of others."""

    def __init__(self, track: rtc.Track) -> None:
        self.stream = rtc.AudioStream(
            track, sample_rate=INPUT_RATE_HZ, num_channels=1, frame_size_ms=INPUT_FRAME_MS
        )
        self.frames: deque[rtc.AudioFrame] = deque()
        self.away = True
        """Until its first frame, or after too long without one: it is not waited for."""
        self.reading: asyncio.Task[None] | None = None

    async def aclose(self) -> None:
        if self.reading:
            self.reading.cancel()
            await asyncio.wait([self.reading])
        await self.stream.aclose()


def _sum(frames: Sequence[rtc.AudioFrame]) -> rtc.AudioFrame:
    if len(frames) == 1:
        return frames[0]
    samples = [np.frombuffer(frame.data, np.int16) for frame in frames]
    limits = np.iinfo(np.int16)
    total = np.sum(samples, axis=0, dtype=np.int32).clip(limits.min, limits.max)
    return _frame(total.astype(np.int16))


def _frame(samples: npt.NDArray[np.int16]) -> rtc.AudioFrame:
    return rtc.AudioFrame(samples.tobytes(), INPUT_RATE_HZ, 1, len(samples))
