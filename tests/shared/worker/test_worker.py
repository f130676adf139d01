"""Workers as processes on a real server: how they start, refuse, stop and fail."""

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import psutil
import pytest
import pytest_asyncio
from livekit import api, rtc

from duologue.call.over_livekit.dispatch import create_room
from duologue.call.over_livekit.recorder import recorder_token
from duologue.servers.ports import free_ports
from duologue.servers.process import Program
from duologue.servers.server import running_server
from shared.address import ServerAddress
from shared.errors import UsageError, WorkerFailed
from shared.limits import Limits
from shared.settings import Settings, inherited_environment
from shared.spec import Role
from shared.worker.bus import REFUSED_TOPIC
from shared.worker.linking import AGENT_NAME, agent_name
from tests.roles import call_spec

pytestmark = pytest.mark.asyncio(loop_scope="module")

PASSWORD = "hunter2-hunter2"
"""In the address that the worker is given, though no LiveKit server asks for one."""
ANSWER_TIMEOUT_S = 60.0
AWAY_S = 22.0
"""For so long a worker is stopped whose connection is then made anew, and not resumed."""


class Worker:
    """A worker's process, and what it printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._news = asyncio.Event()
        self.program: Program

    @classmethod
    async def start(cls, *arguments: str, **variables: str) -> "Worker":
        self = cls()
        self.program = await Program.start(
            [sys.executable, *arguments],
            env=inherited_environment() | variables,
            on_line=self._on_line,
        )
        return self

    def _on_line(self, line: str) -> None:
        self.lines.append(line)
        self._news.set()

    @property
    def records(self) -> list[dict[str, Any]]:
        """What it printed as JSON, a line each."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    async def has_said(self, event: str) -> dict[str, Any]:
        """The record of an event, once it is printed."""
        ending = asyncio.create_task(self.program.wait(), name="ending")
        try:
            while True:
                self._news.clear()
                for record in self.records:
                    if record["event"] == event:
                        return record
                assert not ending.done(), self.lines[-3:]
                news = asyncio.create_task(self._news.wait(), name="news")
                await asyncio.wait([news, ending], return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
        finally:
            ending.cancel()


def known_to(address: ServerAddress) -> dict[str, str]:
    return {
        "LIVEKIT_URL": address.url,
        "LIVEKIT_API_KEY": address.api_key,
        "LIVEKIT_API_SECRET": address.api_secret.get_secret_value(),
        "SUPPORT_PORT": "0",
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(settings: Settings) -> AsyncIterator[ServerAddress]:
    """A server of our own: the worker of these tests must not get jobs of others."""
    async with running_server(settings, lambda _: None) as server:
        yield server.address


class Life(NamedTuple):
    """What was seen in the life of a worker."""

    worker: Worker
    listens: set[tuple[str, int]]
    """The addresses and ports at which it did once it was registered, without that of readiness."""
    refusals: dict[str, dict[str, str]]
    """What the room was told, by the metadata that was wrong."""
    came: dict[str, bool]
    """Whether it came where the metadata is another make's, after that."""
    stayed: bool
    """Whether it was still in its call some time after SIGTERM."""
    waited: bool
    """Whether it was still in a room then that nobody had come to."""
    ready: tuple[int, int]
    """What its port of readiness answered in the call, before and after SIGTERM."""
    code: int


IGNORED = {
    "nothing": "",
    "plain text": "hello from " + "far " * 50,
    "another make's": '{"call_id": "7", "caller": "+49 30 123456"}',
}
WRONG = {
    "no CallSpec": '{"call_id": "c1"}',
    "another role's": call_spec().to_metadata(Role.CUSTOMER),
    "an unknown engine": call_spec()
    .to_metadata(Role.SUPPORT)
    .replace(call_spec().engines[Role.SUPPORT].tts, "parrot/polly"),
}


async def _refused(address: ServerAddress, metadata: str) -> dict[str, str]:
    """What a room is told after a dispatch with this metadata."""
    told: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
    room, name = rtc.Room(), f"refused-{secrets.token_hex(4)}"

    @room.on("data_received")
    def on_data(packet: rtc.DataPacket) -> None:
        if packet.topic == REFUSED_TOPIC:
            told.set_result(json.loads(packet.data))

    async with address.client() as livekit:
        await create_room(livekit, name, Limits())
        await room.connect(address.url, recorder_token(address, name))
        request = api.CreateAgentDispatchRequest(room=name, agent_name="support", metadata=metadata)
        await livekit.agent_dispatch.create_dispatch(request)
        try:
            return await asyncio.wait_for(told, ANSWER_TIMEOUT_S)
        finally:
            await room.disconnect()
            await livekit.room.delete_room(api.DeleteRoomRequest(room=name))


async def _comes(livekit: api.LiveKitAPI, room: str, metadata: str = "") -> bool:
    """Whether the support agent comes into a room after a bare dispatch."""
    await create_room(livekit, room, Limits())
    request = api.CreateAgentDispatchRequest(room=room, agent_name="support", metadata=metadata)
    await livekit.agent_dispatch.create_dispatch(request)
    deadline = time.monotonic() + ANSWER_TIMEOUT_S
    while time.monotonic() < deadline:
        if await _is_in(livekit, room):
            return True
        await asyncio.sleep(0.1)
    return False


async def _is_in(livekit: api.LiveKitAPI, room: str) -> bool:
    found = await livekit.room.list_participants(api.ListParticipantsRequest(room=room))
    return any(one.attributes.get(AGENT_NAME) == "support" for one in found.participants)


@asynccontextmanager
async def _called(address: ServerAddress, room: str) -> AsyncIterator[bool]:
    """Somebody with a microphone in a room; whether the support agent comes there, too."""
    someone = rtc.Room()
    grants = api.VideoGrants(room_join=True, room=room)
    await someone.connect(address.url, address.token("somebody", grants))
    track = rtc.LocalAudioTrack.create_audio_track("microphone", rtc.AudioSource(24_000, 1))
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await someone.local_participant.publish_track(track, options)
    try:
        async with address.client() as livekit:
            yield await _comes(livekit, room)
    finally:
        await someone.disconnect()


async def _status(port: int) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}") as answer,
    ):
        return answer.status


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def life(address: ServerAddress) -> Life:
    """The support worker, from its start over refusals and a call to SIGTERM."""
    (port,) = free_ports(1)
    url = address.url.replace("//", f"//somebody:{PASSWORD}@")
    known = known_to(address) | {"DUOLOGUE_READY_PORT": str(port), "LIVEKIT_URL": url}
    worker = await Worker.start("-m", "support_agent", **known)
    await worker.has_said("REGISTERED")
    listens = {
        (each.laddr.ip, each.laddr.port)
        for each in psutil.Process(worker.program.pid).net_connections("tcp")
        if each.status == psutil.CONN_LISTEN
    }
    refusals = {name: await _refused(address, metadata) for name, metadata in WRONG.items()}
    async with address.client() as livekit:
        came = {name: await _comes(livekit, name, sent) for name, sent in IGNORED.items()}
        async with _called(address, "good") as taken:
            assert taken
            ready = await _status(port)
            os.kill(worker.program.pid, signal.SIGTERM)
            await asyncio.sleep(2)  # in which it must not leave
            stayed, waited = await _is_in(livekit, "good"), await _is_in(livekit, "nothing")
            ready_then = await _status(port)
    code = await worker.program.wait()
    await worker.program.stop(grace_s=0)
    return Life(worker, listens, refusals, came, stayed, waited, (ready, ready_then), code)


