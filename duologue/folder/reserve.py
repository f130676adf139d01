"""Room on the disk to finish a recording, kept for the moment at which the disk is full."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from duologue.folder.folder import why_not_written
from shared.errors import DuologueError

RESERVE_BYTES = 4 * 2**20
"""What the end of a call may need: its last seconds, events.jsonl once more, call.json."""
LEAST_FREE_BYTES = 2**20
"""With less than this the disk counts as full. No file is cut short then: FLAC and ZIP, of which
a part could not be written, cannot be read."""

FailedCallback = Callable[[str], None]


def not_written(folder: Path, error: Exception) -> DuologueError:
    """What is told when the recording of a call cannot be written, or not any more."""
    problem = why_not_written(folder, error)
    return DuologueError(f"cannot write the recording in {folder}: {problem}")


class Reserve:
    """A file of zeros beside a recording that is removed when the disk is full.

    Args:
        folder: Of the call, in which it is recorded.

    Raises:
        DuologueError: There is no room for it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._file = folder, folder / ".reserve"
        self._problem = ""
        self._on_failed: list[FailedCallback] = []
        try:
            self._file.write_bytes(bytes(RESERVE_BYTES))
        except OSError as error:
            raise not_written(folder, error) from None

    def on_failed(self, callback: FailedCallback) -> None:
        """Call back, once, with why the recording cannot go on: its path, and the bytes free."""
        if self._problem:
            callback(self._problem)
        self._on_failed.append(callback)

    def check(self) -> None:
        """See that there is room for what is to be written next."""
        try:
            if shutil.disk_usage(self._folder).free < LEAST_FREE_BYTES:
                self.fail(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        except OSError as error:  # such as that the folder was removed
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Give the reserve up, for a file cannot be written."""
        if not self._problem:
            self._problem = str(not_written(self._folder, error))
            self.release()
            for callback in self._on_failed:
                callback(self._problem)

    def release(self) -> None:
        """Let the rest of the recording have the room."""
        self._file.unlink(missing_ok=True)
