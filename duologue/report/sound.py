"""The page's copy of a call's sound: Opus to hear, peaks to see."""

from io import BytesIO
from pathlib import Path
from typing import NamedTuple, TypeAlias

import av
import numpy as np
import numpy.typing as npt
import soundfile

from duologue.folder.channels import CHANNELS
from duologue.labels.activity import FRAME_S
from shared.spec import Role

BIT_RATE = 40_000
"""Bits per second of both channels. From here on libopus codes them apart; at 32,000 each side is
heard in the other, 29 dB below it."""
MIME = "audio/webm; codecs=opus"
"""WebM is what all browsers play Opus in; in Ogg, Safari does since 18.4 only."""
_BLOCK_S = 10.0
_FULL_SCALE = 32768
_OPTIONS = {
    # Without its analysis of the signal the encoder takes half the time.
    "compression_level": "0",
    "frame_duration": "60",
}

Frames: TypeAlias = npt.NDArray[np.int16]
"""Frames by channels."""


class Copy(NamedTuple):
    """What a page plays and draws."""

    opus: bytes
    """WebM; both channels. The same samples give the same bytes."""
    peaks: dict[Role, bytes]
    """Per role, the highest amplitude of each 10 ms, 255 being full scale."""


def copy(path: Path) -> Copy:
    """The sound of a recording, read once and block by block."""
    with soundfile.SoundFile(path) as audio:
        encoder = _Encoder(audio.samplerate)
        frame = round(FRAME_S * audio.samplerate)
        peaks: list[npt.NDArray[np.uint8]] = [np.zeros((0, len(CHANNELS)), np.uint8)]
        for block in audio.blocks(frame * round(_BLOCK_S / FRAME_S), dtype="int16", always_2d=True):
            encoder.add(block)
            peaks.append(_peaks(block, frame))
    drawn = np.concatenate(peaks)
    return Copy(
        encoder.finish(), {role: drawn[:, index].tobytes() for index, role in enumerate(CHANNELS)}
    )


def _peaks(block: Frames, frame: int) -> npt.NDArray[np.uint8]:
    starts = np.arange(0, len(block), frame)
    highest = np.maximum.reduceat(block, starts).astype(np.int32)
    lowest = np.minimum.reduceat(block, starts).astype(np.int32)
    amplitude = np.maximum(highest, -lowest) / _FULL_SCALE
    return np.minimum(255, np.ceil(255 * amplitude)).astype(np.uint8)


class _Encoder:
    """Opus in WebM, of stereo."""

    def __init__(self, rate_hz: int) -> None:
        self._file = BytesIO()
        # Else the file has a random id.
        self._container = av.open(
            self._file, "w", format="webm", container_options={"fflags": "+bitexact"}
        )
        self._stream = self._container.add_stream(
            "libopus", rate=rate_hz, layout="stereo", options=_OPTIONS
        )
        self._stream.bit_rate = BIT_RATE
        self._samples = 0

    def add(self, block: Frames) -> None:
        frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = self._stream.rate
        frame.pts = self._samples
        self._samples += len(block)
        self._mux(frame)

    def finish(self) -> bytes:
        self._mux(None)
        self._container.close()
        return self._file.getvalue()

    def _mux(self, frame: av.AudioFrame | None) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
