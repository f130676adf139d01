"""When somebody speaks, from the audio alone: the one place that says what speech is here.

The level of a channel is taken in frames of 10 ms (RMS, dBFS of full scale). A frame is voiced
when it is louder than both -55 dBFS and 35 dB below the channel's own speech level, which is the
90th percentile of its frames above -55 dBFS. Voiced frames that lie less than 0.5 s apart make
one talkspurt; one shorter than 0.06 s is a click, not speech. 0.5 s is longer than a pause
between the sentences of a turn (0.22 s) or at a comma (up to 0.4 s), so that an answer given into
such a pause counts as an overlap, and it is shorter than any answer with the two gaps around it.
"""

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile

from duologue.folder.channels import CHANNELS, Levels, dbfs
from duologue.folder.folder import audio_of, heard_audio_of
from shared.spec import Role

FRAME_S = 0.010
FLOOR_DBFS = -55.0
BELOW_SPEECH_DB = 35.0
JOIN_S = 0.5
MIN_TALKSPURT_S = 0.06
_BLOCK_S = 10.0

Mask: TypeAlias = npt.NDArray[np.bool_]
"""One truth per frame."""


class Talkspurt(NamedTuple):
    """Speech of one side between two silences, in seconds."""

    start: float
    end: float


class Loudness(NamedTuple):
    """One channel's audio, frame by frame."""

    rms: Levels
    peak: Levels


def loudness(path: Path) -> list[Loudness]:
    """The loudness of every channel of an audio file; a rest of less than a frame is left out."""
    rms: list[Levels] = []
    peak: list[Levels] = []
    with soundfile.SoundFile(path) as audio:
        frame = round(FRAME_S * audio.samplerate)
        size = frame * round(_BLOCK_S / FRAME_S)
        for block in audio.blocks(size, dtype="float32", always_2d=True):
            whole = block[: len(block) // frame * frame].astype(np.float64)
            # One channel after the other: sums over both side by side take twice as long.
            frames = np.ascontiguousarray(whole.T).reshape(audio.channels, -1, frame)
            rms.append(dbfs(np.sqrt(np.mean(np.square(frames), axis=2))).T)
            peak.append(dbfs(np.max(np.abs(frames), axis=2)).T)
        none = np.zeros((0, audio.channels))
    loud, high = np.concatenate([none, *rms]), np.concatenate([none, *peak])
    return [Loudness(loud[:, channel], high[:, channel]) for channel in range(loud.shape[1])]


def loudness_of(folder: Path) -> dict[Role, Loudness]:
    """The loudness of both sides of a call folder's audio; not to be changed."""
    return _of_file(audio_of(folder))


def heard_loudness_of(folder: Path) -> dict[Role, Loudness]:
    """The same of what is listened to, which may have been changed on purpose."""
    return _of_file(heard_audio_of(folder))


def _of_file(audio: Path) -> dict[Role, Loudness]:
    now = audio.stat()
    measured = _loudness(audio, now.st_ino, now.st_mtime_ns, now.st_size)
    return dict(zip(CHANNELS, measured, strict=True))


# Four of the things that labelling does ask for it, one after the other.
@lru_cache(maxsize=1)
def _loudness(audio: Path, *_: int) -> list[Loudness]:
    """The loudness of a file as it is now, of which the numbers tell."""
    return loudness(audio)


def voiced(rms: Levels) -> Mask:
    """Which frames of a channel are speech, as the module says."""
    return rms > threshold(rms)


def threshold(rms: Levels) -> float:
    """From which level on a frame of a channel is speech, in dBFS."""
    loud = rms[rms > FLOOR_DBFS]
    if not len(loud):
        return FLOOR_DBFS
    return max(FLOOR_DBFS, float(np.percentile(loud, 90)) - BELOW_SPEECH_DB)


def talkspurts(mask: Mask) -> list[Talkspurt]:
    """The talkspurts in voiced frames, joined over short pauses, without clicks."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    joined: list[tuple[int, int]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if joined and (start - joined[-1][1]) * FRAME_S < JOIN_S:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [
        Talkspurt(round(start * FRAME_S, 3), round(end * FRAME_S, 3))
        for start, end in joined
        if (end - start) * FRAME_S >= MIN_TALKSPURT_S
    ]
