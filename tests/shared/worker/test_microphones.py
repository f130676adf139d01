"""Several microphones of one participant, on a real server."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from functools import partial

import numpy as np
import pytest
from livekit import api, rtc

from duologue.doctor.sound import SOUND_DBFS, level_dbfs
from duologue.servers.server import Server
from shared.engines import pcm
from shared.spec import Peer, PeerKind
from shared.worker.linking import is_peer
from shared.worker.microphones import SILENCE_AFTER_S, Microphones

RATE_HZ = 24_000
FRAME = RATE_HZ // 50
OPTIONS = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)


class Microphone:
    """A microphone that sends a tone, or silence."""

    def __init__(self, room: rtc.Room) -> None:
        self.loud = False
        self._room = room
        self._source = rtc.AudioSource(RATE_HZ, 1)
        self.track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        self._sending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self._room.local_participant.publish_track(self.track, OPTIONS)
        self._sending = asyncio.create_task(self._send(), name="microphone")

    async def close(self) -> None:
        await self._room.local_participant.unpublish_track(self.track.sid)
        await self.stop()

    async def stop(self) -> None:
        if self._sending:
            self._sending.cancel()
            await asyncio.wait([self._sending])
            self._sending = None
            await self._source.aclose()

    async def _send(self) -> None:
        tone = 0.2 * np.sin(2 * np.pi * 500 / RATE_HZ * np.arange(FRAME, dtype=np.float32))
        while True:
            played = pcm.to_pcm(tone if self.loud else np.zeros_like(tone))
            await self._source.capture_frame(rtc.AudioFrame(played, RATE_HZ, 1, FRAME))


class Hall:
    """Somebody with two microphones, and who listens to that one."""

    def __init__(self, ours: rtc.Room, theirs: rtc.Room) -> None:
        self.microphones = Microphones(ours)
        self.first, self.second = Microphone(theirs), Microphone(theirs)

    async def hears(self, *, sound: bool) -> None:
        """Wait until sound is heard, or none, for half a second without a break."""
        heard_s = 0.0
        async for frame in self.microphones:
            level = level_dbfs(pcm.from_frames([frame]))
            heard_s = heard_s + frame.duration if (level > SOUND_DBFS) == sound else 0.0
            if heard_s > SILENCE_AFTER_S - 0.01:
                return


@pytest.fixture
async def hall(server: Server) -> AsyncIterator[Hall]:
    ours, theirs = rtc.Room(), rtc.Room()
    name = f"microphones-{secrets.token_hex(4)}"
    for room, identity in ((ours, "agent"), (theirs, "person")):
        grants = api.VideoGrants(room_join=True, room=name)
        await room.connect(server.address.url, server.address.token(identity, grants))
    hall = Hall(ours, theirs)
    yield hall
    await hall.microphones.aclose()
    await asyncio.gather(hall.first.stop(), hall.second.stop())
    await asyncio.gather(ours.disconnect(), theirs.disconnect())


PERSON = Peer(identity="person", kind=PeerKind.STANDARD)


async def test_what_is_said_is_heard_whichever_microphone_it_is_said_into(hall: Hall) -> None:
    hall.microphones.listen_to(partial(is_peer, peer=PERSON))
    hall.first.loud = True
    await hall.first.open()
    await hall.hears(sound=True)
    await hall.second.open()
    await both_subscribed(hall)
    await hall.hears(sound=True)
    hall.first.loud, hall.second.loud = False, True
    await hall.hears(sound=True)
    hall.second.loud = False
    await hall.hears(sound=False)


async def both_subscribed(hall: Hall) -> None:
    while len(hall.microphones._heard) < 2:  # noqa: ASYNC110 - asked, not told
        await asyncio.sleep(0.02)


async def test_a_microphone_that_is_muted_or_gone_holds_up_no_other(hall: Hall) -> None:
    await hall.first.open()
    await hall.second.open()
    hall.microphones.listen_to(partial(is_peer, peer=PERSON))
    await both_subscribed(hall)
    await hall.hears(sound=False)
    hall.first.track.mute()
    hall.second.loud = True
    await hall.hears(sound=True)
    await hall.first.close()
    hall.second.loud = False
    await hall.hears(sound=False)
    hall.second.loud = True
    await hall.hears(sound=True)
    await hall.second.close()
    await hall.hears(sound=False)  # for a turn to end that was cut off there


async def test_nobody_else_is_listened_to(hall: Hall) -> None:
    hall.first.loud = True
    await hall.first.open()
    hall.microphones.listen_to(partial(is_peer, peer=Peer(identity="person")))  # who is no agent
    hearing = asyncio.create_task(hall.hears(sound=True))
    done, _ = await asyncio.wait([hearing], timeout=0.5)
    assert not done
    hall.microphones.listen_to(partial(is_peer, peer=PERSON))
    await hearing