async def test_a_worker_says_in_one_json_line_that_it_is_registered(
    life: Life, address: ServerAddress
) -> None:
    (registered,) = (each for each in life.worker.records if each["event"] == "REGISTERED")
    assert registered["role"] == "support"
    assert registered["url"] == address.url
    assert {address for address, _ in life.listens} == {"127.0.0.1"}
    assert registered["port"] in {port for _, port in life.listens}
    assert len(life.listens) == 2  # the other is where it says whether it is registered
    assert registered["worker_id"]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("no CallSpec", "not a CallSpec: scenario"),
        ("another role's", "support: its sheet is missing"),
        ("an unknown engine", "parrot/polly"),
    ],
)
async def test_a_job_with_wrong_metadata_is_refused_and_the_room_is_told_why(
    life: Life, wrong: str, reason: str
) -> None:
    assert life.refusals[wrong]["role"] == "support"
    assert reason in life.refusals[wrong]["reason"]
    assert "\n" not in life.refusals[wrong]["reason"]


async def test_refusals_are_in_the_log_and_the_worker_goes_on(life: Life) -> None:
    refused = [each for each in life.worker.records if each["event"] == "REFUSED"]
    assert len(refused) == len(WRONG)
    assert all(life.came.values())


async def test_metadata_of_another_make_is_ignored_and_the_log_says_what_it_was(
    life: Life,
) -> None:
    assert life.came == dict.fromkeys(IGNORED, True)
    ignored = {each["room"]: each for each in life.worker.records if "metadata" in each}
    assert ignored.keys() == IGNORED.keys() - {"nothing"}
    assert {each["level"] for each in ignored.values()} == {"warning"}
    assert ignored["another make's"]["metadata"] == IGNORED["another make's"]
    shown = ignored["plain text"]["metadata"]
    assert IGNORED["plain text"].startswith(shown.removesuffix("..."))
    assert len(shown) < 100


