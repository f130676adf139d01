"""The recorder on a real server, with audio whose place is known."""

import asyncio
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4
from zipfile import ZipFile

import numpy as np
import pytest
import soundfile
from livekit import api, rtc
from pydantic import SecretStr

from duologue.call.over_livekit import inbox
from duologue.call.over_livekit.recorder import IDENTITY, Recorder, recorder_token
from duologue.folder.channels import RATE_HZ
from duologue.folder.folder import CallFolder, Take
from duologue.servers.server import Server, running_server
from shared.errors import ServerUnreachable
from shared.events import (
    Dispatched,
    Failed,
    Heard,
    Heartbeat,
    Joined,
    Left,
    Payload,
    Published,
    Ready,
    Refused,
    RoomClosed,
    StateChanged,
    Subscribed,
    Unpublished,
)
from shared.events.journal import Event, Journal
from shared.settings import Settings
from shared.side.tap import Played
from shared.spec import Role
from shared.worker.bus import EVENTS_TOPIC, PLAYED_TOPIC, RECORDER, REFUSED_TOPIC, Refusal
from shared.worker.linking import AGENT_NAME

FRAME = RATE_HZ // 100
CLICK_EVERY_S = 0.5
MICROPHONE = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)


class Voice:
    """A participant that sends a click twice a second, at the same moments as every other."""

    def __init__(self, *, knows: bool = True) -> None:
        self.room = rtc.Room()
        self.knows = knows
        """Whether it was told who records."""
        # What is queued goes on playing while the event loop is blocked.
        self.source = rtc.AudioSource(RATE_HZ, 1, queue_size_ms=2000)
        self._track = rtc.LocalAudioTrack.create_audio_track("voice", self.source)

    async def publish(self) -> None:
        self._track = rtc.LocalAudioTrack.create_audio_track("voice", self.source)
        await self.room.local_participant.publish_track(self._track, MICROPHONE)

    async def unpublish(self) -> None:
        await self.room.local_participant.unpublish_track(self._track.sid)

    async def send(self, *events: Event) -> None:
        await self.room.local_participant.send_text(
            "\n".join(event.to_json() for event in events),
            topic=EVENTS_TOPIC,
            destination_identities=[IDENTITY],
            attributes={RECORDER: IDENTITY} if self.knows else {},
        )


class Studio(NamedTuple):
    """A recorder and two voices in one room."""

    recorder: Recorder
    voices: dict[Role, Voice]
    path: Path
    events: list[Event]

    async def until(self, condition: Callable[[], bool], timeout_s: float = 60) -> None:
        """Wait until a condition holds that an event brings about."""
        changed = asyncio.Event()
        self.recorder.on_event(lambda _: changed.set())
        async with asyncio.timeout(timeout_s):
            while not condition():
                await changed.wait()
                changed.clear()

    def count(self, kind: type[Payload], **fields: object) -> int:
        """How many events there were of a kind with these fields, among others."""
        said = [event.payload for event in self.events if isinstance(event.payload, kind)]
        return sum(fields.items() <= payload.fields().items() for payload in said)


def room_token(server: Server, identity: str, room: str) -> str:
    return server.address.token(identity, api.VideoGrants(room_join=True, room=room))


def token_for_recorder(server: Server, room: str) -> str:
    return recorder_token(server.address, room)


async def click(voices: list[Voice]) -> None:
    """Keep all voices clicking, paced by the first one's queue."""
    burst = (12_000 * np.sin(2 * np.pi * 1000 * np.arange(FRAME) / RATE_HZ)).astype(np.int16)
    silent = np.zeros(FRAME, dtype=np.int16)
    number = 0
    while True:
        samples = burst if number % round(CLICK_EVERY_S * 100) == 0 else silent
        audio = rtc.AudioFrame(samples.tobytes(), RATE_HZ, 1, FRAME)
        await asyncio.gather(*(voice.source.capture_frame(audio) for voice in voices))
        number += 1


