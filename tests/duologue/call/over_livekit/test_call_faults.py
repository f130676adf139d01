"""What goes wrong in a call: each fault ends it with an outcome and a whole folder."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import pytest
import pytest_asyncio
import soundfile
from livekit import api, rtc

from duologue.call.counterpart import OURS
from duologue.call.outcome import ExitCode
from duologue.call.transport import Watch
from duologue.cli.cli import CANCELLED_BY_SIGNAL
from duologue.folder import event_log, folder, played_zip
from duologue.labels import placement
from duologue.servers.process import Program
from duologue.servers.server import Server, running_server
from duologue.servers.worker_processes import Command as CommandOf
from duologue.servers.worker_processes import Worker
from shared.endings import Fault, Outcome
from shared.events import CallEnded, Dispatched, Failed, Joined, Said, Started, StateChanged
from shared.events.journal import Event
from shared.settings import Settings, inherited_environment
from shared.spec import CallSpec, Role
from tests import roles
from tests.disks import fill
from tests.duologue.processes import REPOSITORY, all_gone
from tests.folders import check_files
from tests.making import call_over
from tests.roles import Manners, call_spec, scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENT_S = 120.0
"""Until when agents must be there; on a busy machine a worker may take its time."""
REGISTERED_WITHIN_S = 200.0
"""What a busy machine may need to start a worker."""
SPEECH_RMS = 0.01


class Ended(NamedTuple):
    """A call that a fault has ended."""

    outcome: str
    fault: str | None
    detail: str
    after_s: float
    """From the fault to the end; from the start where both agents never were there."""
    folder: Path


class Stage:
    """A server with scripted workers on it, on which calls are made to fail."""

    def __init__(self, server: Server, out: Path) -> None:
        self.server, self.out = server, out
        self.workers: dict[Role, Worker] = {}

    async def staff(self, argv: CommandOf = roles.command) -> None:
        """Start what workers are missing, and wait until all are registered."""
        for role in set(Role) - self.workers.keys():
            self.workers[role] = await Worker.start(role, self.server.address, argv=argv)
        await asyncio.gather(
            *(worker.ready(timeout_s=REGISTERED_WITHIN_S) for worker in self.workers.values())
        )

    async def kill(self, role: Role) -> None:
        """Kill a worker as the system would, without a chance to say anything."""
        worker = self.workers.pop(role)
        os.kill(worker.pid, signal.SIGKILL)
        await worker.stop()

    async def call(
        self,
        spec: CallSpec,
        *,
        on_event: Callable[[Event], None] = lambda _: None,
        dispatch_timeout_s: float = PATIENT_S,
    ) -> Ended:
        """Make a call and see how it ends; the fault is in it once both agents are there."""
        began = time.monotonic()
        joined: dict[str, float] = {}

        def watch(event: Event) -> None:
            joining = event.payload
            if isinstance(joining, Joined) and (name := joining.agent_name):
                joined.setdefault(name, time.monotonic())
            on_event(event)

        result = await call_over(
            self.server.address,
            spec,
            self.out,
            Settings(_env_file=None),
            counterpart=OURS.with_dispatch_timeout(dispatch_timeout_s),
            watch=Watch(watch),
        )
        check_files(result.folder)
        since = max(joined.values()) if len(joined) == len(Role) else began
        return Ended(*result.ending, time.monotonic() - since, result.folder)

    async def call_until(self, call_id: str, fault: Callable[[], Awaitable[object]]) -> Ended:
        """Make a call in which `fault` happens once both sides have been heard."""
        speaking = asyncio.Event()

        def on_event(event: Event) -> None:
            if _is_customer_speaking(event):
                speaking.set()

        call = asyncio.create_task(self.call(call_spec(call_id), on_event=on_event))
        waiting = asyncio.create_task(speaking.wait())
        await asyncio.wait({call, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if call.done():
            waiting.cancel()
            pytest.fail(f"it ended before the customer spoke: {call.result()}")
        await asyncio.sleep(1.0)  # of speech, which is to be in the recording
        began = time.monotonic()
        await fault()
        return (await call)._replace(after_s=time.monotonic() - began)

    async def no_room_left(self) -> bool:
        """Whether all rooms are gone, as soon as who is late for a call has gone too."""
        async with self.server.address.client() as livekit:
            for _ in range(50):
                if not (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms:
                    return True
                await asyncio.sleep(0.1)
        return False


def _is_customer_speaking(event: Event) -> bool:
    """Whether the customer begins to speak, which it does second."""
    changed = isinstance(event.payload, StateChanged) and event.payload.new == "speaking"
    return changed and event.source == Role.CUSTOMER


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    # A job that hangs is not over when its call is, so there must be room for more of them.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUOLOGUE_WORKER_CALLS", "12")
        async with running_server(settings, lambda _: None) as server:
            stage = Stage(server, tmp_path_factory.mktemp("calls"))
            try:
                yield stage
            finally:
                await asyncio.gather(*(worker.stop() for worker in stage.workers.values()))


QUIET = {
    "raise": {Role.SUPPORT: Manners.RAISE},
    "raise-early": {Role.CUSTOMER: Manners.RAISE_EARLY},
    "leave": {Role.CUSTOMER: Manners.LEAVE},
    "silent": {Role.CUSTOMER: Manners.SILENT},
    "absent": {Role.SUPPORT: Manners.ABSENT},
    "hang": {Role.SUPPORT: Manners.HANG},
}
"""Faults that cost hardly any time of a processor: made at once, for much of it is waiting."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quiet(stage: Stage) -> dict[str, Ended]:
    await stage.staff()
    ended: dict[str, Ended] = {}

    async def make(*names: str) -> None:
        for name in names:
            spec = call_spec(name, scenario=scenario(QUIET[name]))
            timeout_s = OURS.dispatch_timeout_s if name == "absent" else PATIENT_S
            ended[name] = await stage.call(spec, dispatch_timeout_s=timeout_s)

    await asyncio.gather(
        make("raise", "raise-early", "leave"), make("silent"), make("absent"), make("hang")
    )
    return ended


