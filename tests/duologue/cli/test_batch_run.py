"""`duologue batch` as it is used: killed, stopped, made twice at once, and gone on with."""

import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from rich.console import Console

from duologue.batch.plan import Plan
from duologue.call.direct.transport import Direct
from duologue.cli.batch_run import BatchExit, make_batch
from duologue.folder import folder
from duologue.folder.folder import CallRecord
from duologue.labels import metrics
from duologue.report.summary import read_calls
from shared.spec import Role
from tests.duologue.batch.plans import SETTINGS, short_plan
from tests.duologue.batch.test_batch import BILL
from tests.duologue.processes import REPOSITORY, all_gone
from tests.duologue.report.test_summary import add_call

MAKE_TIMEOUT_S = 120.0
ONE_CALL = (
    "audio.flac", "events.jsonl", "metrics.json", "placement.json", "recognition.json",
    "report.html", "timeline.json", "transcript.json",
)  # fmt: skip
SEEN_TIMEOUT_S = 60.0


def begin(plan: Path, out: Path | str, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "duologue", "batch", plan, "--out", out, *options],
        cwd=REPOSITORY,
        env=os.environ | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def made(plan: Path, out: Path | str, *options: str) -> tuple[int, str]:
    """The exit code and the output of a batch that runs to its end."""
    running = begin(plan, out, *options)
    told, _ = running.communicate(timeout=MAKE_TIMEOUT_S)
    return running.returncode, told


def whole_calls(out: Path) -> dict[str, str]:
    """The calls in a folder, in which nothing else may be, with the checksum of each call.json."""
    found = {}
    for path in out.iterdir():
        call = json.loads((path / folder.CALL).read_text())
        names = {file.name for file in path.iterdir()} - {folder.CALL}
        assert call["files"] == {name: folder.sha256(path / name) for name in names}
        found[path.name] = folder.sha256(path / folder.CALL)
    return found