async def test_sigterm_lets_the_call_end_and_then_ends_the_worker(life: Life) -> None:
    assert life.stayed
    assert life.code == 0


async def test_sigterm_ends_a_job_at_once_that_nobody_has_come_to(life: Life) -> None:
    assert not life.waited


async def test_ctrl_c_lets_the_call_go_on_and_a_second_one_ends_it(address: ServerAddress) -> None:
    worker = await Worker.start("-m", "support_agent", **known_to(address))
    try:
        await worker.has_said("REGISTERED")
        async with _called(address, "urgent") as taken, address.client() as livekit:
            assert taken
            os.kill(worker.program.pid, signal.SIGINT)
            await worker.has_said("waiting for calls to end; Ctrl-C again ends them")
            assert await _is_in(livekit, "urgent")
            os.kill(worker.program.pid, signal.SIGINT)
            assert await worker.program.wait() == 0
            assert not await _is_in(livekit, "urgent")
        ended = await worker.has_said("ENDED")
        assert ended["reason"] == "stopped"
    finally:
        await worker.program.stop(grace_s=0)


async def test_a_worker_that_goes_on_after_a_pause_leaves_no_room_that_it_made_anew(
    address: ServerAddress,
) -> None:
    worker = await Worker.start("-m", "support_agent", **known_to(address))
    try:
        await worker.has_said("REGISTERED")
        async with address.client() as livekit:
            assert await _comes(livekit, "lonely")
            os.kill(worker.program.pid, signal.SIGSTOP)
            await asyncio.sleep(AWAY_S / 2)
            await livekit.room.delete_room(api.DeleteRoomRequest(room="lonely"))
            await asyncio.sleep(AWAY_S / 2)
            os.kill(worker.program.pid, signal.SIGCONT)
            ended = await worker.has_said("ENDED")
            assert ended["reason"] == "stopped"
            named = api.ListRoomsRequest(names=["lonely"])
            while (await livekit.room.list_rooms(named)).rooms:  # noqa: ASYNC110 - asked, not told
                await asyncio.sleep(0.1)
    finally:
        await worker.program.stop(grace_s=0)


async def test_a_worker_that_is_to_stop_says_that_it_is_offered_no_calls(life: Life) -> None:
    assert life.ready == (200, 503)