def whole(path: Path) -> tuple[float, float]:
    """How loud each side is in a call folder (RMS, 1 is full scale), which must be whole.

    As it came over the wire, and in the clean audio: the quieter of both.
    """
    call = json.loads((path / folder.CALL).read_text(encoding="utf-8"))
    found = {file.name for file in path.iterdir()} - {folder.CALL}
    assert found - {played_zip.FILE} == {
        "audio.flac", "events.jsonl", "metrics.json", "placement.json", "recognition.json",
        "report.html", "timeline.json", "transcript.json", "wire.flac",
    }  # fmt: skip
    assert call["files"] == {name: folder.sha256(path / name) for name in found}
    assert {"outcome", "fault", "spec", "run", "versions"} <= call.keys()
    (outcome,) = event_log.read(path, CallEnded)
    assert outcome.payload.outcome == call["outcome"]
    loud: list[tuple[float, float]] = []
    for name in (folder.WIRE, folder.AUDIO):
        audio, rate = soundfile.read(path / name)
        assert rate == 24_000
        assert len(audio) / rate == pytest.approx(call["duration_s"], abs=0.05)
        left, right = np.sqrt((audio**2).mean(axis=0)) if len(audio) else (0.0, 0.0)
        loud.append((float(left), float(right)))
    (left_wire, right_wire), (left, right) = loud
    return min(left_wire, left), min(right_wire, right)


def only_whole_folders(out: Path) -> bool:
    return not [entry for entry in out.iterdir() if entry.name.startswith(".")]


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("raise", (Outcome.AGENT_CRASHED, Fault.SUPPORT, "support: crashed: ")),
        ("raise-early", (Outcome.AGENT_CRASHED, Fault.CUSTOMER, "customer: crashed: ")),
        ("leave", (Outcome.WORKER_LOST, Fault.SYSTEM, "")),
        ("silent", (Outcome.PEER_NEVER_CAME, Fault.SYSTEM, "no audio track of customer")),
        ("absent", (Outcome.NOT_PICKED_UP, Fault.SYSTEM, "the job of agent 'support' in room")),
        ("hang", (Outcome.WORKER_LOST, Fault.SYSTEM, "no heartbeat from support")),
    ],
    ids=list(QUIET),
)
async def test_an_agent_that_fails_ends_the_call_and_leaves_a_whole_folder(
    stage: Stage, quiet: dict[str, Ended], name: str, ending: tuple[Outcome, Fault, str]
) -> None:
    ended = quiet[name]
    assert (ended.outcome, ended.fault) == ending[:2]
    assert ending[2] in ended.detail
    whole(ended.folder)
    assert only_whole_folders(stage.out)
    assert await stage.no_room_left()