@asynccontextmanager
async def studio(server: Server, tmp_path: Path) -> AsyncIterator[Studio]:
    room = f"recorder-{uuid4().hex[:8]}"
    folder = CallFolder.create(tmp_path, "c1")
    voices = {role: Voice() for role in Role}
    events: list[Event] = []
    async with Recorder(folder, Journal("driver"), room=room, call_id="c1") as recorder:
        recorder.on_event(events.append)
        await recorder.start(server.address.url, token_for_recorder(server, room))
        for role, voice in voices.items():
            await voice.room.connect(server.address.url, room_token(server, role, room))
        clicking = asyncio.create_task(click(list(voices.values())))
        place = Studio(recorder, voices, folder.path, events)
        try:
            yield place
        finally:
            clicking.cancel()
            await asyncio.wait([clicking])
            await asyncio.gather(*(voice.room.disconnect() for voice in voices.values()))


async def both_heard(place: Studio) -> None:
    """Publish both voices, and wait until the recorder receives them."""
    await asyncio.gather(*(voice.publish() for voice in place.voices.values()))
    await place.until(lambda: place.count(Subscribed) == 2)


def clicks(path: Path) -> tuple[list[np.ndarray[Any, Any]], float]:
    """Where clicks begin in each channel, in seconds, and how long the recording is."""
    audio, rate = soundfile.read(path / "wire.flac", dtype="int16")
    assert (rate, audio.shape[1]) == (RATE_HZ, 2)
    starts = []
    for channel in audio.T:
        loud = np.flatnonzero(np.abs(channel.astype(np.int32)) > 3000)
        first = np.diff(loud, prepend=-RATE_HZ) > RATE_HZ // 5
        starts.append(loud[first] / rate)
    return starts, len(audio) / rate


def nothing_lost(recorded: Take) -> bool:
    """Whether all audio came; a few frames may be lost to a machine that is busy otherwise."""
    lost = recorded.recording
    return all(lost.inserted_s[role] < 0.05 and lost.cut_s[role] < 0.05 for role in Role)


def slack_s(recorded: Take) -> float:
    """How far sounds may be from their place: more where WebRTC itself was kept from its work.

    On a machine too busy to deliver packets in time, its jitter buffer grows, and it says so.
    """
    return 0.2 if any(recorded.recording.concealed_s.values()) else 0.02


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (path / "events.jsonl").read_text().splitlines()]


async def test_both_channels_are_on_one_clock_as_long_as_the_call(
    server: Server, tmp_path: Path
) -> None:
    began = time.monotonic()
    async with studio(server, tmp_path) as place:
        await both_heard(place)
        await asyncio.sleep(6)
        recorded = await place.recorder.stop()
        took_s = time.monotonic() - began
    (customer, support), length_s = clicks(place.path)
    assert length_s == pytest.approx(recorded.duration_s, abs=0.001)
    assert length_s == pytest.approx(took_s, abs=0.7)
    assert nothing_lost(recorded)
    # The first seconds are left out: WebRTC's jitter buffer is still finding its length.
    late_c, late_s = customer[customer > length_s - 3], support[support > length_s - 3]
    apart = np.abs(late_c[:, None] - late_s[None, :]).min(axis=1)
    assert len(late_c) >= 5
    assert apart.max() < slack_s(recorded)
    assert np.diff(late_c) == pytest.approx(CLICK_EVERY_S, abs=slack_s(recorded))


async def test_a_blocked_event_loop_leaves_no_hole(server: Server, tmp_path: Path) -> None:
    async with studio(server, tmp_path) as place:
        await both_heard(place)
        await asyncio.sleep(2)
        time.sleep(1)  # noqa: ASYNC251 - this is the fault
        await asyncio.sleep(2.5)
        recorded = await place.recorder.stop()
    assert nothing_lost(recorded)
    (customer, support), length_s = clicks(place.path)
    assert length_s == pytest.approx(recorded.duration_s, abs=0.001)
    for channel in (customer, support):
        late = channel[channel > 1.5]
        assert len(late) >= 6
        assert np.diff(late) == pytest.approx(CLICK_EVERY_S, abs=slack_s(recorded))