async def test_a_worker_prints_json_only_and_no_secret(life: Life, address: ServerAddress) -> None:
    assert not [line for line in life.worker.lines if not line.startswith("{")]
    for secret in (address.api_secret.get_secret_value(), PASSWORD):
        assert not [line for line in life.worker.lines if secret in line]
    assert not [record for record in life.worker.records if "exc_info" in record]


THEIRS = ("-m", "livekit.agents", "start", "support_agent/worker.py")

IMPATIENT = """
import sys
from shared.spec import Role
from shared.worker import worker
from support_agent.agent import bare_spec, create_party

sys.exit(worker.run(Role.SUPPORT, create_party, bare_spec, connect_retries=1))
"""
"""The support worker, but it tries only twice to reach its server, which takes no minutes."""


class Failure(NamedTuple):
    """How a worker ended that could not start."""

    code: int
    lines: list[str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def failures(address: ServerAddress) -> dict[str, Failure]:
    """Workers that cannot start, two at once, for most of each is the start of a Python."""
    good = known_to(address)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        variables = {
            "no address": {},
            "a wrong secret": good | {"LIVEKIT_API_SECRET": "wrong" * 8},
            "a port in use": good | {"SUPPORT_PORT": port},
            "another port in use": good | {"DUOLOGUE_READY_PORT": port},
            "no number": good | {"SUPPORT_PORT": "eighty"},
            "no server": good | {"LIVEKIT_URL": f"ws://127.0.0.1:{free_ports(1)[0]}"},
        }
        arguments = {"no server": ("-c", IMPATIENT)}
        turnstile = asyncio.Semaphore(2)

        async def fail(name: str) -> Failure:
            async with turnstile:
                return await end_of(name)

        async def end_of(name: str) -> Failure:
            worker = await Worker.start(
                *arguments.get(name, ("-m", "support_agent")), **variables[name]
            )
            try:
                return Failure(await worker.program.wait(), worker.lines)
            finally:
                await worker.program.stop(grace_s=0)

        ended = await asyncio.gather(*map(fail, variables))
        return dict(zip(variables, ended, strict=True))


@pytest.mark.parametrize(
    ("name", "says", "code"),
    [
        ("no address", "LIVEKIT_URL is not set", UsageError.exit_code),
        ("a wrong secret", "does not accept LIVEKIT_API_KEY", UsageError.exit_code),
        ("a port in use", "address already in use", WorkerFailed.exit_code),
        ("another port in use", "address already in use", WorkerFailed.exit_code),
        ("no number", "environment variable SUPPORT_PORT", UsageError.exit_code),
        ("no server", "failed to connect to livekit", WorkerFailed.exit_code),
    ],
)
async def test_a_worker_that_cannot_start_says_why_in_one_line_and_fails(
    failures: dict[str, Failure], name: str, says: str, code: int
) -> None:
    failure = failures[name]
    errors = [line for line in failure.lines if '"level": "error"' in line]
    assert len(errors) == 1
    assert says in json.loads(errors[0])["error"]
    assert not [line for line in failure.lines if "Traceback" in line]
    assert failure.code == code


async def test_livekits_own_command_runs_a_worker_too(address: ServerAddress) -> None:
    (port,) = free_ports(1)
    variables = known_to(address) | {"SUPPORT_PORT": str(port)}
    worker = await Worker.start(*THEIRS, **variables)
    try:
        room = rtc.Room()
        async with address.client() as livekit:
            while not any("registered worker" in line for line in worker.lines):
                assert worker.program.running, worker.lines[-3:]
                await asyncio.sleep(0.1)
            assert await _comes(livekit, "theirs")
            await room.connect(address.url, recorder_token(address, "theirs"))
            names = [agent_name(one) for one in room.remote_participants.values()]
            await room.disconnect()
            await livekit.room.delete_room(api.DeleteRoomRequest(room="theirs"))
        assert names == ["support"]
    finally:
        await worker.program.stop(grace_s=0)