async def test_what_an_agents_code_raised_is_in_the_events(quiet: dict[str, Ended]) -> None:
    for name, problem in (("raise", "the agent's own mistake"), ("raise-early", "whisper/broken")):
        errors = event_log.read(quiet[name].folder, Failed)
        assert problem in " ".join(error.payload.error for error in errors)


async def test_a_refused_job_ends_the_waiting_at_once(stage: Stage) -> None:
    await stage.staff()
    spec = call_spec("refused")
    wrong = spec.engines[Role.SUPPORT].model_copy(update={"tts": "parrot/polly"})
    spec = spec.model_copy(update={"engines": spec.engines | {Role.SUPPORT: wrong}})
    ended = await stage.call(spec)
    assert (ended.outcome, ended.fault) == (Outcome.REFUSED, Fault.SYSTEM)
    assert "agent 'support' refused the job" in ended.detail
    assert "parrot/polly" in ended.detail
    whole(ended.folder)
    assert await stage.no_room_left()


async def test_waiting_for_an_agent_ends_at_the_deadline(quiet: dict[str, Ended]) -> None:
    assert quiet["absent"].after_s >= OURS.dispatch_timeout_s


async def test_clocks_that_are_put_back_in_mid_call_break_no_conversation(stage: Stage) -> None:
    for role in tuple(stage.workers):
        await stage.kill(role)
    await stage.staff(roles.jumping_command)

    async def put_back() -> None:
        for worker in stage.workers.values():
            os.kill(worker.pid, signal.SIGUSR2)

    ended = await stage.call_until("jumping", put_back)
    for role in Role:
        await stage.kill(role)
    assert (ended.outcome, ended.detail) == (Outcome.COMPLETED, "customer: goodbye")
    for said in event_log.read(ended.folder, Said):
        assert said.payload.started_at
        assert said.payload.stopped_at
        assert 0 < said.payload.stopped_at - said.payload.started_at < 60