async def test_a_track_that_goes_and_comes_back_leaves_silence_and_stays_in_step(
    server: Server, tmp_path: Path
) -> None:
    async with studio(server, tmp_path) as place:
        await both_heard(place)
        await asyncio.sleep(1.5)
        await place.voices[Role.CUSTOMER].unpublish()
        await place.until(lambda: place.count(Unpublished) == 1)
        gone_s = place.recorder.clock.now()
        await asyncio.sleep(2)
        await place.voices[Role.CUSTOMER].publish()
        await place.until(lambda: place.count(Subscribed) == 3)
        back_s = place.recorder.clock.now()
        await asyncio.sleep(3)
        recorded = await place.recorder.stop()
    (customer, support), _ = clicks(place.path)
    assert not ((customer > gone_s + 0.05) & (customer < back_s)).any()
    assert recorded.recording.inserted_s[Role.CUSTOMER] == pytest.approx(back_s - gone_s, abs=0.2)
    assert recorded.recording.inserted_s[Role.SUPPORT] < 0.05
    after = customer[customer > back_s + 1.2]
    assert len(after) >= 3
    assert np.abs(after[:, None] - support[None, :]).min(axis=1).max() < slack_s(recorded) + 0.02


async def test_a_burst_of_events_arrives_whole_and_in_order(server: Server, tmp_path: Path) -> None:
    def numbered(role: Role, number: int) -> Event:
        return Event(role, time.time(), StateChanged(old="listening", new=str(number)))

    async with studio(server, tmp_path) as place:
        for number in range(0, 500, 5):
            for role, voice in place.voices.items():
                await voice.send(*(numbered(role, number + i) for i in range(5)))
        await place.until(lambda: place.count(StateChanged) == 1000)
        await place.recorder.stop()
    for role in Role:
        said = [event.payload for event in place.events if event.source == role]
        heard = [payload.new for payload in said if isinstance(payload, StateChanged)]
        assert heard == [str(number) for number in range(500)]
        kept = [line["new"] for line in lines(place.path) if line["role"] == role]
        assert kept == heard


async def test_a_side_is_known_to_live_while_something_that_it_sent_is_not_there_yet(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "EVENTS_TIMEOUT_S", 600.0)
    async with studio(server, tmp_path) as place:
        alive: list[Role] = []
        two = asyncio.Event()

        def on_alive(role: Role) -> None:
            alive.append(role)
            if len(alive) == 2:
                two.set()

        place.recorder.on_alive(on_alive)
        customer = place.voices[Role.CUSTOMER]
        unfinished = await customer.room.local_participant.stream_text(
            topic=EVENTS_TOPIC,
            destination_identities=[IDENTITY],
            attributes={RECORDER: IDENTITY},
        )
        await unfinished.write("{")
        await customer.send(Event("customer", time.time(), Heartbeat()))
        await two.wait()
        assert alive == [Role.CUSTOMER, Role.CUSTOMER]
        assert place.count(Heartbeat) == 0  # it is read after what was sent before it
        await place.recorder.stop()


async def test_speech_that_is_sent_is_kept_as_it_is_and_what_is_none_is_reported(
    server: Server, tmp_path: Path
) -> None:
    flac = Played(np.arange(-9000, 9000, dtype=np.int16).tobytes(), 0.0).to_flac()
    async with studio(server, tmp_path) as place:
        for role, voice in place.voices.items():
            for name, data in ((f"{role}-0001.flac", flac), (f"{role}-0002.flac", b"no sound")):
                await voice.room.local_participant.send_bytes(
                    data,
                    topic=PLAYED_TOPIC,
                    name=name,
                    destination_identities=[IDENTITY],
                    attributes={RECORDER: IDENTITY},
                )
        await place.until(lambda: place.count(Failed) == 2)
        await place.recorder.stop()
    with ZipFile(place.path / "played.zip") as played:
        assert {each: played.read(each) for each in played.namelist()} == {
            f"{role}-0001.flac": flac for role in Role
        }
    said = [event.payload for event in place.events]
    problems = {(p.sender, p.error.split(":")[1]) for p in said if isinstance(p, Failed)}
    assert problems == {(role, f" {role}-0002.flac") for role in Role}


async def test_times_by_a_worker_clock_that_is_wrong_are_put_on_the_recordings(
    server: Server, tmp_path: Path
) -> None:
    ahead_s = 100.0
    async with studio(server, tmp_path) as place:
        sent: list[float] = []
        for _ in range(5):
            now = time.time()
            sent.append(place.recorder.clock.now())
            event = Event("support", now + ahead_s, Heartbeat())
            await place.voices[Role.SUPPORT].send(event)
        await place.until(lambda: place.count(Heartbeat) == 5)
        await place.recorder.stop()
    beats = [line for line in lines(place.path) if line["event"] == "HEARTBEAT"]
    assert [beat["t"] for beat in beats] == pytest.approx(sent, abs=0.05)


