import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from livekit import api
from pydantic import SecretStr

from duologue.doctor import checks, doctor
from duologue.doctor.doctor import STATUS, Stage, StageResult, StageStatus, exit_status
from duologue.servers.ports import free_ports
from duologue.servers.server import Server, running_server
from duologue.servers.worker_processes import Worker, running_workers
from shared.address import ServerAddress
from shared.settings import Settings
from shared.spec import Mode, Role
from tests.conftest import Background
from tests.duologue.broken_worker import Breakage
from tests.duologue.processes import REPOSITORY


class BrokenSite(NamedTuple):
    """A server whose workers do what `file` says."""

    address: ServerAddress
    file: Path


def ignore(_: object) -> None:
    pass


@pytest.fixture(scope="module")
def broken_site(
    background: Background, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrokenSite]:
    file = tmp_path_factory.mktemp("broken") / "breakage"
    argv = [sys.executable, "-m", "tests.duologue.broken_worker", str(file)]

    @asynccontextmanager
    async def site() -> AsyncIterator[BrokenSite]:
        async with (
            running_server(settings, ignore) as server,
            running_workers(server.address, roles=[Role.SUPPORT], argv=lambda _: argv),
        ):
            yield BrokenSite(server.address, file)

    with background.entered(site()) as running:
        yield running


