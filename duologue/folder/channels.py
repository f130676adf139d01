"""The two channels of a recording: who is on which, at which rate, and how loud samples are."""

from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import soundfile

from shared.spec import Role

RATE_HZ = 24_000
CHANNELS = (Role.CUSTOMER, Role.SUPPORT)
"""Who is on which channel, from the first."""
SILENT_DBFS = -100.0
_BLOCK_S = 10.0

Pcm: TypeAlias = npt.NDArray[np.int16]
Levels: TypeAlias = npt.NDArray[np.float64]
"""One value in dBFS per frame."""


def dbfs(amplitude: Levels) -> Levels:
    """Amplitudes of full scale 1 as dBFS, at least -100."""
    return 20 * np.log10(np.maximum(amplitude, 10 ** (SILENT_DBFS / 20)))


def excerpt(path: Path, role: Role | None, start_s: float, end_s: float | None) -> Pcm:
    """The samples of an audio file between two times; fewer where it ends before.

    One channel has the shape (samples,), and takes no memory for the other; both (`role` None)
    have (samples, 2).

    Raises:
        OSError: There is no such file.
        soundfile.LibsndfileError: It is damaged.
    """
    with path.open("rb") as opened, soundfile.SoundFile(opened) as audio:
        first = min(round(start_s * audio.samplerate), audio.frames)
        last = audio.frames if end_s is None else round(end_s * audio.samplerate)
        audio.seek(first)
        frames = max(0, min(last, audio.frames) - first)
        if role is None:
            both: Pcm = audio.read(frames, dtype="int16", always_2d=True)
            return both
        samples = np.empty(frames, np.int16)
        filled, block_frames = 0, round(_BLOCK_S * audio.samplerate)
        while filled < frames:
            size = min(block_frames, frames - filled)
            block = audio.read(size, dtype="int16", always_2d=True)[:, CHANNELS.index(role)]
            samples[filled : filled + len(block)] = block
            filled += size
        return samples