async def test_the_room_is_in_the_events(server: Server, tmp_path: Path) -> None:
    async with studio(server, tmp_path) as place:
        await both_heard(place)
        await place.voices[Role.SUPPORT].room.disconnect()
        await place.until(lambda: place.count(Left) == 1)
        assert list(place.recorder.participants) == [Role.CUSTOMER]
        await place.recorder.stop()
    for kind in (Joined, Published, Subscribed):
        assert all(place.count(kind, identity=role.value) == 1 for role in Role)
    assert place.count(Left, identity="support", reason="client_initiated") == 1
    written = lines(place.path)
    assert [line["t"] for line in written] == sorted(line["t"] for line in written)
    assert {line["call_id"] for line in written} == {"c1"}


async def test_nobody_sees_the_recorder_and_it_hears_only_the_two(
    server: Server, tmp_path: Path
) -> None:
    async with studio(server, tmp_path) as place:
        room = place.recorder._room.name
        stranger = Voice()
        await stranger.room.connect(server.address.url, room_token(server, "monitor", room))
        await stranger.publish()
        await both_heard(place)
        assert IDENTITY not in stranger.room.remote_participants
        assert IDENTITY not in place.voices[Role.CUSTOMER].room.remote_participants
        await stranger.send(Event("customer", 0.0, Heard(text="Hi.")))
        await place.voices[Role.CUSTOMER].send(Event("customer", 0.0, Ready()))
        await place.until(lambda: place.count(Ready) == 1)
        await place.recorder.stop()
        await stranger.room.disconnect()
    assert place.count(Subscribed, identity="monitor") == 0
    assert place.count(Heard) == 0


def agent_token(server: Server, role: Role, room: str) -> str:
    """A token like that of a worker's job."""
    address = server.address
    return (
        api.AccessToken(address.api_key, address.api_secret.get_secret_value())
        .with_identity(role)
        .with_kind("agent")
        .with_attributes({AGENT_NAME: role})
        .with_grants(api.VideoGrants(room_join=True, room=room, agent=True))
        .to_jwt()
    )


@pytest.mark.parametrize("first", ["stranger", "agent"])
async def test_a_person_with_the_identity_and_attributes_of_an_agent_is_no_side_of_the_call(
    server: Server, tmp_path: Path, first: str
) -> None:
    async with studio(server, tmp_path) as place:
        await both_heard(place)
        for role, voice in place.voices.items():
            await voice.room.disconnect()
            dispatched = Dispatched(agent_name=role, dispatch_id=f"AD_{role}")
            place.recorder._journal.emit(dispatched)
        await place.until(lambda: place.count(Left) == 2)
        room = place.recorder._room.name
        agent, stranger = Voice(), Voice(knows=False)
        person = (
            api.AccessToken(server.address.api_key, server.address.api_secret.get_secret_value())
            .with_identity(Role.SUPPORT)
            .with_attributes({AGENT_NAME: Role.SUPPORT})
            .with_grants(api.VideoGrants(room_join=True, room=room))
            .to_jwt()
        )
        if first == "agent":
            await agent.room.connect(server.address.url, agent_token(server, Role.SUPPORT, room))
            await agent.publish()
            await place.until(lambda: place.count(Subscribed, side=Role.SUPPORT) == 2)
        await stranger.room.connect(server.address.url, person)
        await stranger.send(Event("support", 0.0, Heard(text="forged")))
        await stranger.publish()
        await place.until(lambda: place.count(Published, side=None) == 1)
        assert place.recorder.find(Role.SUPPORT) is None
        if first == "stranger":
            await agent.room.connect(server.address.url, agent_token(server, Role.SUPPORT, room))
            await agent.publish()
            await place.until(lambda: place.count(Subscribed, side=Role.SUPPORT) == 2)
            assert place.recorder.find(Role.SUPPORT)
            await agent.send(Event("support", 0.0, Ready()))
            await place.until(lambda: place.count(Ready) == 1)
        await place.recorder.stop()
        await asyncio.gather(agent.room.disconnect(), stranger.room.disconnect())
    assert place.count(Heard) == 0
    assert place.count(Joined, side=Role.SUPPORT) == 2  # the voice of the studio was the first
    assert place.count(Subscribed, side=Role.SUPPORT) == 2


