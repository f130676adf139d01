"""The call folder: written under a temporary name, renamed when complete.

A folder that is there under its call id is whole, and `call.json` in it, written last, has the
checksum of every other file. See docs/call-folder.md.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import CallTaken, DuologueError, UsageError
from shared.spec import CALL_ID_PATTERN, CallSpec, Role
from shared.values import Frozen

CALL = "call.json"
WIRE = "wire.flac"
"""What came over WebRTC."""
AUDIO = "audio.flac"
"""What was played, on the direct transport."""


class Transport(StrEnum):
    """What carries a call."""

    LIVEKIT = "livekit"
    DIRECT = "direct"


class Clock(StrEnum):
    """Which time a call takes place in."""

    REAL = "real"
    VIRTUAL = "virtual"
    """Seconds pass as fast as the work in them is done."""


class Recording(Frozen):
    """What is in the call's audio, and what is missing from it."""

    sample_rate_hz: int
    channels: tuple[Role, ...]
    """Who is on which channel, from the first."""
    inserted_s: dict[Role, float]
    """Per role, silence between its first and last sample where nothing came, in seconds."""
    cut_s: dict[Role, float]
    """Per role, audio that came too late to be written, in seconds."""
    concealed_s: dict[Role, float]
    """Per role, sound that WebRTC made up because packets were lost or late, in seconds."""


class Recorded(NamedTuple):
    """What a recorder hands over when it stops."""

    started_at: str
    """When the recording began, ISO 8601 in UTC."""
    wall_s: float
    """How long it took; `duration_s`, unless time was virtual."""
    duration_s: float
    recording: Recording


class Run(Frozen):
    """What differs from one run of a call to the next, whatever else stays the same."""

    started_at: str
    """When the recording began, ISO 8601 in UTC: second 0 of every file."""
    wall_s: float
    clock: Clock
    machine: str
    """System and processor: their kernels may round differently, and so speak and hear."""
    earlier: tuple[str, ...] = ()
    """Why earlier attempts at this call failed, in a batch."""


class Call(Frozen):
    """call.json: what was called for, how it ended, and what it was made with."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    call_id: str
    transport: Transport
    spec: CallSpec
    outcome: str
    fault: str | None
    detail: str = ""
    duration_s: float
    recording: Recording
    engines: dict[Role, dict[str, Any]]
    """As each worker reported them: per kind, what was really used."""
    versions: dict[str, str]
    run: Run
    files: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of every other file in the folder, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class CallFolder:
    """A call folder in the making; only one process at a time makes the folder of a call.

    A context manager: on leaving, what was not completed is removed.
    """

    def __init__(self, path: Path, final: Path, lock: int | None) -> None:
        self.path = path
        """Where to write until `commit`."""
        self.final = final
        """Where the folder will be."""
        self._lock = lock

    @classmethod
    def create(cls, out: Path, call_id: str) -> Self:
        """Begin the folder of `call_id` in `out`, which is made if it is not there.

        What a process that was killed has left of it is removed.

        Raises:
            CallTaken: The folder is there, or another process makes it now.
            UsageError: The id is no safe name, or `out` cannot be written to.
        """
        if not re.fullmatch(CALL_ID_PATTERN, call_id):
            raise UsageError(
                f"call id {call_id!r} is no safe folder name: letters, digits, '.', '_' and '-', "
                "at most 100, the first a letter or digit"
            )
        final, partial = out / call_id, out / f".{call_id}.partial"
        try:
            out.mkdir(parents=True, exist_ok=True)
            lock = _claimed(partial)
        except OSError as error:
            raise UsageError(f"cannot write calls to {out}: {error.strerror}") from None
        if lock is None:
            raise CallTaken(f"call id {call_id!r} is being made by another process in {out}")
        folder = cls(partial, final, lock)
        if final.exists() or final.is_symlink():
            folder.discard()
            raise CallTaken(f"call id {call_id!r} exists already: {final}; choose another")
        return folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    def commit(self, call: Call) -> Path:
        """Write call.json with the checksum of every file, and give the folder its name.

        Raises:
            DuologueError: The name was taken meanwhile; the files stay where they are.
        """
        names = sorted(path.name for path in self.path.iterdir() if path.name != CALL)
        sums = {name: sha256(self.path / name) for name in names}
        write_json(self.path / CALL, call.model_copy(update={"files": sums}))
        for name in (*names, CALL, ""):
            _sync(self.path / name)
        try:
            # rename() replaces an empty folder without a word
            if self.final.exists():
                raise FileExistsError
            self.path.rename(self.final)
        except OSError:
            raise DuologueError(
                f"cannot name the call folder {self.final}; it is kept as {self.path}"
            ) from None
        finally:
            self._release()
        _sync(self.final.parent)
        return self.final

    def discard(self) -> None:
        """Remove what was written; for a call that never began, or is to be made again."""
        if self._lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            self._release()

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _claimed(path: Path) -> int | None:
    """An empty folder at `path`, locked as long as the descriptor is open; None if it is another's.

    The lock is the operating system's: it goes with the process, `kill -9` included.
    """
    while True:
        path.mkdir(exist_ok=True)
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # given its name, or removed, since
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        if path.exists() and path.stat().st_ino == os.fstat(lock).st_ino:
            break
        os.close(lock)
    for leftover in path.iterdir():
        leftover.unlink()
    return lock


def add_file(folder: Path, name: str, content: BaseModel) -> None:
    """Add a JSON file to a complete call folder, or replace it, and note its checksum.

    Each file is replaced at once, so that neither is ever half-written.
    """
    new = folder / f".{name}"
    write_json(new, content)
    call = read_call(folder)
    noted = folder / f".{CALL}"
    write_json(noted, call.model_copy(update={"files": {**call.files, name: sha256(new)}}))
    new.replace(folder / name)
    noted.replace(folder / CALL)


def read_call(folder: Path) -> Call:
    """The call.json of a folder."""
    return Call.model_validate_json((folder / CALL).read_bytes())


def audio_of(folder: Path) -> Path:
    """The audio of a call folder, whichever transport it was recorded from."""
    played = folder / AUDIO
    return played if played.exists() else folder / WIRE


def write_json(path: Path, model: BaseModel) -> None:
    """Write a model as JSON: its fields' order, two spaces, a newline at the end."""
    document = model.model_dump(mode="json", by_alias=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
