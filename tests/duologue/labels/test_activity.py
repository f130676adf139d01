"""Talkspurts in audio made by hand."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from duologue.folder.folder import AUDIO
from duologue.labels.activity import (
    FRAME_S,
    Mask,
    Talkspurt,
    loudness,
    loudness_of,
    talkspurts,
    voiced,
)
from shared.spec import Role

RATE_HZ = 24_000
C, S = Role.CUSTOMER, Role.SUPPORT


def mask(*spans: tuple[float, float], length: float = 10.0) -> Mask:
    """Frames that are voiced from each start to each end, in seconds."""
    frames = np.zeros(round(length / FRAME_S), dtype=np.bool_)
    for start, end in spans:
        frames[round(start / FRAME_S) : round(end / FRAME_S)] = True
    return frames


def tone(amplitude: float, seconds: float) -> npt.NDArray[np.float64]:
    """A tone of 440 Hz; its RMS is 3 dB below its amplitude."""
    return amplitude * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE_HZ)) / RATE_HZ)


def silence(seconds: float) -> npt.NDArray[np.float64]:
    return np.zeros(round(seconds * RATE_HZ))


def runs_in(tmp_path: Path, *parts: npt.NDArray[np.float64]) -> list[Talkspurt]:
    soundfile.write(tmp_path / "a.flac", np.concatenate(parts), RATE_HZ)
    (channel,) = loudness(tmp_path / "a.flac")
    return talkspurts(voiced(channel.rms))


def test_loudness_is_rms_and_peak_per_channel_in_frames_of_10_ms(tmp_path: Path) -> None:
    both = np.stack([tone(0.5, 25), silence(25)], axis=1)
    soundfile.write(tmp_path / "a.flac", both, RATE_HZ)
    loud, silent = loudness(tmp_path / "a.flac")
    assert len(loud.rms) == len(silent.peak) == 2500
    assert loud.rms == pytest.approx(-9.03, abs=0.2)
    assert loud.peak == pytest.approx(-6.02, abs=0.2)
    assert silent.rms == pytest.approx(-100)


def test_speech_is_found_where_it_is(tmp_path: Path) -> None:
    found = runs_in(
        tmp_path, silence(1.2), tone(0.3, 0.8), silence(2.0), tone(0.3, 1.5), silence(1)
    )
    assert found == [(1.2, 2.0), (4.0, 5.5)]


def test_pauses_shorter_than_half_a_second_belong_to_the_run(tmp_path: Path) -> None:
    loud = tone(0.3, 1)
    assert runs_in(tmp_path, loud, silence(0.45), loud, silence(0.55), loud) == [(0, 2.45), (3, 4)]


def test_a_click_is_not_speech(tmp_path: Path) -> None:
    assert runs_in(tmp_path, silence(1), tone(0.5, 0.03), silence(2), tone(0.5, 1)) == [
        (3.03, 4.03)
    ]


def test_noise_far_below_the_speech_is_not_speech(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.002, 4 * RATE_HZ)
    assert runs_in(tmp_path, noise, tone(0.5, 1), noise) == [(4, 5)]


def test_digital_silence_has_no_speech(tmp_path: Path) -> None:
    assert runs_in(tmp_path, silence(3)) == []
    assert runs_in(tmp_path, silence(0.004)) == []


def test_audio_that_was_written_anew_is_measured_anew(tmp_path: Path) -> None:
    for seconds in (1.0, 2.0):
        both = np.stack([tone(0.5, seconds), silence(seconds)], axis=1)
        soundfile.write(tmp_path / AUDIO, both, RATE_HZ)
        assert len(loudness_of(tmp_path)[C].rms) == round(seconds / FRAME_S)
        assert loudness_of(tmp_path)[C] is loudness_of(tmp_path)[C]