async def test_only_the_refusal_of_a_dispatch_of_this_call_reaches_the_driver(
    server: Server, tmp_path: Path
) -> None:
    async with studio(server, tmp_path) as place:
        refused: list[tuple[Role, str]] = []
        place.recorder.on_refused(lambda role, reason: refused.append((role, reason)))
        participant = place.voices[Role.SUPPORT].room.local_participant
        refusal = Refusal(role=Role.SUPPORT, reason="no such engine", dispatch_id="AD_ours")
        for data in (
            b"not json",
            Refusal(role=Role.SUPPORT, reason="forged").to_data(),
            Refusal(role=Role.SUPPORT, reason="of another call", dispatch_id="AD_2").to_data(),
            refusal.to_data(),
        ):
            await participant.publish_data(data, topic=REFUSED_TOPIC)
        await place.until(lambda: "AD_ours" in place.recorder._refusals)
        assert not refused
        place.recorder._journal.emit(Dispatched(agent_name="support", dispatch_id="AD_ours"))
        await place.until(lambda: place.count(Refused) == 1)
        await place.recorder.stop()
    assert refused == [(Role.SUPPORT, "no such engine")]


async def test_a_room_deleted_from_outside_ends_the_recording_and_keeps_it(
    server: Server, tmp_path: Path
) -> None:
    address = server.address
    secret = address.api_secret.get_secret_value()
    async with studio(server, tmp_path) as place:
        await both_heard(place)
        await asyncio.sleep(1.5)
        async with api.LiveKitAPI(address.url, address.api_key, secret) as livekit:
            room = place.recorder._room.name
            await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
        assert await place.recorder.closed == "room_deleted"
        recorded = await place.recorder.stop()
    assert place.count(RoomClosed, reason="room_deleted") == 1
    (customer, support), length_s = clicks(place.path)
    assert len(customer) >= 2
    assert len(support) >= 2
    assert length_s == pytest.approx(recorded.duration_s, abs=0.001)


async def test_a_token_that_is_not_accepted_is_a_known_error(
    server: Server, tmp_path: Path
) -> None:
    folder = CallFolder.create(tmp_path, "c1")
    wrong = server.address.model_copy(update={"api_secret": SecretStr("x" * 32)})
    token = recorder_token(wrong, "room")
    async with Recorder(folder, Journal("driver"), room="room", call_id="c1") as recorder:
        with pytest.raises(ServerUnreachable):
            await recorder.start(server.address.url, token)
    assert isinstance(await recorder.stop(), Take)


async def test_a_connection_that_drops_for_a_moment_is_no_end_and_what_is_lost_is_counted(
    server: Server, tmp_path: Path
) -> None:
    async with studio(server, tmp_path) as place:
        await both_heard(place)
        await asyncio.sleep(1)
        room = place.recorder._room
        back = asyncio.Event()
        room.on("reconnected", back.set)
        await room.simulate_scenario(rtc.SimulateScenarioKind.SIMULATE_SIGNAL_RECONNECT)
        await back.wait()
        await asyncio.sleep(2)
        assert not place.recorder.closed.done()
        recorded = await place.recorder.stop()
    assert place.count(Left) == 0
    assert set(recorded.recording.concealed_s) == set(Role)
    (customer, support), length_s = clicks(place.path)
    assert customer[-1] == pytest.approx(length_s, abs=0.7)
    assert support[-1] == pytest.approx(length_s, abs=0.7)


async def test_a_server_that_goes_away_ends_the_recording_in_time_and_keeps_it(
    settings: Settings, tmp_path: Path
) -> None:
    async with (
        running_server(settings, lambda _: None) as server,
        studio(server, tmp_path) as place,
    ):
        await both_heard(place)
        await asyncio.sleep(1.5)
        os.kill(server.program.pid, signal.SIGKILL)
        assert await place.recorder.closed == "connection_lost"
        recorded = await place.recorder.stop()
    assert place.count(Left) == 0
    (customer, support), length_s = clicks(place.path)
    assert len(customer) >= 2
    assert len(support) >= 2
    assert length_s == pytest.approx(recorded.duration_s, abs=0.001)
