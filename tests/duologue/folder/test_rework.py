"""A complete call folder is changed as a whole, or not at all."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from duologue.folder.folder import CALL, CallFolder, read_call, sha256
from duologue.folder.rework import exchange, rework
from shared.errors import CallTaken, DuologueError, FolderError
from tests.duologue.folder.test_folder import call, names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = CallFolder.create(tmp_path, "c1")
    (made.path / "wire.flac").write_bytes(b"audio")
    (made.path / "metrics.json").write_bytes(b"old")
    return made.commit(call())


def new_metrics(copy: Path) -> None:
    (copy / "metrics.json").write_bytes(b"new")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_changed_is_told_and_has_its_checksum(folder: Path) -> None:
    def work(copy: Path) -> None:
        assert set(names(copy)) == {CALL, "wire.flac"}
        (copy / "metrics.json").write_bytes(b"new")
        (copy / "report.html").write_bytes(b"<p>")

    inode = (folder / "wire.flac").stat().st_ino
    changed = rework(folder, work, makes=["metrics.json"])
    assert changed == {CALL, "metrics.json", "report.html"}
    files = read_call(folder).files
    assert files == {name: sha256(folder / name) for name in names(folder) if name != CALL}
    assert (folder / "wire.flac").stat().st_ino == inode
    assert names(folder.parent) == ["c1"]


def test_a_folder_is_not_touched_if_nothing_changed(folder: Path) -> None:
    before = folder.stat()

    def work(copy: Path) -> None:
        (copy / "metrics.json").write_bytes(b"old")

    assert rework(folder, work, makes=["metrics.json"]) == frozenset()
    assert (folder.stat().st_ino, folder.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names(folder.parent) == ["c1"]


def test_what_somebody_put_into_a_folder_stays_there(folder: Path) -> None:
    (folder / "notes.txt").write_text("mine")
    (folder / "pictures").mkdir()
    (folder / "pictures" / "one.png").write_bytes(b"png")
    rework(folder, new_metrics, ["metrics.json"])
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "pictures" / "one.png").read_bytes() == b"png"
    assert set(read_call(folder).files) == {"wire.flac", "metrics.json"}


def test_a_folder_is_as_it_was_if_the_work_fails(folder: Path) -> None:
    before = contents(folder)

    def work(copy: Path) -> None:
        (copy / "metrics.json").write_bytes(b"new")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        rework(folder, work, makes=["metrics.json"])
    assert contents(folder) == before
    assert names(folder.parent) == ["c1"]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"audi0")])
def test_a_folder_whose_checksum_fails_is_refused_by_name(folder: Path, damage: object) -> None:
    assert callable(damage)
    damage(folder / "wire.flac")
    before = contents(folder)
    with pytest.raises(FolderError, match=r"c1 is damaged: wire.flac is") as refused:
        rework(folder, lambda _: pytest.fail("no work is done on it"))
    assert refused.value.exit_code == 2
    assert contents(folder) == before
    assert names(folder.parent) == ["c1"]


def test_a_folder_that_another_process_changes_is_not_changed(folder: Path) -> None:
    def work(_: Path) -> None:
        with pytest.raises(CallTaken, match="c1 is being made or changed"):
            rework(folder, lambda _: pytest.fail("not at the same time"))

    rework(folder, work)


def test_a_file_system_that_cannot_exchange_folders_is_named_as_the_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(folder)

    def refused(one: Path, other: Path) -> None:
        exchange(one, other / "nowhere")

    monkeypatch.setattr("duologue.folder.rework.exchange", refused)
    with pytest.raises(DuologueError, match=r"cannot change .*c1: its file system cannot exchange"):
        rework(folder, new_metrics, ["metrics.json"])
    assert contents(folder) == before
    assert names(folder.parent) == ["c1"]


KILLED_AT_EVERY_STEP = """
import itertools, json, os, shutil, signal, sys
from pathlib import Path
from duologue.folder.folder import read_call, sha256
from duologue.folder.rework import rework

template, place = Path(sys.argv[1]), Path(sys.argv[2])

def work(copy):
    for name in ("metrics.json", "report.html"):
        (copy / name).write_bytes(b"new")

def rework_until(steps):
    def count(event, _):
        nonlocal steps
        if event.startswith(("os.", "shutil.", "open", "fcntl.", "ctypes.")):
            steps -= 1
            if steps == -1:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(count)
    rework(place, work, ["metrics.json"])
    os._exit(0)

for steps in itertools.count():
    shutil.rmtree(place.parent, ignore_errors=True)
    shutil.copytree(template, place)
    if not (pid := os.fork()):
        rework_until(steps)
    _, status = os.waitpid(pid, 0)
    files = read_call(place).files
    whole = all(sha256(place / name) == known for name, known in files.items())
    found = (place / "metrics.json").read_text()
    rework(place, work, ["metrics.json"])
    left = os.listdir(place.parent)
    print(json.dumps([status, whole, found, sorted(files), left]))
    if not status:
        break
"""


def test_killed_at_any_step_it_leaves_the_old_folder_or_the_new_one_whole(
    folder: Path, tmp_path: Path
) -> None:
    command: list[str | Path] = [
        sys.executable,
        "-c",
        KILLED_AT_EVERY_STEP,
        folder,
        tmp_path / "calls" / "c1",
    ]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    ends = [json.loads(line) for line in done.stdout.splitlines()]
    old = [True, "old", ["metrics.json", "wire.flac"], ["c1"]]
    new = [True, "new", ["metrics.json", "report.html", "wire.flac"], ["c1"]]
    exchanged = [found for _, *found in ends].index(new)
    assert [status for status, *_ in ends] == [signal.SIGKILL] * (len(ends) - 1) + [0]
    assert [found for _, *found in ends] == [old] * exchanged + [new] * (len(ends) - exchanged)
    assert 10 < exchanged < len(ends) - 3
