"""Cross-correlation: how alike a sound is to every stretch of a recording that is as long."""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Float: TypeAlias = npt.NDArray[np.float32]


def cross_correlation(sound: Float, recording: Float, size: int) -> npt.NDArray[np.floating[Any]]:
    """The products of `sound` with what lies at each place of `recording`, along the last axis.

    The Fourier transform is made over `size` samples, no fewer than the recording has.
    """
    spectrum = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(sound, size))
    places = recording.shape[-1] - sound.shape[-1] + 1
    return np.fft.irfft(spectrum, size)[..., :places]


def normalized(sound: Float, recording: Float, size: int, floor: float) -> Float:
    """The same from -1 to 1, however loud both are.

    A stretch with less than `floor` of the sound's energy is taken to have as much: above 0, or
    rounding errors would look like the sound in digital silence.
    """
    length = sound.shape[-1]
    squares = np.square(recording, dtype=np.float64)
    energy = np.cumsum(np.insert(squares, 0, 0.0, axis=-1), axis=-1)
    own = np.sum(np.square(sound, dtype=np.float64), axis=-1, keepdims=True)
    there = np.maximum(energy[..., length:] - energy[..., :-length], floor * own)
    alike: Float = (cross_correlation(sound, recording, size) / np.sqrt(own * there)).astype(
        np.float32
    )
    return alike
