"""audio.flac of a call over WebRTC: clean speech on the clock of wire.flac, to the sample."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from duologue.folder.channels import CHANNELS, RATE_HZ, Pcm
from duologue.folder.folder import AUDIO, WIRE
from duologue.folder.played_zip import PlayedSpeech
from shared.spec import Role

BLOCK = 30 * RATE_HZ


class Section(NamedTuple):
    """A stretch of a channel, in samples of the recording."""

    start: int
    end: int
    file: str | None
    """In played.zip; None where it is wire.flac's."""


def write_master(folder: Path, pieces: Mapping[Role, list[Section]], speech: PlayedSpeech) -> None:
    """Write audio.flac, as long as wire.flac and silent but for `pieces`, of which later ones win.

    Memory holds half a minute of the call.
    """
    new = folder / f".{AUDIO}"
    with (
        soundfile.SoundFile(folder / WIRE) as wire,
        soundfile.SoundFile(
            new, "w", samplerate=RATE_HZ, channels=len(CHANNELS), format="FLAC", subtype="PCM_16"
        ) as audio,
    ):
        for first in range(0, len(wire), BLOCK):
            heard = wire.read(BLOCK, dtype="int16", always_2d=True)
            audio.write(
                np.stack(
                    [
                        _block(first, heard[:, channel], pieces[role], speech)
                        for channel, role in enumerate(CHANNELS)
                    ],
                    axis=1,
                )
            )
    new.replace(folder / AUDIO)


def _block(first: int, heard: Pcm, pieces: list[Section], speech: PlayedSpeech) -> Pcm:
    """The part of one channel that begins at sample `first`, as long as what was `heard` there."""
    block = np.zeros_like(heard)
    last = first + len(heard)
    for piece in pieces:
        start, end = max(piece.start, first), min(piece.end, last)
        if start >= end:
            continue
        if piece.file is None:
            block[start - first : end - first] = heard[start - first : end - first]
        else:
            copy = speech.read(piece.file)
            assert copy is not None, piece.file
            block[start - first : end - first] = copy[start - piece.start : end - piece.start]
    return block
