"""A call folder is whole or not there."""

import hashlib
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from duologue.folder.folder import (
    CallFolder,
    CallRecord,
    Clock,
    Recording,
    RunDetails,
    TransportName,
)
from shared.endings import Outcome
from shared.errors import CallTaken, DuologueError, UsageError
from shared.spec import CallSpec, Engines, Peer, Role

ENGINES = Engines(stt="whisper/tiny.en", llm="rules", tts="piper/joe", vad="silero")


def call(call_id: str = "c1") -> CallRecord:
    spec = CallSpec(
        call_id=call_id,
        scenario="late order",
        engines=dict.fromkeys(Role, ENGINES),
        peers={role: Peer(identity=role.peer) for role in Role},
    )
    return CallRecord(
        call_id=call_id,
        transport=TransportName.LIVEKIT,
        spec=spec,
        outcome=Outcome.COMPLETED,
        fault=None,
        duration_s=61.5,
        recording=Recording(
            sample_rate_hz=24_000,
            channels=(Role.CUSTOMER, Role.SUPPORT),
            inserted_s=dict.fromkeys(Role, 0.0),
            cut_s=dict.fromkeys(Role, 0.0),
            concealed_s=dict.fromkeys(Role, 0.0),
        ),
        engines={Role.CUSTOMER: {"tts": {"voice": "joe"}}},
        versions={"duologue": "0.1.0"},
        run=RunDetails(
            started_at="2026-01-02T03:04:05.678+00:00",
            wall_s=61.5,
            clock=Clock.REAL,
            machine="a computer",
        ),
    )


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_nothing_is_under_the_final_name_until_commit(tmp_path: Path) -> None:
    folder = CallFolder.create(tmp_path / "calls", "c1")
    (folder.path / "wire.flac").write_bytes(b"audio")
    assert not (tmp_path / "calls" / "c1").exists()
    assert folder.commit(call()) == tmp_path / "calls" / "c1"
    assert names(tmp_path / "calls") == ["c1"]


def test_call_json_has_the_checksum_of_every_other_file(tmp_path: Path) -> None:
    folder = CallFolder.create(tmp_path, "c1")
    (folder.path / "wire.flac").write_bytes(b"audio")
    (folder.path / "events.jsonl").write_bytes(b"")
    document = json.loads((folder.commit(call()) / "call.json").read_text())
    assert document["files"] == {
        "events.jsonl": hashlib.sha256(b"").hexdigest(),
        "wire.flac": hashlib.sha256(b"audio").hexdigest(),
    }


def test_call_json_can_be_read_back(tmp_path: Path) -> None:
    written = CallFolder.create(tmp_path, "c1").commit(call()) / "call.json"
    assert CallRecord.model_validate_json(written.read_bytes()) == call()
    document = json.loads(written.read_text())
    assert (document["schema"], document["spec"]["schema"]) == (2, 1)
    assert written.read_text().endswith("}\n")


@pytest.mark.parametrize("call_id", ["", ".hidden", "a/b", "..", "a b", "x" * 101, "a\n"])
def test_a_call_id_that_is_no_safe_folder_name_is_refused(tmp_path: Path, call_id: str) -> None:
    with pytest.raises(UsageError, match="no safe folder name"):
        CallFolder.create(tmp_path / "calls", call_id)
    assert not (tmp_path / "calls").exists()


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
def test_a_call_id_that_exists_is_refused_before_anything_is_written(
    tmp_path: Path, make: object
) -> None:
    assert callable(make)
    make(tmp_path / "c1")
    with pytest.raises(UsageError, match="exists already"):
        CallFolder.create(tmp_path, "c1")
    assert names(tmp_path) == ["c1"]


def test_a_folder_that_cannot_be_written_to_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write calls to") as refused:
        CallFolder.create(tmp_path / "file" / "calls", "c1")
    assert "\n" not in str(refused.value)


def test_a_call_that_is_being_made_is_not_made_again(tmp_path: Path) -> None:
    first = CallFolder.create(tmp_path, "c1")
    with pytest.raises(CallTaken, match="is being made by another process"):
        CallFolder.create(tmp_path, "c1")
    first.commit(call())
    with pytest.raises(CallTaken, match="exists already"):
        CallFolder.create(tmp_path, "c1")
    assert names(tmp_path) == ["c1"]


def test_a_call_that_was_given_up_can_be_made_again(tmp_path: Path) -> None:
    CallFolder.create(tmp_path, "c1").discard()
    CallFolder.create(tmp_path, "c1").commit(call())
    assert names(tmp_path) == ["c1"]


def test_an_empty_folder_that_was_made_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    folder = CallFolder.create(tmp_path, "c1")
    folder.final.mkdir()
    with pytest.raises(DuologueError, match="it is kept as"):
        folder.commit(call())
    assert (folder.path / "call.json").exists()
    folder.discard()  # as the command does at its end
    assert folder.path.exists()


def test_discard_leaves_nothing(tmp_path: Path) -> None:
    folder = CallFolder.create(tmp_path, "c1")
    (folder.path / "wire.flac").touch()
    folder.discard()
    assert names(tmp_path) == []


KILLED = """
import os, signal, sys
from pathlib import Path
from duologue.folder.folder import CallFolder
folder = CallFolder.create(Path(sys.argv[1]), "c1")
(folder.path / "wire.flac").write_bytes(b"half")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_writer_that_is_killed_leaves_no_folder_and_does_not_hinder_the_next(
    tmp_path: Path,
) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "c1").exists()
    assert CallFolder.create(tmp_path, "c1").commit(call()) == tmp_path / "c1"
    assert names(tmp_path) == ["c1"]
    assert names(tmp_path / "c1") == ["call.json"]
