"""A person on the phone, as tests have one: joins a room, says given lines, hears the agent.

`phone_call` puts one real worker, a hidden recorder and a person into a room of their own.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import uuid4

import numpy as np
from livekit import api, rtc

from duologue.call.over_livekit.dispatch import create_room
from duologue.call.over_livekit.recorder import IDENTITY, Recorder, recorder_token
from duologue.call.transport import Held
from duologue.doctor.sound import level_dbfs
from duologue.folder.folder import CallFolder, Clock, TransportName
from duologue.labels import metrics
from duologue.labels.metrics import Metrics
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Transcript
from duologue.pipeline.filing import file_call
from shared import engines
from shared.address import ServerAddress
from shared.endings import Ending, Outcome
from shared.engines import Models, pcm
from shared.engines.pcm import Samples
from shared.events import CallEnded, Payload, Said
from shared.events.journal import Event, Journal
from shared.settings import Settings
from shared.spec import CallSpec, Peer, PeerKind, Role
from shared.worker.bus import RoomBus
from shared.worker.linking import agent_name

RATE_HZ = 24_000
FRAME = RATE_HZ // 50
QUEUED_MS = 200
"""How far a person's audio is ahead of its playback; a busy loop makes no holes in it."""
EAR_RATE_HZ = 16_000
AUDIBLE_DBFS = -50.0
TURN_OVER_S = 1.2
"""Silence after which a person takes an agent's turn for over; longer than any pause inside."""
TIMEOUT_S = 40.0
"""How long anything in a call is waited for; a longer silence is a failure."""

Sound = Callable[[Samples], Samples]
P = TypeVar("P", bound=Payload)


def as_spoken(speech: Samples) -> Samples:
    """The speech itself."""
    return speech


def as_noise(speech: Samples) -> Samples:
    """Noise that is as loud as the speech was, every 20 ms."""
    padded = np.pad(speech, (0, -len(speech) % FRAME)).reshape(-1, FRAME)
    loudness = np.sqrt(np.mean(padded**2, axis=1, keepdims=True))
    noise = np.random.default_rng(0).standard_normal(padded.shape) * loudness
    clipped: Samples = np.clip(noise, -0.9, 0.9).astype(np.float32).reshape(-1)
    return clipped


class Ear:
    """What came over one track since it was last asked."""

    def __init__(self, track: rtc.Track) -> None:
        self._stream = rtc.AudioStream(track, sample_rate=EAR_RATE_HZ, num_channels=1)
        self._changed = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(), name="ear")
        self._forget()

    def _forget(self) -> None:
        self.frames: list[rtc.AudioFrame] = []
        self._audible_s = self._quiet_s = 0.0

    async def hears(self, seconds: float) -> None:
        """Wait until there was sound for so long, from now on."""
        self._forget()
        while self._audible_s < seconds:
            self._changed.clear()
            await self._changed.wait()

    async def hears_out(self) -> list[rtc.AudioFrame]:
        """All that was heard, once somebody has spoken and stopped; begin afresh with that."""
        while self._audible_s < 0.3 or self._quiet_s < TURN_OVER_S:
            self._changed.clear()
            await self._changed.wait()
        heard = self.frames
        self._forget()
        return heard

    async def aclose(self) -> None:
        self._listening.cancel()
        await asyncio.wait([self._listening])
        await self._stream.aclose()

    async def _listen(self) -> None:
        async for event in self._stream:
            self.frames.append(event.frame)
            if level_dbfs(pcm.from_frames([event.frame])) > AUDIBLE_DBFS:
                self._audible_s += event.frame.duration
                self._quiet_s = 0.0
            else:
                self._quiet_s += event.frame.duration
            self._changed.set()


class Person:
    """A STANDARD participant with a microphone, a voice, and an ear for the agent of a role."""

    def __init__(self, models: Models, role: Role) -> None:
        self.room = rtc.Room()
        self.journal = Journal(role)
        self._role = role
        self._models = models
        self._source = rtc.AudioSource(RATE_HZ, 1, queue_size_ms=QUEUED_MS)
        self._pending: deque[Samples] = deque()
        self._played = asyncio.Event()
        self._ear: asyncio.Future[Ear] = asyncio.get_running_loop().create_future()
        self._speaking: asyncio.Task[None] | None = None
        self._microphone: rtc.LocalTrackPublication | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()

    async def join(self, address: ServerAddress, room: str, identity: str) -> None:
        """Join a room with a microphone that sends silence until something is said."""
        await self.listen_in(address, room, identity)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        self._microphone = await self.room.local_participant.publish_track(track, options)
        self._speaking = asyncio.create_task(self._speak(), name="microphone")

    async def is_listened_to(self) -> None:
        """Wait until somebody listens to the microphone."""
        assert self._microphone
        async with asyncio.timeout(TIMEOUT_S):
            await self._microphone.wait_for_subscription()

    async def listen_in(self, address: ServerAddress, room: str, identity: str) -> None:
        """Join a room only to listen."""

        @self.room.on("track_subscribed")
        def on_subscribed(track: rtc.Track, _: object, sender: rtc.RemoteParticipant) -> None:
            if agent_name(sender) == self._role.peer and not self._ear.done():
                self._ear.set_result(Ear(track))

        grants = api.VideoGrants(room_join=True, room=room)
        await self.room.connect(address.url, address.token(identity, grants))

    async def say(self, text: str, sound: Sound = as_spoken) -> None:
        """Say `text`, to the end, as `sound` makes it sound."""
        frame = await self._models.tts.synthesize(text).collect()
        samples = sound(pcm.from_frames([frame]))
        padded = np.pad(samples, (0, -len(samples) % FRAME))
        self._played.clear()
        self._pending.extend(padded.reshape(-1, FRAME))
        started_at = time.time() + self._source.queued_duration
        await self._played.wait()
        stopped_at = time.time() + self._source.queued_duration
        self.journal.emit(
            Said(
                text=text,
                intended=text,
                interrupted=False,
                started_at=started_at,
                stopped_at=stopped_at,
            )
        )

    async def hears(self, seconds: float) -> None:
        """Wait until the agent has been heard to speak for so long."""
        async with asyncio.timeout(TIMEOUT_S):
            await (await self._ear).hears(seconds)

    async def hears_out(self) -> str:
        """The words of the agent's turn, once it is over."""
        async with asyncio.timeout(TIMEOUT_S):
            frames = await (await self._ear).hears_out()
        heard = await self._models.stt.recognize(frames)
        return heard.alternatives[0].text

    async def hang_up(self) -> None:
        """Leave; the second time, nothing."""
        if self._speaking:
            self._speaking.cancel()
            await asyncio.wait([self._speaking])
            self._speaking = None
        if self._ear.done():
            await self._ear.result().aclose()
        await self.room.disconnect()
        await self._source.aclose()

    async def _speak(self) -> None:
        silence = np.zeros(FRAME, np.float32)
        while True:
            samples = self._pending.popleft() if self._pending else silence
            played = pcm.to_pcm(samples)
            await self._source.capture_frame(rtc.AudioFrame(played, RATE_HZ, 1, FRAME))
            if not self._pending:
                self._played.set()


