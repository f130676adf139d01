"""The call folder: written under a temporary name, renamed when complete.

A folder that is there under its call id is whole, and `call.json` in it, written last, has the
checksum of every other file. See docs/call-folder.md.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.endings import Fault, Outcome
from shared.errors import (
    CallTaken,
    CallUnfinished,
    DuologueError,
    FolderError,
    UsageError,
    wrong_field,
)
from shared.masking import masked
from shared.spec import CALL_ID_PATTERN, CallSpec, Role
from shared.values import Frozen

FULL_BELOW = 2**16
"""Bytes free below which a library that fails to write, and does not say why, had no room."""
SCHEMA = 2
"""The version of the call folders that are written here."""
CALL = "call.json"
WIRE = "wire.flac"
BACKGROUND = "background.flac"
"""What somebody's agent plays beside its voice, if it does: a single channel on the same clock."""
"""What came over WebRTC."""
AUDIO = "audio.flac"
"""What was played: recorded so on the direct transport, else by `duologue.labels.placement`."""
CHANGED = "changed.flac"
"""The audio after a change on purpose, such as added noise: what is listened to."""
REPORT = "report.html"

M = TypeVar("M", bound=BaseModel)


class TransportName(StrEnum):
    """What carries a call, by name."""

    LIVEKIT = "livekit"
    DIRECT = "direct"


RECORDED = {TransportName.LIVEKIT: frozenset({WIRE}), TransportName.DIRECT: frozenset({AUDIO})}
"""The audio that was recorded, and cannot be made again from other files."""


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


class Take(NamedTuple):
    """What a recorder hands over when it stops."""

    started_at: str
    """When the recording began, ISO 8601 in UTC."""
    wall_s: float
    """How long it took; `duration_s`, unless time was virtual."""
    duration_s: float
    recording: Recording


class RunDetails(Frozen):
    """What differs from one run of a call to the next, whatever else stays the same."""

    started_at: str
    """When the recording began, ISO 8601 in UTC: second 0 of every file."""
    wall_s: float
    """What the call took; after it came its labels."""
    labels_s: float | None = None
    """What they took when they were first made; None in older folders."""
    clock: Clock
    machine: str
    """System and processor: their kernels may round differently, and so speak and hear."""
    earlier: tuple[str, ...] = ()
    """Why earlier attempts at this call failed, in a batch."""


class CallRecord(Frozen):
    """call.json: what was called for, how it ended, and what it was made with."""

    schema_version: Literal[2] = Field(default=2, alias="schema")
    """Of the whole folder."""
    call_id: str
    transport: TransportName
    spec: CallSpec
    outcome: Outcome
    fault: Fault | None
    detail: str = ""
    duration_s: float
    recording: Recording
    engines: dict[Role, dict[str, Any]]
    """As each worker reported them: per kind, what was really used."""
    versions: dict[str, str]
    run: RunDetails
    files: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of every other file in the folder, by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Head(BaseModel):
    """What call.json has had in every version."""

    model_config = ConfigDict(frozen=True)

    schema_version: int = Field(alias="schema")
    transport: TransportName
    files: dict[str, str]


class CallFolder:
    """A call folder in the making; only one process at a time makes the folder of a call.

    A context manager: on leaving, what was not completed is removed, but for a whole recording,
    which has its call.json and lacks its labels alone.
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

        What a process that was killed has left of it is removed, unless it is a whole recording.

        Raises:
            CallTaken: The folder or a recording is there, or another process makes it now.
            UsageError: The id is no safe name, or `out` cannot be written to.
        """
        if not re.fullmatch(CALL_ID_PATTERN, call_id):
            raise UsageError(
                f"call id {call_id!r} is no safe folder name: letters, digits, '.', '_' and '-', "
                "at most 100, the first a letter or digit"
            )
        final, partial = out / call_id, partial_of(out / call_id)
        try:
            out.mkdir(parents=True, exist_ok=True)
            lock = _locked(partial)
        except OSError as error:
            raise UsageError(f"cannot write calls to {out}: {error.strerror}") from None
        if lock is None:
            raise CallTaken(f"call id {call_id!r} is being made by another process in {out}")
        folder = cls(partial, final, lock)
        if final.exists() or final.is_symlink():
            folder.discard()
            raise CallTaken(f"call id {call_id!r} exists already: {final}; choose another")
        if is_unlabelled(partial):
            folder.release()
            raise CallTaken(
                f"call id {call_id!r} was recorded already and lacks its labels: finish it with "
                f"`duologue relabel {partial}`, or remove that folder"
            )
        _empty(partial)
        return folder

    @classmethod
    def reopen(cls, partial: Path) -> Self:
        """Take up the recording that was kept at `partial`, to finish it.

        Raises:
            CallTaken: Another process finishes it now, or just has.
            DuologueError: It cannot be changed where it is.
        """
        try:
            lock = _locked(partial)
        except OSError as error:
            raise DuologueError(f"cannot change {partial}: {error.strerror}") from None
        if lock is None:
            raise CallTaken(f"{partial} is being made by another process")
        folder = cls(partial, _final_of(partial), lock)
        if not is_unlabelled(partial):
            folder.discard()
            raise CallTaken(f"{partial} was finished by another process")
        return folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if is_unlabelled(self.path):
            self.release()
        else:
            self.discard()

    def commit(self, call: CallRecord) -> Path:
        """Write call.json with the checksum of every file, and give the folder its name.

        Raises:
            CallUnfinished: The name was taken meanwhile; the files stay where they are.
            OSError: A file cannot be written.
        """
        names = sorted(path.name for path in self.path.iterdir() if path.name != CALL)
        sums = {name: sha256(self.path / name) for name in names}
        write_json(self.path / CALL, call.model_copy(update={"files": sums}))
        for name in (*names, CALL, ""):
            sync(self.path / name)
        try:
            # rename() replaces an empty folder without a word
            if self.final.exists():
                raise FileExistsError
            self.path.rename(self.final)
        except OSError:
            raise CallUnfinished(
                f"cannot name the call folder {self.final}; it is kept as {self.path}"
            ) from None
        finally:
            self.release()
        sync(self.final.parent)
        return self.final

    def discard(self) -> None:
        """Remove what was written; for a call that never began, or is to be made again."""
        if self._lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            self.release()

    def release(self) -> None:
        """Let other processes have the folder, which stays as it is."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def partial_of(final: Path) -> Path:
    """Where a call folder is made, or made anew, until it gets its name."""
    return final.with_name(f".{final.name}.partial")


def _final_of(partial: Path) -> Path:
    return partial.with_name(partial.name[1:].removesuffix(".partial"))


def is_unlabelled(path: Path) -> bool:
    """Whether a folder is the whole recording of a call whose labels could not be made.

    Beside a folder of the call's name it is not: there it is what `rework` was making.
    """
    return (
        bool(re.fullmatch(r"\..+\.partial", path.name))
        and (path / CALL).exists()
        and not _final_of(path).exists()
    )


def claim(path: Path) -> int | None:
    """An empty folder at `path`, locked as long as the descriptor is open; None if it is another's.

    What was in it is removed.
    """
    lock = _locked(path)
    if lock is not None:
        _empty(path)
    return lock


def _locked(path: Path) -> int | None:
    """The folder at `path`, made if it is not there, locked; None if another process has it.

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
            return lock
        os.close(lock)