@pytest.fixture
def patient_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not come soon does not come from a worker that is broken."""
    for name in ("PUBLISHED", "SUBSCRIBED", "SOUND", "VAD", "HEARD", "SAID", "TURN"):
        monkeypatch.setattr(checks, f"{name}_TIMEOUT_S", 1.5)


async def rooms(address: ServerAddress) -> list[str]:
    async with address.client() as livekit:
        found = await livekit.room.list_rooms(api.ListRoomsRequest())
    return [room.name for room in found.rooms]


def first_failure(results: list[StageResult]) -> StageResult:
    return next(result for result in results if result.status is StageStatus.FAILED)


async def test_a_healthy_server_with_both_workers_passes_every_stage(
    settings: Settings, server: Server, workers: dict[Role, Worker]
) -> None:
    assert workers
    told: list[StageResult] = []
    results = await doctor.examine(server.address, settings, hold_s=1, on_stage=told.append)
    assert [result for result in results if result.status is not StageStatus.PASSED] == []
    assert told == results
    assert [stage for stage in Stage if stage in {result.stage for result in results}] == list(
        Stage
    )
    both = [result.role for result in results if result.stage is Stage.ECHO]
    assert both == list(Role)
    assert exit_status(results) == 0
    assert not [room for room in await rooms(server.address) if room.startswith("doctor-")]


@pytest.mark.parametrize(
    ("breakage", "stage", "seen"),
    [
        (Breakage.REFUSES, Stage.DISPATCH, "refused the job.*engine 'x' cannot be used"),
        (Breakage.LEAVES, Stage.PRESENT, r"left (after \d\.\d s|at once)"),
        (Breakage.PUBLISHES_NOTHING, Stage.PUBLISHED, "no microphone track"),
        (Breakage.LETS_NOBODY_SUBSCRIBE, Stage.SUBSCRIBED, "published, but not subscribed"),
        (Breakage.IS_SILENT, Stage.SOUND, "nothing louder than -[0-9]+ dBFS"),
        (Breakage.SENDS_NOISE, Stage.ECHO, r"correlation 0\.[0-4]"),
        (Breakage.NOTICES_NO_SPEECH, Stage.VAD, "noticed no speech"),
        (Breakage.MISHEARS, Stage.STT, "heard “Good mourning tests.”"),
        (Breakage.DOES_NOT_REPLY, Stage.REPLY, "no fixed reply"),
        (Breakage.REPLIES_WITHOUT_SOUND, Stage.TTS, "heard “” at -"),
        (Breakage.TALKS_TO_ITSELF, Stage.TURN, "customer and support heard nothing"),
    ],
)
@pytest.mark.usefixtures("patient_for_a_second")
async def test_a_broken_worker_fails_the_stage_that_is_about_it(
    settings: Settings, broken_site: BrokenSite, breakage: Breakage, stage: Stage, seen: str
) -> None:
    broken_site.file.write_text(breakage, encoding="utf-8")
    talks = stage is Stage.TURN
    answers = stage in {Stage.VAD, Stage.STT, Stage.REPLY, Stage.TTS}
    results = await doctor.examine(
        broken_site.address,
        settings,
        hold_s=1 if stage is Stage.PRESENT else 0.5,
        on_stage=ignore,
        roles=list(Role) if talks else [Role.SUPPORT],
        modes=[Mode.TALK if talks else Mode.REPLY if answers else Mode.ECHO],
    )
    failure = first_failure(results)
    assert failure.stage is stage
    assert re.search(seen, failure.seen)
    assert failure.cure
    assert "{" not in failure.cure
    assert exit_status(results) == STATUS[stage]
    after = results[results.index(failure) + 1 :]
    assert {result.status for result in after} <= {StageStatus.SKIPPED}
    assert all(result.seen == f"needs {stage}, which failed" for result in after)
    assert await rooms(broken_site.address) == []


async def test_without_workers_the_dispatch_fails_and_leaves_nothing_behind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "DISPATCH_TIMEOUT_S", 1.0)
    async with running_server(settings, ignore) as bare:
        results = await doctor.examine(
            bare.address, settings, hold_s=1, on_stage=ignore, modes=[Mode.ECHO]
        )
        failures = [result for result in results if result.status is StageStatus.FAILED]
        assert [(failure.stage, failure.role) for failure in failures] == [
            (Stage.DISPATCH, Role.CUSTOMER),
            (Stage.DISPATCH, Role.SUPPORT),
        ]
        assert "no worker took the dispatch of agent 'support'" in failures[1].seen
        assert "python -m support_agent" in failures[1].cure
        assert exit_status(results) == STATUS[Stage.DISPATCH]
        assert await rooms(bare.address) == []


async def test_a_server_that_goes_away_fails_the_room(settings: Settings) -> None:
    async with running_server(settings, ignore) as doomed:

        def kill_once_the_key_is_accepted(result: StageResult) -> None:
            if result.stage is Stage.VOICE:
                os.kill(doomed.program.pid, signal.SIGKILL)

        results = await doctor.examine(
            doomed.address, settings, hold_s=1, on_stage=kill_once_the_key_is_accepted
        )
    assert first_failure(results).stage is Stage.ROOM
    assert exit_status(results) == STATUS[Stage.ROOM]


async def test_no_server_at_the_address_fails_the_first_stage_and_skips_the_others(
    settings: Settings,
) -> None:
    (port,) = free_ports(1)
    nowhere = ServerAddress(
        url=f"ws://127.0.0.1:{port}", api_key="key", api_secret=SecretStr("s" * 32)
    )
    results = await doctor.examine(nowhere, settings, hold_s=1, on_stage=ignore)
    assert first_failure(results).stage is Stage.SERVER
    assert exit_status(results) == STATUS[Stage.SERVER] == 10
    assert {result.status for result in results[1:] if result.stage is not Stage.VOICE} == {
        StageStatus.SKIPPED
    }
    assert {result.stage for result in results} == set(Stage)


async def test_a_wrong_key_fails_the_second_stage(settings: Settings, server: Server) -> None:
    wrong = server.address.model_copy(update={"api_secret": SecretStr("x" * 48)})
    results = await doctor.examine(wrong, settings, hold_s=1, on_stage=ignore, modes=[])
    assert [result.status for result in results[:2]] == [StageStatus.PASSED, StageStatus.FAILED]
    assert exit_status(results) == STATUS[Stage.KEY]


async def test_without_the_offline_engines_the_probe_says_that_it_has_no_voice(
    settings: Settings, broken_site: BrokenSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "ENGINES", checks.ENGINES.model_copy(update={"tts": "no/voice"}))
    broken_site.file.write_text(Breakage.IS_SILENT, encoding="utf-8")
    results = await doctor.examine(
        broken_site.address,
        settings,
        hold_s=0.1,
        on_stage=ignore,
        roles=[Role.SUPPORT],
        modes=[Mode.ECHO],
    )
    seen = {result.stage: result for result in results}
    assert seen[Stage.VOICE].status is StageStatus.FAILED
    assert "engine 'no/voice' cannot be used" in seen[Stage.VOICE].seen
    assert "offline" in seen[Stage.VOICE].cure
    assert seen[Stage.SUBSCRIBED].status is StageStatus.PASSED
    assert seen[Stage.ECHO].seen == "needs voice, which failed"
    assert exit_status(results) == STATUS[Stage.VOICE]


async def test_stopped_in_the_middle_it_leaves_no_room_behind(
    settings: Settings, broken_site: BrokenSite
) -> None:
    broken_site.file.write_text(Breakage.IS_SILENT, encoding="utf-8")
    dispatched = asyncio.Event()

    def on_stage(result: StageResult) -> None:
        if result.stage is Stage.DISPATCH:
            dispatched.set()

    examining = asyncio.create_task(
        doctor.examine(
            broken_site.address, settings, hold_s=60, on_stage=on_stage, modes=[Mode.ECHO]
        )
    )
    await dispatched.wait()
    assert len(await rooms(broken_site.address)) == 1
    examining.cancel()
    await asyncio.wait([examining])
    assert examining.cancelled()
    assert await rooms(broken_site.address) == []


def test_the_first_stage_that_failed_gives_the_exit_status() -> None:
    def result(stage: Stage, status: StageStatus) -> StageResult:
        return StageResult(stage, Role.SUPPORT, status, "", 0.0)

    assert exit_status([]) == 0
    assert exit_status([result(Stage.TURN, StageStatus.SKIPPED)]) == 0
    late, early = (
        result(Stage.TURN, StageStatus.FAILED),
        result(Stage.SOUND, StageStatus.FAILED),
    )
    assert exit_status([late, early]) == STATUS[Stage.SOUND]


def test_the_docs_have_the_same_stages_and_statuses() -> None:
    text = (REPOSITORY / "docs" / "doctor.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)
    assert [(stage, int(status)) for status, stage in rows] == list(STATUS.items())
