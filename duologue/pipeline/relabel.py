"""Labelling call folders again, without calling again: one, or as many as there are."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from traceback import walk_tb
from typing import NamedTuple

from duologue.folder.changed_audio import keep_changed
from duologue.folder.folder import RECORDED, SCHEMA, is_call_folder, is_unlabelled, read_head
from duologue.folder.migrations import migrate
from duologue.folder.rework import rework
from duologue.pipeline.filing import finish_kept
from duologue.pipeline.stages import LabelStage, label, works
from shared.errors import CallTaken, DuologueError, FolderError, UsageError
from shared.settings import safe_path


class Done(StrEnum):
    """What was done with a folder."""

    FINISHED = "finished"
    """It was a recording that had been kept without labels; now it is a call folder."""
    RELABELLED = "relabelled"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    """Another process makes or changes it just now."""
    REFUSED = "refused"
    """It is damaged, newer than this program, or its business is not here; it is as it was."""
    FAILED = "failed"
    """It could not be written, as on a full disk; it is as it was."""


class Relabelled(NamedTuple):
    """What was done with one folder; in words, which files changed or why none did."""

    folder: Path
    done: Done
    detail: str = ""


def relabel(
    folder: Path, since: LabelStage = LabelStage.PLACEMENT, audio: Path | None = None
) -> frozenset[str]:
    """Do a stage and those after it again for a call folder; all, if it is of an earlier version.

    Args:
        folder: The call folder.
        since: The stage.
        audio: Its audio after a change on purpose; a FLAC file, kept as `changed.flac`.

    Returns:
        The names of the files that changed. If none did, the folder was not touched.

    Raises:
        CallTaken: Another process makes or changes it.
        FolderError: It is damaged, or newer than this program.
        SpecError: The business that was called is not here.
        UsageError: `audio` is not this call's audio, changed.
        DuologueError: It cannot be changed where it is.
    """
    head = read_head(folder)
    if head.schema_version < SCHEMA:
        since = LabelStage.PLACEMENT

    def work(copy: Path) -> None:
        if audio:
            keep_changed(copy, audio)
        migrate(copy)
        label(copy, since)

    made = {name for each in works(since) for name in each.makes}
    return rework(folder, work, made - RECORDED[head.transport])


def find_folders(path: Path) -> list[Path]:
    """The call folder at `path`, or those in it, by name; recordings that lack labels, too.

    Raises:
        UsageError: There is none.
    """
    if is_call_folder(path):
        return [path]
    if not path.is_dir():
        raise UsageError(f"{path} is no call folder, and no folder of such")
    found = [
        each
        for each in path.iterdir()
        if (is_call_folder(each) if each.name[0] != "." else is_unlabelled(each))
    ]
    if not found:
        raise UsageError(f"there is no call in {path}")
    return sorted(found)


def relabel_all(
    folders: Sequence[Path], since: LabelStage, *, jobs: int, audio: Path | None = None
) -> Iterator[Relabelled]:
    """Relabel every folder, `jobs` at the same time; each is told as soon as it is done.

    `audio` is that of a single call, see `relabel`.

    Raises:
        DuologueError: A process that labels died, such as for lack of memory.
    """
    attempt = partial(_attempt, since=since, audio=audio)
    if min(jobs, len(folders)) == 1:
        yield from map(attempt, folders)
        return
    with _pool(min(jobs, len(folders))) as pool:
        try:
            for future in as_completed([pool.submit(attempt, folder) for folder in folders]):
                yield future.result()
        except BrokenProcessPool:
            raise DuologueError(
                "a process that labels calls died, maybe for lack of memory; no folder is damaged: "
                "go on with the same command and fewer --jobs"
            ) from None


def _attempt(folder: Path, since: LabelStage, audio: Path | None) -> Relabelled:
    try:
        if is_unlabelled(folder):
            return Relabelled(finish_kept(folder).folder, Done.FINISHED)
        changed = relabel(folder, since, audio)
    except Exception as error:  # noqa: BLE001 - one folder keeps no other from being labelled
        return Relabelled(folder, *_why_not(folder, error))
    if not changed:
        return Relabelled(folder, Done.UNCHANGED)
    return Relabelled(folder, Done.RELABELLED, ", ".join(sorted(changed)))


def _why_not(folder: Path, error: Exception) -> tuple[Done, str]:
    match error:
        case CallTaken():
            return Done.SKIPPED, str(error)
        case FolderError():
            return Done.REFUSED, str(error)
        case UsageError():  # of what the call needs here, such as its business
            return Done.REFUSED, f"{folder} cannot be labelled here: {error}"
        case DuologueError():
            return Done.FAILED, str(error)
    # What its checksums vouch for is not what a stage can read.
    *_, (frame, line) = walk_tb(error.__traceback__)
    where = f"{Path(frame.f_code.co_filename).name}:{line}"
    why = f"{type(error).__name__} at {where}: {error}".partition("\n")[0]
    return Done.REFUSED, f"{folder} has content of no call ({why})"


@contextmanager
def _pool(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that label; on leaving, what was not begun is not done."""
    # Not forked: a fork would take over locks that threads of this process hold.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_end_with_parent)
    with safe_path():
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Leave Ctrl-C to the parent, and do not outlive it: the pool itself would wait for ever."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()