def _empty(path: Path) -> None:
    for leftover in path.iterdir():
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


def is_call_folder(path: Path) -> bool:
    """Whether there is a call folder at `path`, as far as can be seen.

    One that may not be looked into is taken for one, so that reading it says why it cannot be read.
    """
    try:
        (path / CALL).stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_call(folder: Path) -> CallRecord:
    """The call.json of a folder.

    Raises:
        FolderError: It is damaged, or of another version.
    """
    check_version(folder)
    return read_json(folder, CALL, CallRecord)


def check_version(folder: Path) -> None:
    """See that a call folder is of this version.

    Raises:
        FolderError: It is damaged, or of another version.
    """
    version = read_head(folder).schema_version
    if version < SCHEMA:
        cure = f"bring it to {SCHEMA} with `duologue relabel {folder}`"
        raise FolderError(folder, f"has schema {version}: {cure}")


def read_head(folder: Path) -> Head:
    """What call.json of any known version has.

    Raises:
        FolderError: It is damaged, or newer than this program.
    """
    head = read_json(folder, CALL, Head)
    if head.schema_version > SCHEMA:
        known = f"newer than {SCHEMA}, the newest that is known here"
        raise FolderError(folder, f"has schema {head.schema_version}, {known}: update duologue")
    return head


def read_json(folder: Path, name: str, model: type[M]) -> M:
    """A JSON file of a call folder.

    Raises:
        FolderError: It is not there, or not what it should be.
    """
    path = folder / name
    try:
        if path.exists() and not path.is_file():
            raise FolderError(folder, f"is damaged: {name} is no file")
        return model.model_validate_json(path.read_bytes())
    except PermissionError:
        raise FolderError(folder, f"cannot be read: {name}: permission denied") from None
    except OSError as error:
        raise FolderError(folder, f"is damaged: {name}: {error.strerror}") from None
    except ValidationError as error:
        wrong = wrong_field(error)
        problem = ": ".join(filter(None, (wrong.field, wrong.problem)))
        raise FolderError(folder, f"is damaged: {name}: {problem}") from None


def audio_of(folder: Path) -> Path:
    """The audio of a call folder: clean, once there is that."""
    played = folder / AUDIO
    return played if played.exists() else folder / WIRE


def heard_audio_of(folder: Path) -> Path:
    """The audio of a call folder that is listened to: as it was changed on purpose, if it was."""
    changed = folder / CHANGED
    return changed if changed.exists() else audio_of(folder)


def why_not_written(path: Path, error: Exception) -> str:
    """Why a file could not be written at `path`, and how many bytes are free there."""
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    free = shutil.disk_usage(there).free
    if not isinstance(error, OSError) and free < FULL_BELOW:
        reason = os.strerror(errno.ENOSPC)
    return f"{reason}; {free} bytes are free"


def write_json(path: Path, model: BaseModel) -> None:
    """Write a model as JSON, without secrets: its fields' order, two spaces, a newline at the end.

    A file that is there is replaced, not written to: it may belong to another folder, too.
    """
    document = masked(model.model_dump(mode="json", by_alias=True))
    new = path.with_name(f".{path.name}")
    new.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    new.replace(path)


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Have a file or a folder on disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
