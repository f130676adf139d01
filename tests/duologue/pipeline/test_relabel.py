"""Recorded calls are labelled again, whichever version wrote them, and the same way every time."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from duologue.cli.cli import app
from duologue.folder.folder import (
    AUDIO,
    CALL,
    CHANGED,
    RECORDED,
    SCHEMA,
    read_call,
    sha256,
    write_json,
)
from duologue.folder.migrations import MIGRATIONS
from duologue.labels import metrics
from duologue.labels.recorded_call import Call
from duologue.labels.transcript import transcript
from duologue.pipeline.relabel import Done, find_folders, relabel, relabel_all
from duologue.pipeline.stages import LabelStage, works
from duologue.report.summary import read_calls
from shared import entry_points
from shared.errors import FolderError, UsageError
from shared.spec import Role
from tests.folders import check_files
from tests.packages import declare

OLD = Path(__file__).with_name("folders")
"""Real calls, each cut off after 5 s, as earlier versions wrote them."""


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return shutil.copytree(OLD, tmp_path / "calls")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", sorted(path.name for path in OLD.iterdir()))
def test_a_call_of_an_earlier_version_becomes_one_of_this_and_then_stays_the_same(
    calls: Path, name: str
) -> None:
    folder = calls / name
    recorded = RECORDED[json.loads((folder / CALL).read_text())["transport"]] | {"events.jsonl"}
    before = contents(folder)
    assert CALL in relabel(folder, LabelStage.REPORT)
    call = read_call(folder)
    made = {each for work in works(LabelStage.PLACEMENT) for each in work.makes}
    assert made <= call.files.keys()
    assert call.files == {n: sha256(folder / n) for n in contents(folder) if n != CALL}
    assert {n: (folder / n).read_bytes() for n in recorded} == {n: before[n] for n in recorded}
    check_files(folder)
    once = contents(folder)
    for stage in LabelStage:
        assert relabel(folder, stage) == frozenset()
    assert contents(folder) == once


def test_what_an_earlier_version_wrote_is_read_once_it_is_relabelled(calls: Path) -> None:
    with pytest.raises(FolderError, match=r"has schema 1: bring it to 2 with `duologue relabel"):
        read_calls(calls)
    for folder in calls.iterdir():
        relabel(folder)
    assert {each.id for each in read_calls(calls).calls} == {f.name for f in OLD.iterdir()}


def test_audio_that_was_changed_on_purpose_is_kept_beside_and_leaves_all_labels_but_levels(
    calls: Path, tmp_path: Path
) -> None:
    folder = calls / "schema-1-direct"
    relabel(folder)
    before, clean = contents(folder), metrics.read(folder)
    sound, rate = soundfile.read(folder / AUDIO, dtype="int16")
    noise = np.random.default_rng(1).normal(0, 3000, sound.shape)
    noisy = tmp_path / "noisy.flac"
    soundfile.write(noisy, (0.5 * sound + noise).clip(-32768, 32767).astype("int16"), rate)
    told = CliRunner().invoke(app, ["relabel", str(folder), "--audio", str(noisy)])
    assert told.exit_code == 0, told.output
    after = contents(folder)
    assert after[CHANGED] == noisy.read_bytes()
    assert {name for name in before if before[name] != after[name]} == {
        CALL,
        metrics.FILE,
        "report.html",
    }
    check_files(folder)
    changed = metrics.read(folder)
    assert changed.levels != clean.levels
    assert changed.model_copy(update={"levels": clean.levels}) == clean
    assert np.array_equal(Call(folder).audio(), soundfile.read(noisy, dtype="int16")[0])
    for stage in LabelStage:
        assert relabel(folder, stage) == frozenset()
    # Another takes its place.
    assert relabel(folder, LabelStage.METRICS, folder / AUDIO) >= {CHANGED, metrics.FILE}
    assert metrics.read(folder) == clean


@pytest.mark.parametrize("wrong", ["missing", "text", "short", "folder"])
def test_audio_that_is_not_this_calls_is_refused(calls: Path, tmp_path: Path, wrong: str) -> None:
    folder = calls / "schema-1-direct"
    relabel(folder)
    before = contents(folder)
    given = tmp_path / "given.flac"
    if wrong == "text":
        given.write_text("fLaC and no more")
    elif wrong == "short":
        sound, rate = soundfile.read(folder / AUDIO, dtype="int16")
        soundfile.write(given, sound[:-1], rate)
    elif wrong == "folder":
        given.mkdir()
    told = CliRunner().invoke(app, ["relabel", str(folder), "--audio", str(given)])
    assert told.exit_code == FolderError.exit_code
    assert f"--audio {given}" in told.output.replace("\n", "")
    assert contents(folder) == before


def test_audio_is_of_one_call(calls: Path, tmp_path: Path) -> None:
    told = CliRunner().invoke(app, ["relabel", str(calls), "--audio", str(tmp_path / "a.flac")])
    assert isinstance(told.exception, UsageError)
    assert "--audio is of one call" in str(told.exception)


def test_there_is_a_way_from_every_earlier_version_and_a_call_of_each() -> None:
    versions = {json.loads((each / CALL).read_text())["schema"] for each in OLD.iterdir()}
    assert MIGRATIONS.keys() == versions == set(range(1, SCHEMA))


def test_a_stage_is_done_again_with_those_after_it_and_none_before(calls: Path) -> None:
    folder = calls / "schema-1-direct"
    relabel(folder)
    whole = contents(folder)
    call = read_call(folder)
    turns = transcript.read(folder).turns
    changed = transcript.Transcript(turns=turns[:1])
    write_json(folder / transcript.FILE, changed)
    sums = {**call.files, transcript.FILE: sha256(folder / transcript.FILE)}
    write_json(folder / CALL, call.model_copy(update={"files": sums}))
    assert metrics.FILE in relabel(folder, LabelStage.METRICS)
    assert metrics.read(folder).turns[Role.CUSTOMER] == 0
    assert transcript.read(folder) == changed
    assert transcript.FILE in relabel(folder, LabelStage.ALIGNMENT)
    assert contents(folder) == whole


def test_many_calls_are_relabelled_by_many_processes_and_what_cannot_be_is_named(
    calls: Path,
) -> None:
    bad = ("damaged", "newer", "no-json", "strange", "taken")
    for name in bad:
        shutil.copytree(OLD / "schema-1-direct", calls / name)
    (calls / "damaged" / "audio.flac").write_bytes(b"not any more")
    newer = json.loads((calls / "newer" / CALL).read_text())
    (calls / "newer" / CALL).write_text(json.dumps({**newer, "schema": SCHEMA + 1}))
    (calls / "no-json" / CALL).write_text("{")
    strange = json.loads((calls / "strange" / CALL).read_text())
    (calls / "strange" / "audio.flac").write_bytes(b"no audio at all")
    strange["files"]["audio.flac"] = sha256(calls / "strange" / "audio.flac")
    (calls / "strange" / CALL).write_text(json.dumps(strange))
    (calls / "no-call").mkdir()
    (calls / ".begun.partial").mkdir()
    (calls / ".begun.partial" / CALL).write_text("{")
    refused = {name: contents(calls / name) for name in bad}
    held = os.open(calls / "taken", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    command = [sys.executable, "-m", "duologue", "relabel", str(calls), "--jobs", "2"]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    os.close(held)
    assert ended.returncode == 2
    assert ended.stdout.splitlines()[-1] == "8 calls: 2 relabelled, 1 skipped, 5 refused"
    told = sorted(line.partition(f"{calls.name}/")[2] for line in ended.stderr.splitlines())
    begin = (
        ".begun.partial is damaged: call.json: Invalid JSON",
        "damaged is damaged: audio.flac is not what call.json says",
        "newer has schema 3, newer than 2, the newest that is known here: update duologue",
        "no-json is damaged: call.json: Invalid JSON",
        "strange has content of no call (LibsndfileError at soundfile.py:",
        "taken is being changed by another process",
    )
    assert len(told) == len(begin)
    assert [line[: len(part)] for line, part in zip(told, begin, strict=True)] == [*begin]
    assert {name: contents(calls / name) for name in refused} == refused
    assert read_call(calls / "schema-1-livekit").schema_version == SCHEMA


def test_no_more_processes_are_asked_for_than_there_are_cores(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    monkeypatch.setattr("duologue.pipeline.relabel.ProcessPoolExecutor", None)  # none is started
    told = CliRunner().invoke(app, ["relabel", str(calls), "--jobs", "1000"])
    assert (told.exit_code, told.stderr) == (0, "")


def test_a_call_of_a_business_that_is_not_here_is_named_and_stays_as_it_is(calls: Path) -> None:
    folder = calls / "schema-1-direct"
    recorded = json.loads((folder / CALL).read_text())
    recorded["spec"]["support"]["business"] = "/elsewhere/hotel"
    (folder / CALL).write_text(json.dumps(recorded))
    before = contents(folder)
    ended = CliRunner().invoke(app, ["relabel", str(folder)])
    assert ended.exit_code == 2
    assert "nor is there a folder /elsewhere/hotel" in " ".join(ended.stderr.split())
    assert contents(folder) == before


def test_a_business_whose_package_is_broken_is_told_with_the_folder(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = calls.parent / "site"
    declare(site, "grand-inn", "duologue.businesses", inn="not_installed_here:BUSINESS")
    monkeypatch.syspath_prepend(site)
    entry_points.added.cache_clear()
    folder = calls / "schema-1-direct"
    recorded = json.loads((folder / CALL).read_text())
    recorded["spec"]["support"]["business"] = "inn"
    (folder / CALL).write_text(json.dumps(recorded))
    (done,) = relabel_all([folder], LabelStage.PLACEMENT, jobs=1)
    entry_points.added.cache_clear()
    assert done.done is Done.REFUSED
    assert done.detail.startswith(f"{folder} cannot be labelled here: 'inn', which grand-inn 1.0")


def test_a_pipe_in_the_place_of_a_file_is_named_and_not_waited_for(calls: Path) -> None:
    folder = calls / "schema-1-direct"
    (folder / CALL).unlink()
    os.mkfifo(folder / CALL)
    with pytest.raises(FolderError, match=r"is damaged: call\.json is no file"):
        relabel(folder)


def test_one_call_is_relabelled_and_what_changed_is_told(calls: Path) -> None:
    folder = calls / "schema-1-livekit"
    told = CliRunner().invoke(app, ["relabel", str(folder)])
    assert (told.exit_code, told.stderr) == (0, "")
    assert told.stdout.startswith(f"{folder}: relabelled (audio.flac, call.json")
    told = CliRunner().invoke(app, ["relabel", str(folder), "--stage", "metrics"])
    assert (told.exit_code, told.stdout) == (0, f"{folder}: unchanged\n")


@pytest.mark.parametrize("place", [".", "nowhere"])
def test_where_no_call_is_nothing_is_relabelled(tmp_path: Path, place: str) -> None:
    with pytest.raises(UsageError, match=str(tmp_path / place)):
        find_folders(tmp_path / place)


WAITS_FOR_EVER = """
import sys, time
from pathlib import Path
from duologue.labels import metrics
from duologue.pipeline import relabel, stages

def wait(folder):
    print("begun", flush=True)
    time.sleep(3600)

stages.WORK[stages.LabelStage.METRICS] = (stages.Work(wait, (metrics.FILE,)),)
if __name__ == "__main__":
    found = relabel.find_folders(Path(sys.argv[1]))
    list(relabel.relabel_all(found, stages.LabelStage.METRICS, jobs=2))
"""


def test_no_process_outlives_a_relabelling_that_is_killed(calls: Path, tmp_path: Path) -> None:
    script = tmp_path / "waits.py"
    script.write_text(WAITS_FOR_EVER)
    before = {folder.name: contents(folder) for folder in calls.iterdir()}
    with subprocess.Popen([sys.executable, script, calls], stdout=subprocess.PIPE) as running:
        assert running.stdout
        assert [running.stdout.readline() for _ in range(2)] == [b"begun\n"] * 2
        running.send_signal(signal.SIGKILL)
        # Ends when the last process that could write to it is gone.
        assert running.stdout.read() == b""
    assert {name: contents(calls / name) for name in before} == before