def until(seen: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    """Wait for something to be seen while a process runs."""
    deadline = time.monotonic() + SEEN_TIMEOUT_S
    while not (value := seen()):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return value


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return short_plan(tmp_path / "plan.jsonl", 8)


def ids(plan: Path) -> set[str]:
    return set(Plan.read(plan, SETTINGS).ids)


def test_what_was_killed_at_any_moment_is_gone_on_with(
    plan: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    out = tmp_path / "calls"
    moments = random.Random(4)  # noqa: S311 - no secret
    before: dict[str, str] = {}
    for _ in range(pytestconfig.getoption("--kills")):
        running = begin(plan, out)
        # From before the first call to after several.
        time.sleep(moments.uniform(2.0, 10.0))
        children = psutil.Process(running.pid).children(recursive=True)
        running.kill()
        running.communicate()
        assert asyncio.run(all_gone([each.pid for each in children], within_s=5))
        # Nothing of what was finished is gone or made anew.
        finished = {path.name for path in out.glob("[!.]*")} if out.exists() else set()
        for name, checksum in before.items():
            assert folder.sha256(out / name / folder.CALL) == checksum
        before = {name: folder.sha256(out / name / folder.CALL) for name in finished}
    code, _ = made(plan, out)
    assert code == BatchExit.MADE
    after = whole_calls(out)
    assert after.keys() == ids(plan)
    assert before.items() <= after.items()
    code, told = made(plan, out)
    assert (code, whole_calls(out)) == (BatchExit.MADE, after)
    assert "8 of 8 calls are there already" in told


def test_ctrl_c_finishes_what_runs_and_a_second_one_ends_it(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "calls"
    running = begin(plan, out, "--jobs", "2")
    until(lambda: list(out.glob(".*.partial")), running)
    children = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGINT)
    told, _ = running.communicate(timeout=MAKE_TIMEOUT_S)
    assert running.returncode == BatchExit.STOPPED
    finished = whole_calls(out)
    assert 1 <= len(finished) < 8
    assert f"{8 - len(finished)} calls are left; the same command goes on" in told
    running = begin(plan, out, "--jobs", "2")
    until(lambda: list(out.glob(".*.partial")), running)
    children += psutil.Process(running.pid).children(recursive=True)
    running.send_signal(signal.SIGINT)
    assert running.stdout is not None
    for line in running.stdout:
        if "again to stop at once" in line:
            break
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=10)
    assert running.returncode == BatchExit.STOPPED
    # What was recorded to its end by then, and only that, is kept.
    assert all(map(folder.is_unlabelled, out.glob(".*")))
    assert asyncio.run(all_gone([each.pid for each in children], within_s=5))
    assert (
        finished.items()
        <= {path.name: folder.sha256(path / folder.CALL) for path in out.glob("[!.]*")}.items()
    )


def test_two_batches_on_one_folder_make_every_call_once(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "calls"
    both = [begin(plan, out, "--jobs", "1") for _ in range(2)]
    told = [each.communicate(timeout=MAKE_TIMEOUT_S)[0] for each in both]
    assert [each.returncode for each in both] == [BatchExit.MADE] * 2, told
    assert whole_calls(out).keys() == ids(plan)
    counts = [int(number) for text in told for number in re.findall(r"(\d+) calls made", text)]
    assert sum(counts) == 8


async def test_a_process_that_crashes_takes_no_other_call_with_it(
    plan: Path, tmp_path: Path
) -> None:
    out = tmp_path / "calls"
    console = Console(file=StringIO(), width=200)
    batch = asyncio.create_task(
        make_batch(
            Plan.read(plan, SETTINGS),
            str(out),
            SETTINGS,
            console,
            transport=Direct(),
            jobs=2,
            shard="1/1",
            retries=1,
            on_line=lambda *_: None,
        )
    )
    async with asyncio.timeout(SEEN_TIMEOUT_S):
        while len(list(out.glob(".*.partial"))) < 2:  # noqa: ASYNC110 - seen, not told
            await asyncio.sleep(0.02)
    victim = next(
        each
        for each in psutil.Process().children(recursive=True)
        if "duologue.batch" in each.cmdline()
    )
    victim.kill()
    assert await batch == BatchExit.MADE
    assert whole_calls(out).keys() == ids(plan)
    again = [each.record for each in read_calls(out).calls if each.record.run.earlier]
    assert len(again) == 1
    assert "killed by SIGKILL" in again[0].run.earlier[0]


def test_the_same_calls_come_from_any_shard(tmp_path: Path) -> None:
    """Bytes and all, in another order, beside other calls."""
    plan = short_plan(tmp_path / "plan.jsonl", 4)
    code, _ = made(plan, tmp_path / "whole")
    assert code == BatchExit.MADE
    for shard in ("2/2", "1/2"):
        code, told = made(plan, tmp_path / "parts", "--shard", shard)
        assert code == BatchExit.MADE
        assert "2 calls made" in told
    for call_id in ids(plan):
        one, other = (tmp_path / place / call_id for place in ("whole", "parts"))
        documents = [json.loads((path / folder.CALL).read_text()) for path in (one, other)]
        for document in documents:
            del document["run"]
        assert documents[0] == documents[1]


def test_a_plan_that_was_edited_since_does_not_go_on_in_the_old_folder(tmp_path: Path) -> None:
    out = tmp_path / "calls"
    code, told = made(short_plan(tmp_path / "first.jsonl", 1), out)
    assert code == BatchExit.MADE, told
    before = whole_calls(out)
    code, told = made(short_plan(tmp_path / "edited.jsonl", 2, turns=4), out)
    assert (code, whole_calls(out)) == (BatchExit.WRONG_USE, before)
    assert "1 finished calls in --out were made from another specification" in told
    assert f"{next(iter(before))} (another limits)" in told


def test_what_finished_calls_cost_counts_towards_max_cost(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "calls"
    out.mkdir()
    planned = Plan.read(plan, SETTINGS)
    first, *others = planned.ids
    usage = {Role.CUSTOMER: (BILL.model_copy(update={"output_tokens": 1_000_000}),)}
    add_call(out, first, usage=usage)
    record = CallRecord.model_validate_json((out / first / folder.CALL).read_bytes())
    made_from = record.model_copy(update={"spec": planned.spec(0)})
    folder.write_json(out / first / folder.CALL, made_from)
    add_call(out, "of-another-plan", usage=usage)
    code, told = made(plan, out, "--max-cost", "2")
    assert code == BatchExit.MAX_COST
    assert "$2.00 of --max-cost 2 are spent" in told
    assert f"{len(others)} calls are left" in told
    assert {path.name for path in out.iterdir()} == {first, "of-another-plan"}
    (out / first / metrics.FILE).write_text("{")
    code, told = made(plan, out, "--max-cost", "9")
    assert code == BatchExit.WRONG_USE
    assert f"metrics.json of the finished call {first} is missing, damaged" in told


def test_a_batch_into_a_bucket_goes_on_there(
    s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUOLOGUE_CACHE", str(tmp_path / "cache"))
    plan = short_plan(tmp_path / "plan.jsonl", 3)
    code, told = made(plan, "s3://calls/batch", "--shard", "1/2")
    assert (code, "2 calls made" in told) == (BatchExit.MADE, True), told
    code, told = made(plan, "s3://calls/batch")
    assert (code, "2 of 3 calls are there already" in told) == (BatchExit.MADE, True), told
    found = s3.list_objects_v2(Bucket="calls", Prefix="batch/")["Contents"]
    names = {*ONE_CALL, folder.CALL}
    assert {each["Key"] for each in found} == {
        f"batch/{call_id}/{name}" for call_id in ids(plan) for name in names
    }
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_full_disk_ends_the_batch_and_it_goes_on_with_room(plan: Path, small_disk: Path) -> None:
    code, told = made(plan, small_disk / "calls", "--jobs", "1")
    assert code == BatchExit.FAILED
    assert re.search(r"disk full: only 6\d MiB are free for .*, 64 are needed", told)
    finished = whole_calls(small_disk / "calls")
    assert f"{8 - len(finished)} calls are left" in told
    assert 1 <= len(finished) < 8
    subprocess.run(["mount", "-o", "remount,size=90m", str(small_disk)], check=True)
    code, _ = made(plan, small_disk / "calls", "--jobs", "1")
    assert code == BatchExit.MADE
    assert finished.items() <= whole_calls(small_disk / "calls").items()