def person(settings: Settings, role: Role = Role.CUSTOMER) -> Person:
    """A person with the voice and the ears that an agent of `role` has, in its place."""
    return Person(engines.load(settings.engines(role), settings), role)


class PhoneCall:
    """A recorded call between the agent of one role and a person in the other."""

    def __init__(self, someone: Person, path: Path, role: Role) -> None:
        self.person, self.path = someone, path
        self.events: list[Event] = []
        """What the agent's worker and the driver reported, in order of arrival."""
        self._role = role
        self._coming: dict[type[Payload], asyncio.Queue[Any]] = defaultdict(asyncio.Queue)

    def on_event(self, event: Event) -> None:
        self.events.append(event)
        if event.source == self._role:
            self._coming[type(event.payload)].put_nowait(event.payload)

    async def next(self, kind: type[P], timeout_s: float = TIMEOUT_S) -> P:
        """The next that the agent says of that kind, each once."""
        async with asyncio.timeout(timeout_s):
            said: P = await self._coming[kind].get()
            return said

    def reported(self, kind: type[P]) -> list[P]:
        """All that the agent has said of that kind."""
        said = [event.payload for event in self.events if event.source == self._role]
        return [payload for payload in said if isinstance(payload, kind)]

    def at(self, said: Payload) -> float:
        """When that was said, in seconds since the epoch by the clock of who said it."""
        return next(event.at for event in self.events if event.payload is said)

    @property
    def transcript(self) -> Transcript:
        """The labelled transcript, once the call is over."""
        return transcript.read(self.path)

    @property
    def metrics(self) -> Metrics:
        """The measurements, once the call is over."""
        return metrics.read(self.path)


@asynccontextmanager
async def phone_call(
    address: ServerAddress,
    settings: Settings,
    spec: CallSpec,
    out: Path,
    *,
    agent: Role = Role.SUPPORT,
) -> AsyncIterator[PhoneCall]:
    """Call the agent of a role; on leaving, its room is gone and the folder is labelled."""
    room = f"phone-{uuid4().hex[:8]}"
    speaker = agent.peer
    peers = {agent: Peer(identity=speaker, kind=PeerKind.STANDARD)}
    spec = spec.model_copy(update={"call_id": room, "recorder": IDENTITY, "peers": peers})
    folder = CallFolder.create(out, room)
    token = recorder_token(address, room)
    journal = Journal("driver")
    async with (
        address.client() as livekit,
        Recorder(folder, journal, room=room, call_id=room) as recorder,
        person(settings, speaker) as someone,
    ):
        call = PhoneCall(someone, folder.path, agent)
        recorder.on_event(call.on_event)
        await create_room(livekit, room, spec.limits)
        await recorder.start(address.url, token)
        bus = RoomBus(someone.room, IDENTITY, someone.journal)
        try:
            await someone.join(address, room, speaker)
            bus.start()
            await dispatch(livekit, room, agent, spec.to_metadata(agent))
            yield call
        finally:
            await bus.aclose()
            await someone.hang_up()
            ending = Ending(Outcome.COMPLETED)
            journal.emit(CallEnded(**ending._asdict()))
            recorded = await recorder.stop()
            await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
    filed = await asyncio.to_thread(
        file_call,
        folder,
        spec,
        Held(ending, recorded),
        transport=TransportName.LIVEKIT,
        clock=Clock.REAL,
    )
    call.path = filed.folder


async def dispatch(livekit: api.LiveKitAPI, room: str, agent_name: str, metadata: str = "") -> None:
    """What `lk dispatch create --room ROOM --agent-name NAME [--metadata M]` does."""
    request = api.CreateAgentDispatchRequest(room=room, agent_name=agent_name, metadata=metadata)
    await livekit.agent_dispatch.create_dispatch(request)
