"""Changes a complete call folder as a whole and at once, or not at all.

What it is to become is built beside it, as a folder in the making: of hard links to the files that
stay, and of new ones. Then both folders get each other's name, in one step of the file system.
Killed at any moment, a process leaves the old folder or the new one under the call's name, whole,
and at most a rest under `.<call id>.partial`, which goes when the folder is next reworked.
"""

import ctypes
import fcntl
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from duologue.folder.folder import (
    CALL,
    claim,
    partial_of,
    read_call,
    read_head,
    sha256,
    sync,
    write_json,
)
from shared.errors import CallTaken, DuologueError, FolderError

_AT_FDCWD = -100
_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux's renameat2(2), RENAME_SWAP of macOS's renamex_np(2)."""


def rework(
    folder: Path, work: Callable[[Path], None], makes: Collection[str] = ()
) -> frozenset[str]:
    """Have `work` change a copy of a call folder, which then takes its place.

    Args:
        folder: A complete call folder.
        work: Gets the copy. The files in it are the folder's own, so they may be replaced, but
            not written to.
        makes: Files that `work` makes; they are not in the copy.

    Returns:
        The names of the files that are now others; if none are, the folder was not touched.

    Raises:
        CallTaken: Another process makes or reworks it.
        FolderError: It is not what its checksums say.
        DuologueError: It cannot be changed where it is.
    """
    folder = folder.resolve()
    try:
        with _claimed(folder) as copy:
            before = _checked(folder)
            shutil.copytree(
                folder,
                copy,
                copy_function=os.link,
                ignore=lambda _, names: {*names} & {*makes},
                dirs_exist_ok=True,
            )
            strangers = {path.name for path in copy.iterdir()} - before.keys() - {CALL}
            work(copy)
            names = {path.name for path in copy.iterdir()} - strangers - {CALL}
            after = {name: sha256(copy / name) for name in sorted(names)}
            call = read_call(copy)
            write_json(copy / CALL, call.model_copy(update={"files": after}))
            before[CALL], after[CALL] = sha256(folder / CALL), sha256(copy / CALL)
            either = before.keys() | after.keys()
            changed = frozenset(name for name in either if before.get(name) != after.get(name))
            if changed:
                for name in (*after, ""):
                    sync(copy / name)
                exchange(copy, folder)
                sync(folder.parent)
            return changed
    except OSError as error:
        raise DuologueError(f"cannot change {folder}: {error.strerror or error}") from None


def exchange(one: Path, other: Path) -> None:
    """Give two folders each other's name, in one step.

    Raises:
        OSError: The file system cannot do that, or a folder is not there.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(one), os.fsencode(other)
    if sys.platform == "darwin":
        failed = libc.renamex_np(*names, _EXCHANGE)
    else:
        failed = libc.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _EXCHANGE)
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, f"its file system cannot exchange folders ({os.strerror(number)})")


@contextmanager
def _claimed(folder: Path) -> Iterator[Path]:
    """An empty folder beside `folder`, both locked; what is under its name at the end is removed.

    That is the copy or, if they were exchanged, the old folder: so both have to be locked.
    """
    copy = partial_of(folder)
    lock = claim(copy)
    if lock is None:
        raise CallTaken(f"{folder} is being made or changed by another process")
    held = None
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield copy
    except BlockingIOError:
        raise CallTaken(f"{folder} is being changed by another process") from None
    finally:
        shutil.rmtree(copy)
        for each in (lock, held):
            if each is not None:
                os.close(each)


def _checked(folder: Path) -> dict[str, str]:
    """The checksums of a folder's files, which they have."""
    sums = read_head(folder).files
    for name, known in sums.items():
        path = folder / name
        if not path.is_file():
            raise FolderError(folder, f"is damaged: {name} is missing")
        if sha256(path) != known:
            raise FolderError(folder, f"is damaged: {name} is not what {CALL} says by its checksum")
    return sums
