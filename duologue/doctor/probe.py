"""The doctor's own participant: visible, with a voice and ears, in a room made for it.

To the agents it is a person who joined; their workers send it their events, as to a recorder.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self, TypeVar

import aiohttp
import numpy as np
from livekit import api, rtc

from duologue.call.over_livekit.dispatch import create_room
from duologue.call.over_livekit.inbox import Inbox
from duologue.doctor.sound import SILENT_DBFS, SOUND_DBFS, level_dbfs
from shared.address import ServerAddress
from shared.engines import pcm
from shared.engines.pcm import INPUT_RATE_HZ, OUTPUT_RATE_HZ, Samples
from shared.errors import ServerUnreachable
from shared.events import Payload
from shared.events.journal import Event
from shared.logs import get_logger
from shared.spec import CallSpec, Role
from shared.worker.bus import Refusal
from shared.worker.linking import AGENT_NAME, agent_name

log = get_logger(__name__)

IDENTITY = "probe"
JOIN_TIMEOUT_S = 10.0
"""Until when the probe must be connected, media included."""
TRAILING_SILENCE_S = 1.5
"""Sent after speech, so that whoever listens can tell that it is over."""
FRAME_S = 0.02
LATE_JOIN_S = 2.0
"""How long a worker that has taken its job may take to join."""

T = TypeVar("T")
P = TypeVar("P", bound=Payload)


class Ear:
    """What came over one track since `listen_afresh`, at INPUT_RATE_HZ."""

    def __init__(self, track: rtc.RemoteAudioTrack, changed: asyncio.Event) -> None:
        self._changed = changed
        self._stream = rtc.AudioStream(track, sample_rate=INPUT_RATE_HZ, num_channels=1)
        self._listening = asyncio.create_task(self._listen(), name="ear")
        self.listen_afresh()

    def listen_afresh(self) -> None:
        """Forget what came before."""
        self._frames: list[rtc.AudioFrame] = []
        self.began_s: float | None = None
        """When the first frame came, by the loop's clock."""
        self.loudest_dbfs = SILENT_DBFS
        """RMS of the loudest frame, which are 10 ms."""
        self._sounded_s = 0.0

    @property
    def samples(self) -> Samples:
        """All of it."""
        return pcm.from_frames(self._frames)

    def quiet_s(self) -> float:
        """For how long there has been no sound."""
        return asyncio.get_running_loop().time() - self._sounded_s

    async def aclose(self) -> None:
        """Stop to listen."""
        self._listening.cancel()
        await asyncio.wait([self._listening])
        await self._stream.aclose()

    async def _listen(self) -> None:
        async for event in self._stream:
            now_s = asyncio.get_running_loop().time()
            if self.began_s is None:
                self.began_s = now_s
            self._frames.append(event.frame)
            level = level_dbfs(pcm.from_frames([event.frame]))
            self.loudest_dbfs = max(self.loudest_dbfs, level)
            if level >= SOUND_DBFS:
                self._sounded_s = now_s
            self._changed.set()


