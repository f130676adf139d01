"""A call's audio after a change on purpose, such as added noise, beside the clean one."""

import shutil
from pathlib import Path

import soundfile

from duologue.folder.folder import CHANGED, audio_of
from shared.errors import UsageError


def keep_changed(folder: Path, audio: Path) -> None:
    """Keep `audio` as `changed.flac` of a call folder, whose audio it is after a change.

    Raises:
        UsageError: It cannot be, by its format.
    """
    clean = _format(audio_of(folder))
    try:
        changed = _format(audio)
    except (OSError, soundfile.LibsndfileError) as error:
        raise UsageError(f"--audio {audio}: no FLAC file can be read there: {error}") from None
    if changed != clean:
        raise UsageError(f"--audio {audio}: has {changed}; the call's audio has {clean}")
    kept = folder / CHANGED
    kept.unlink(missing_ok=True)  # it may be a link to the file of the folder that is reworked
    shutil.copyfile(audio, kept)


def _format(path: Path) -> str:
    with path.open("rb") as file:
        info = soundfile.info(file)
    return f"{info.format}, {info.samplerate} Hz, {info.channels} channels, {info.frames} samples"
