"""Where a batch's calls are kept: a folder, or a bucket. What is there is finished."""

import hashlib
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

from duologue.folder.folder import CALL
from shared.errors import DuologueError, UsageError
from shared.masking import MASK, credentials_of, without_credentials
from shared.settings import Settings


class Store(Protocol):
    """Where finished calls are."""

    workplace: Path
    """Where call folders are made; on this machine."""

    def finished(self, ids: Collection[str]) -> set[str]:
        """Which of these calls are there, whole."""

    def stamp(self, call_id: str) -> str:
        """Something that changes whenever a finished call's call.json is written."""

    def keep(self, folder: Path) -> None:
        """Take a complete call folder from the workplace."""

    def read(self, call_id: str, name: str) -> bytes:
        """A file of a finished call."""


def has_calls(out: str) -> bool:
    """Whether there are finished calls at a path, as far as can be seen at once."""
    try:
        with os.scandir(out) as entries:
            first = next((each for each in entries if not each.name.startswith(".")), None)
    except OSError:
        return False
    return first is not None and os.access(f"{first.path}/{CALL}", os.F_OK)


def open_store(out: str, settings: Settings) -> Store:
    """The store at a path or URL such as `s3://bucket/calls`.

    Raises:
        UsageError: It cannot be used.
    """
    if "://" in out:
        return BucketStore(out, settings)
    return FolderStore(Path(out))


class FolderStore:
    """A local folder: calls are made where they are kept."""

    def __init__(self, out: Path) -> None:
        self.workplace = out
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot write calls to {out}: {error.strerror}") from None
        if not os.access(out, os.W_OK | os.X_OK):
            raise UsageError(f"cannot write calls to {out}: permission denied")

    def finished(self, ids: Collection[str]) -> set[str]:
        """Which of these calls are there, whole.

        Raises:
            UsageError: Something else is there under the name of one.
        """
        # As strings: a hundred thousand paths take a second longer.
        found = set(os.listdir(self.workplace)).intersection(ids)  # noqa: PTH208
        for call_id in found:
            if not os.access(f"{self.workplace}/{call_id}/{CALL}", os.F_OK):
                raise UsageError(
                    f"{self.workplace / call_id} is not a call folder; move it away, or choose "
                    "another --out"
                )
        return found

    def stamp(self, call_id: str) -> str:
        """When call.json was written, and as which file."""
        told = os.stat(f"{self.workplace}/{call_id}/{CALL}")  # noqa: PTH116 - quicker than a Path
        return f"{call_id} {told.st_ino} {told.st_mtime_ns} {told.st_size}"

    def keep(self, folder: Path) -> None:
        """Nothing: it is there."""

    def read(self, call_id: str, name: str) -> bytes:
        """A file of a finished call."""
        return (self.workplace / call_id / name).read_bytes()


class BucketStore:
    """A bucket, or whatever else fsspec reaches: calls are made here and then sent there.

    `call.json` is sent last and makes a call complete. The calls that were made here and not
    sent yet wait in the user's cache.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        url = url.rstrip("/")
        self._files, self._root = _reached(url)
        self._url, self._password = without_credentials(url), credentials_of(url)
        name = hashlib.sha256(url.encode()).hexdigest()[:16]
        self.workplace = settings.cache_folder(f"outbox/{name}")
        self._listed: dict[str, dict[str, Any]] = {}
        """What the bucket said last of every file in it, by its path."""
        self._check_access()

    def finished(self, ids: Collection[str]) -> set[str]:
        """Which of these calls are there, whole; those that wait here are sent first."""
        for folder in self.workplace.iterdir():
            if not folder.name.startswith(".") and (folder / CALL).exists():
                self.keep(folder)
        try:
            self._listed = self._files.find(self._root, detail=True)
        except FileNotFoundError:
            return set()
        except Exception as error:  # noqa: BLE001 - of whatever library reaches the bucket
            raise DuologueError(
                f"cannot list {self._url}: {self._line(error)}; the same command goes on"
            ) from None
        complete = {path.split("/")[-2] for path in self._listed if path.endswith(f"/{CALL}")}
        return complete.intersection(ids)

    def stamp(self, call_id: str) -> str:
        """What the bucket said of call.json when it was last asked what is finished."""
        return repr(self._listed[f"{self._root}/{call_id}/{CALL}"])

    def keep(self, folder: Path) -> None:
        """Send a complete call folder, `call.json` last, and remove it here.

        Raises:
            DuologueError: It cannot be sent; it stays here until the next batch.
        """
        names = sorted(path.name for path in folder.iterdir() if path.name != CALL)
        try:
            for name in (*names, CALL):
                self._files.put_file(str(folder / name), f"{self._root}/{folder.name}/{name}")
        except Exception as error:  # noqa: BLE001 - of whatever library reaches the bucket
            raise DuologueError(
                f"cannot send {folder.name} to {self._url}: {self._line(error)}; it is kept in "
                f"{folder} and sent when the batch goes on"
            ) from None
        shutil.rmtree(folder)

    def read(self, call_id: str, name: str) -> bytes:
        """A file of a finished call."""
        path = f"{self._root}/{call_id}/{name}"
        try:
            content: bytes = self._files.cat_file(path)
        except OSError:  # of this file
            raise
        except Exception as error:  # noqa: BLE001 - of whatever library reaches the bucket
            raise DuologueError(
                f"cannot read {call_id}/{name} in {self._url}: {self._line(error)}; the same "
                "command goes on"
            ) from None
        return content

    def _check_access(self) -> None:
        probe = f"{self._root}/.duologue-{os.getpid()}"
        try:
            self._files.pipe_file(probe, b"")
            self._files.rm_file(probe)
        except Exception as error:  # noqa: BLE001 - of whatever library reaches the bucket
            raise UsageError(
                f"cannot write to {self._url}: {self._line(error)}; check its name and credentials"
            ) from None

    def _line(self, error: Exception) -> str:
        return _line(error, self._password)


def _reached(url: str) -> tuple[Any, str]:
    """Fsspec's file system of a URL, and the path in it."""
    try:
        import fsspec  # noqa: PLC0415 - an extra
    except ImportError:
        raise UsageError("buckets need the extra `bucket`: pip install duologue[bucket]") from None
    try:
        # Nothing of what other processes change meanwhile may be remembered.
        files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except Exception as error:  # noqa: BLE001 - of whatever library reaches the bucket
        told = _line(error, credentials_of(url))
        raise UsageError(f"cannot use {without_credentials(url)}: {told}") from None
    return files, root.rstrip("/")


def _line(error: Exception, password: str) -> str:
    told = " ".join((str(error) or type(error).__name__).split())
    return told.replace(password, MASK) if password else told