class Probe:
    """A participant that speaks to every agent in its room and hears each of them apart.

    Used as a context manager; leaving it deletes the room, and its dispatches with it.
    """

    def __init__(self, address: ServerAddress, spec: CallSpec) -> None:
        self.spec = spec
        self.room_name = spec.call_id
        self.livekit = address.client()
        self.ears: dict[Role, Ear] = {}
        self.expected: set[Role] = set()
        """Agents that were dispatched here."""
        self.refused: dict[Role, str] = {}
        """Why a worker refused its job."""
        self.joined_s: dict[Role, float] = {}
        """When an agent was first seen, by the loop's clock."""
        self.left_s: dict[Role, float] = {}
        """When an agent left, by the loop's clock."""
        self.events: list[Event] = []
        """All that the workers reported, in order of arrival."""
        self.spoke_s = 0.0
        """When the probe began to speak, by the loop's clock."""
        self._address = address
        self._room = rtc.Room()
        self._source = rtc.AudioSource(OUTPUT_RATE_HZ, 1)
        self._changed = asyncio.Event()
        self._speaking: asyncio.Task[None] | None = None
        # It records nothing, so what agents send of their own speech is not kept.
        self._inbox = Inbox(self._on_event, lambda *_: None, self._on_lost)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()
        await self._delete_room()
        if self.expected - self.joined_s.keys() - self.refused.keys():
            # A worker that was about to join when we stopped makes the room anew.
            await asyncio.sleep(LATE_JOIN_S)
            await self._delete_room()
        await self.livekit.aclose()

    async def join(self) -> None:
        """Make the room, join it and publish a microphone.

        Raises:
            ServerUnreachable: The room cannot be joined, or no media gets through.
        """
        await create_room(self.livekit, self.room_name, self.spec.limits)
        self._listen_to_room()
        grants = api.VideoGrants(
            room_join=True, room=self.room_name, can_publish=True, can_subscribe=True
        )
        url, token = self._address.url, self._address.token(IDENTITY, grants)
        track = rtc.LocalAudioTrack.create_audio_track("voice", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        try:
            async with asyncio.timeout(JOIN_TIMEOUT_S):
                await self._room.connect(url, token)
                await self._room.local_participant.publish_track(track, options)
        except (rtc.ConnectError, rtc.participant.PublishTrackError) as error:
            raise ServerUnreachable(url, error.message) from None
        except TimeoutError:
            raise ServerUnreachable(url, f"no media within {JOIN_TIMEOUT_S:.0f} s") from None

    def agent(self, role: Role) -> rtc.RemoteParticipant | None:
        """The agent of `role`, if it is here now."""
        for participant in self._room.remote_participants.values():
            if agent_name(participant) == role:
                return participant
        return None

    async def server_sees(self, role: Role) -> bool:
        """Whether the server has the agent of `role` in the room, connected fully or not.

        Others are told of a participant only once it is; one that publishes nothing takes seconds.
        """
        request = api.ListParticipantsRequest(room=self.room_name)
        found = await self.livekit.room.list_participants(request)
        return any(one.attributes.get(AGENT_NAME) == role for one in found.participants)

    def microphone(self, role: Role) -> rtc.RemoteTrackPublication | None:
        """The audio that the agent of `role` publishes, if it does."""
        participant = self.agent(role)
        for publication in participant.track_publications.values() if participant else ():
            if publication.source == rtc.TrackSource.SOURCE_MICROPHONE:
                return publication
        return None

    def reported(self, role: Role, kind: type[P]) -> list[P]:
        """What `role`'s worker said of one kind, in order."""
        said = [event.payload for event in self.events if event.source == role]
        return [payload for payload in said if isinstance(payload, kind)]

    def speak(self, speech: Samples) -> None:
        """Begin to say `speech`, mono at OUTPUT_RATE_HZ, and then nothing for a while."""
        for ear in self.ears.values():
            ear.listen_afresh()
        self.spoke_s = asyncio.get_running_loop().time()
        silence = np.zeros(round(TRAILING_SILENCE_S * OUTPUT_RATE_HZ), np.float32)
        self._speaking = asyncio.create_task(
            self._play(np.concatenate([speech, silence])), name="probe-voice"
        )

    async def until(self, look: Callable[[], T | None], timeout_s: float) -> T | None:
        """What `look` sees, as soon as it sees something; None if it has not after `timeout_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while (seen := look()) is None:
                    self._changed.clear()
                    await self._changed.wait()
                return seen
        return None

    async def _leave(self) -> None:
        if self._speaking:
            self._speaking.cancel()
            await asyncio.wait([self._speaking])
        await self._inbox.aclose(drain_timeout_s=0)
        for ear in self.ears.values():
            await ear.aclose()
        await self._room.disconnect()
        await self._source.aclose()

    async def _delete_room(self) -> None:
        # A server that is gone has no room to delete, and one never made is not there.
        with suppress(api.TwirpError, aiohttp.ClientError, TimeoutError):
            await self.livekit.room.delete_room(api.DeleteRoomRequest(room=self.room_name))

    async def _play(self, samples: Samples) -> None:
        length = round(FRAME_S * OUTPUT_RATE_HZ)
        for start in range(0, len(samples), length):
            played = pcm.to_pcm(samples[start : start + length])
            await self._source.capture_frame(
                rtc.AudioFrame(played, OUTPUT_RATE_HZ, 1, samples_per_channel=len(played) // 2)
            )

    def _listen_to_room(self) -> None:
        room, loop = self._room, asyncio.get_running_loop()
        self._inbox.open(room)

        @room.on("participant_connected")
        def on_joined(participant: rtc.RemoteParticipant) -> None:
            if (role := _role(participant)) is not None:
                self.joined_s.setdefault(role, loop.time())
            self._changed.set()

        @room.on("participant_disconnected")
        def on_left(participant: rtc.RemoteParticipant) -> None:
            if (role := _role(participant)) is not None:
                self.left_s.setdefault(role, loop.time())
            self._changed.set()

        @room.on("track_published")
        def on_published(*_: object) -> None:
            self._changed.set()

        @room.on("track_subscribed")
        def on_subscribed(track: rtc.Track, _: object, participant: rtc.RemoteParticipant) -> None:
            role = _role(participant)
            if (
                role is not None
                and isinstance(track, rtc.RemoteAudioTrack)
                and role not in self.ears
            ):
                self.ears[role] = Ear(track, self._changed)
            self._changed.set()

        @room.on("data_received")
        def on_data(packet: rtc.DataPacket) -> None:
            if refusal := Refusal.from_packet(packet):
                self.refused[refusal.role] = refusal.reason
                self._changed.set()

    def _on_event(self, event: Event) -> None:
        # Who leaves at once may never be seen, and yet has been here.
        self.joined_s.setdefault(Role(event.source), asyncio.get_running_loop().time())
        self.events.append(event)
        self._changed.set()

    def _on_lost(self, role: Role, problem: str) -> None:
        log.warning("events lost", role=role, problem=problem)


def _role(participant: rtc.Participant) -> Role | None:
    name = agent_name(participant)
    return Role(name) if name in tuple(Role) else None
