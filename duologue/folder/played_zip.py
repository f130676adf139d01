"""played.zip: each side's own speech as it was played, one FLAC file per stretch, as it was sent.

The PLAYED events in events.jsonl say when each was played, by its side's clock. Nothing is decoded
while a call runs.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import soundfile

from duologue.folder.channels import RATE_HZ, Pcm
from shared.spec import Role

FILE = "played.zip"


class PlayedFile:
    """played.zip while the call runs; there is none if nothing comes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._zip: ZipFile | None = None

    def add(self, role: Role, name: str, flac: bytes) -> None:
        """Keep a stretch that `role` has sent.

        Raises:
            ValueError: It is not the next of its kind: a FLAC file, named by the role and a number.
            OSError: It cannot be written.
        """
        if not re.fullmatch(rf"{role}-\d{{4,9}}\.flac", name):
            raise ValueError(f"{name[:50]!r} is no name of a stretch of {role}")
        try:
            info = soundfile.info(io.BytesIO(flac))
        except soundfile.LibsndfileError as error:
            raise ValueError(f"{name}: {error}") from None
        if (info.format, info.samplerate, info.channels) != ("FLAC", RATE_HZ, 1):
            raise ValueError(f"{name} is not mono FLAC of {RATE_HZ} Hz")
        self._zip = self._zip or ZipFile(self._path, "w")
        if name in self._zip.NameToInfo:
            raise ValueError(f"{name} came twice")
        # Stored as it is, and with the date that means none.
        self._zip.writestr(ZipInfo(name), flac)

    def close(self) -> None:
        """No more speech."""
        if self._zip:
            self._zip.close()


class PlayedSpeech:
    """What a call folder has of what was played."""

    def __init__(self, file: ZipFile | None) -> None:
        self._zip = file

    def read(self, name: str) -> Pcm | None:
        """The samples of a stretch, mono at 24 kHz; None if it did not come or cannot be read."""
        if self._zip is None or name not in self._zip.NameToInfo:
            return None
        try:
            samples: Pcm = soundfile.read(io.BytesIO(self._zip.read(name)), dtype="int16")[0]
        except soundfile.LibsndfileError:
            return None
        return samples


@contextmanager
def opened(folder: Path) -> Iterator[PlayedSpeech]:
    """The speech of a call folder, which may have none."""
    path = folder / FILE
    if not path.exists():
        yield PlayedSpeech(None)
        return
    with ZipFile(path) as file:
        yield PlayedSpeech(file)
