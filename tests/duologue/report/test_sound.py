"""The page's copy of the sound: small, the same every time, and both sides apart."""

import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from duologue.folder.channels import RATE_HZ
from duologue.report import sound
from shared.spec import Role

C, S = Role.CUSTOMER, Role.SUPPORT


def recording(path: Path, seconds: float = 21.0) -> npt.NDArray[np.float64]:
    """Noise by the customer up to 1 s, by support from 2 s on; longer than two blocks."""
    samples = np.random.default_rng(1).normal(0, 0.1, (round(seconds * RATE_HZ), 2))
    samples[RATE_HZ:, 0] = 0
    samples[: 2 * RATE_HZ, 1] = 0
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")
    return samples


def decoded(opus: bytes) -> npt.NDArray[np.float32]:
    """The samples, at 48 kHz, channels by samples."""
    with av.open(io.BytesIO(opus), "r") as container:
        return np.concatenate([each.to_ndarray() for each in container.decode(audio=0)], axis=1)


def test_the_same_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    recording(tmp_path / "a.flac")
    assert sound.copy(tmp_path / "a.flac") == sound.copy(tmp_path / "a.flac")


def test_each_side_stays_on_its_side_and_in_its_place(tmp_path: Path) -> None:
    recording(tmp_path / "a.flac")
    copied = sound.copy(tmp_path / "a.flac")
    customer, support = decoded(copied.opus)
    assert len(customer) / 48_000 == pytest.approx(21.0, abs=0.06)

    def level(samples: npt.NDArray[np.float32], start: float, end: float) -> float:
        return float(np.sqrt(np.mean(samples[round(start * 48_000) : round(end * 48_000)] ** 2)))

    assert level(customer, 0.01, 0.98) > 0.05
    assert level(support, 0, 1.98) < 1e-4
    assert level(customer, 1.05, 21) < 1e-4
    assert level(support, 2.02, 20.9) > 0.05
    assert len(copied.opus) < 21 * sound.BIT_RATE / 8 * 1.2


def test_peaks_are_the_highest_amplitudes_of_each_10_ms(tmp_path: Path) -> None:
    samples = np.zeros((RATE_HZ, 2))
    samples[250, 0] = -1.0
    samples[RATE_HZ - 1, 1] = 0.5
    soundfile.write(tmp_path / "a.flac", samples, RATE_HZ, subtype="PCM_16")
    peaks = sound.copy(tmp_path / "a.flac").peaks
    assert [(i, v) for i, v in enumerate(peaks[C]) if v] == [(1, 255)]
    assert [(i, v) for i, v in enumerate(peaks[S]) if v] == [(99, 128)]
    assert len(peaks[C]) == 100


def test_a_recording_of_next_to_nothing_has_a_copy(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", np.zeros((100, 2)), RATE_HZ, subtype="PCM_16")
    copied = sound.copy(tmp_path / "a.flac")
    assert copied.peaks == {C: b"\0", S: b"\0"}
    assert decoded(copied.opus).shape[0] == 2