async def test_a_recorder_that_is_removed_from_outside_ends_the_call_and_says_so(
    stage: Stage,
) -> None:
    await stage.staff()

    async def remove() -> None:
        async with stage.server.address.client() as livekit:
            rooms = (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms
            [name] = [room.name for room in rooms if room.name.startswith("duologue-removed-")]
            listed = await livekit.room.list_participants(api.ListParticipantsRequest(room=name))
            [recorder] = [one for one in listed.participants if one.permission.hidden]
            one = api.RoomParticipantIdentity(room=name, identity=recorder.identity)
            await livekit.room.remove_participant(one)

    ended = await stage.call_until("removed", remove)
    assert (ended.outcome, ended.fault) == (Outcome.RECORDER_REMOVED, Fault.SYSTEM)
    assert ended.detail.startswith("somebody removed the recorder from the room")
    assert min(whole(ended.folder)) > SPEECH_RMS
    assert only_whole_folders(stage.out)


@pytest.mark.parametrize("role", Role)
async def test_a_side_whose_place_somebody_else_takes_ends_the_call_and_says_so(
    stage: Stage, role: Role
) -> None:
    await stage.staff()
    somebody = rtc.Room()

    async def join() -> None:
        async with stage.server.address.client() as livekit:
            rooms = (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms
            [name] = [room.name for room in rooms if room.name.startswith(f"duologue-as-{role}-")]
        token = stage.server.address.token(role, api.VideoGrants(room_join=True, room=name))
        await somebody.connect(stage.server.address.url, token)

    ended = await stage.call_until(f"as-{role}", join)
    await somebody.disconnect()
    assert (ended.outcome, ended.fault) == (Outcome.SIDE_REMOVED, Fault.SYSTEM)
    assert ended.detail == f"somebody else joined the room as {role} (duplicate_identity)"
    assert only_whole_folders(stage.out)


async def test_a_room_deleted_from_outside_ends_the_call(stage: Stage) -> None:
    await stage.staff()

    async def delete() -> None:
        async with stage.server.address.client() as livekit:
            rooms = (await livekit.room.list_rooms(api.ListRoomsRequest())).rooms
            [name] = [room.name for room in rooms if room.name.startswith("duologue-deleted-")]
            await livekit.room.delete_room(api.DeleteRoomRequest(room=name))

    ended = await stage.call_until("deleted", delete)
    assert (ended.outcome, ended.fault) == (Outcome.ROOM_DELETED, Fault.SYSTEM)
    assert min(whole(ended.folder)) > SPEECH_RMS
    assert only_whole_folders(stage.out)
    assert await stage.no_room_left()


@pytest.mark.parametrize("role", Role)
async def test_a_worker_killed_in_mid_call_ends_the_call(stage: Stage, role: Role) -> None:
    await stage.staff()
    ended = await stage.call_until(f"killed-{role}", lambda: stage.kill(role))
    assert (ended.outcome, ended.fault) == (Outcome.WORKER_LOST, Fault.SYSTEM)
    assert role in ended.detail
    assert min(whole(ended.folder)) > SPEECH_RMS
    # The customer was speaking then, and could send no copy of that; the support agent had spoken.
    placed = placement.read(ended.folder)
    assert {stretch.role for stretch in placed.from_wire} == {Role.CUSTOMER}
    assert {one.role for one in placed.utterances if one.source == "copy"} == {Role.SUPPORT}
    assert only_whole_folders(stage.out)
    assert await stage.no_room_left()


DRIVER = """
import asyncio, sys
from pathlib import Path
from duologue.call.transport import Watch
from shared.address import ServerAddress
from shared.settings import Settings
from tests.making import call_over
from tests.roles import call_spec

def told(event):
    print(event.to_json(), flush=True)

address = ServerAddress(url=sys.argv[1], api_key=sys.argv[2], api_secret=sys.argv[3])
settings = Settings(_env_file=None)
asyncio.run(call_over(address, call_spec("again"), Path(sys.argv[4]), settings, watch=Watch(told)))
"""


async def test_agents_whose_driver_was_killed_leave_and_are_not_taken_for_those_of_the_next(
    stage: Stage,
) -> None:
    await stage.staff()
    address = stage.server.address
    secret = address.api_secret.get_secret_value()
    killed = await Program.start(
        [sys.executable, "-c", DRIVER, address.url, address.api_key, secret, str(stage.out)],
        env=inherited_environment() | {"PYTHONPATH": str(REPOSITORY)},
        on_line=(lines := Lines()).take,
    )
    await lines.until(lambda line: '"event":"STATE"' in line and '"speaking"' in line)
    os.kill(killed.pid, signal.SIGKILL)
    await killed.stop(grace_s=0)
    ended = await stage.call(call_spec("again"))
    assert ended.outcome is Outcome.COMPLETED, ended
    begun = [entry.role for entry in event_log.read(ended.folder, Started)]
    assert sorted(begun) == sorted(Role)
    assert only_whole_folders(stage.out)
    assert await stage.no_room_left()


class Lines:
    """What a program prints, line by line."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._news = asyncio.Event()

    def take(self, line: str) -> None:
        self._lines.append(line)
        self._news.set()

    async def until(self, wanted: Callable[[str], bool]) -> None:
        """Wait for such a line."""
        try:
            async with asyncio.timeout(PATIENT_S):
                while not any(map(wanted, self._lines)):
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            error.add_note("\n".join(["it had printed:", *self._lines]))
            raise


class Command:
    """A `duologue call` that starts all it needs itself, and talks."""

    def __init__(self, out: Path, cache: Path) -> None:
        self.out = out
        self.process = subprocess.Popen(
            [sys.executable, "-m", "duologue", "call", "--json", "--out", out, "--call-id", "c"],
            cwd=REPOSITORY,
            env=inherited_environment() | {"DUOLOGUE_CACHE": str(cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.children: list[psutil.Process] = []

    def until_both_were_heard(self) -> None:
        assert self.process.stdout is not None
        if not any(map(_is_customer_speaking, map(Event.from_json, self.process.stdout))):
            pytest.fail(f"it ended: {self.process.communicate()[1]}")
        self._look()
        time.sleep(1.0)  # of speech, which is to be in the recording

    def until_dispatched(self) -> None:
        assert self.process.stdout is not None
        events = map(Event.from_json, self.process.stdout)
        if not any(isinstance(event.payload, Dispatched) for event in events):
            pytest.fail(f"it ended: {self.process.communicate()[1]}")
        self._look()

    def _look(self) -> None:
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    def child(self, name: str) -> int:
        """The process id of what was started with `name` in its command line."""
        (pid,) = (each.pid for each in self.children if name in " ".join(each.cmdline()))
        return pid

    def ended(self) -> int:
        """Its exit code."""
        self.process.communicate()
        return self.process.returncode


@pytest.fixture
def command(tmp_path: Path, settings: Settings, server: Server) -> Iterator[Command]:
    del server  # which has built the binary
    (tmp_path / "cache").mkdir()
    if (settings.duologue_cache / "bin").exists():
        (tmp_path / "cache" / "bin").symlink_to(settings.duologue_cache / "bin")
    running = Command(tmp_path / "calls", tmp_path / "cache")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate()


def _pids(children: Iterable[psutil.Process]) -> list[int]:
    return [each.pid for each in children]


async def test_ctrl_c_ends_the_call_and_all_that_it_started(command: Command) -> None:
    await asyncio.to_thread(command.until_both_were_heard)
    command.process.send_signal(signal.SIGINT)
    code = await asyncio.to_thread(command.ended)
    assert code == CANCELLED_BY_SIGNAL
    assert len(command.children) >= 6  # the server, two workers, and a guard of each
    assert await all_gone(_pids(command.children), within_s=1)
    call = json.loads((command.out / "c" / folder.CALL).read_text(encoding="utf-8"))
    assert (call["outcome"], call["fault"]) == (Outcome.CANCELLED, Fault.SYSTEM)
    assert min(whole(command.out / "c")) > SPEECH_RMS / 2
    assert only_whole_folders(command.out)


async def test_a_server_that_is_killed_ends_the_call_and_the_workers(command: Command) -> None:
    await asyncio.to_thread(command.until_both_were_heard)
    os.kill(command.child("livekit-server"), signal.SIGKILL)
    code = await asyncio.to_thread(command.ended)
    assert code == ExitCode.SYSTEM
    assert await all_gone(_pids(command.children), within_s=1)
    call = json.loads((command.out / "c" / folder.CALL).read_text(encoding="utf-8"))
    assert (call["outcome"], call["fault"]) == (Outcome.SERVER_LOST, Fault.SYSTEM)
    assert min(whole(command.out / "c")) > SPEECH_RMS / 2
    assert only_whole_folders(command.out)


async def test_a_worker_that_is_killed_as_the_call_is_set_up_ends_it_at_once(
    command: Command,
) -> None:
    """Nobody would join in the dead worker's place, and nobody else would say so."""
    await asyncio.to_thread(command.until_dispatched)
    os.kill(command.child("customer_agent"), signal.SIGKILL)
    code = await asyncio.to_thread(command.ended)
    assert code == ExitCode.SYSTEM
    call = json.loads((command.out / "c" / folder.CALL).read_text(encoding="utf-8"))
    assert (call["outcome"], call["fault"]) == (Outcome.WORKER_LOST, Fault.SYSTEM)
    assert call["detail"] == "worker customer: killed by SIGKILL"
    assert only_whole_folders(command.out)


async def test_a_disk_that_fills_ends_the_call_at_once_and_what_was_recorded_is_whole(
    stage: Stage, small_disk: Path
) -> None:
    await stage.staff()
    here = Stage(stage.server, small_disk)

    async def fault() -> None:
        fill(small_disk)

    ended = await here.call_until("full", fault)
    assert (ended.outcome, ended.fault) == (Outcome.RECORDING_FAILED, Fault.SYSTEM)
    assert re.fullmatch(
        rf"cannot write the recording in {re.escape(str(small_disk))}/.full.partial: "
        r"No space left on device; \d+ bytes are free",
        ended.detail,
    )
    customer, support = whole(ended.folder)
    assert min(customer, support) > SPEECH_RMS
