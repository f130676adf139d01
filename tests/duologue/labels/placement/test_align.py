"""Speech whose place in a recording is known, and what a jitter buffer does to it."""

import numpy as np
import pytest
import soxr

from duologue.folder.channels import RATE_HZ, Pcm
from duologue.labels.placement.align import align
from duologue.labels.placement.place import MIN_CORRELATION
from tests.duologue.labels.placement.voices import lay, noise, voice

AT = 17_321


def recorded(*parts: Pcm, at: int = AT, loud: float = 0.7, rms: float = 200) -> Pcm:
    """A recording that is noise, with `parts` one after the other from sample `at` on."""
    sound = np.concatenate(parts)
    recording = noise(len(sound) / RATE_HZ + 2.5, rms)
    lay(recording, (loud * sound).astype(np.int16), at)
    return recording


@pytest.mark.parametrize("seconds", [0.1, 0.4, 2.0, 12.0])
@pytest.mark.parametrize("seed", range(4))
def test_speech_is_found_to_the_sample(seconds: float, seed: int) -> None:
    speech = voice(seconds, seed)
    found = align(speech, recorded(speech, at=AT + 997 * seed))
    assert (found.start, found.drift, found.jumps) == (AT + 997 * seed, 0, ())
    assert 0.9 < found.correlation <= 1.0


@pytest.mark.parametrize("seconds", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("seed", range(4))
def test_other_speech_is_not_taken_for_it(seconds: float, seed: int) -> None:
    assert align(voice(seconds, seed), recorded(voice(8, seed + 10))).correlation < MIN_CORRELATION


def test_noise_and_silence_are_found_nowhere() -> None:
    speech, silence = voice(2), np.zeros(4 * RATE_HZ, np.int16)
    assert align(speech, noise(5, 2000)).correlation < MIN_CORRELATION / 2
    assert align(speech, silence).correlation < 0.1
    assert align(silence, recorded(speech)).correlation == 0.0


def test_what_a_jitter_buffer_drops_and_stretches_is_found_where_it_is() -> None:
    speech = voice(6.0)
    first, second = round(1.53 * RATE_HZ), round(4.31 * RATE_HZ)
    dropped, stretched = round(0.012 * RATE_HZ), round(0.033 * RATE_HZ)
    found = align(
        speech,
        recorded(
            speech[:first],
            speech[first + dropped : second],
            speech[second - stretched : second],
            speech[second:],
        ),
    )
    # Most of it lies between the two.
    assert found.start == AT - dropped
    assert [jump.size for jump in found.jumps] == [-dropped, stretched]
    assert found.jumps[0].at == pytest.approx(first + dropped, abs=0.02 * RATE_HZ)
    assert found.jumps[1].at == pytest.approx(second, abs=0.04 * RATE_HZ)
    assert found.drift == 0
    assert found.correlation > MIN_CORRELATION


@pytest.mark.parametrize("step_s", [0.25, 5.75])
def test_a_jump_near_an_end_is_no_drift(step_s: float) -> None:
    speech = voice(6.0)
    step, dropped = round(step_s * RATE_HZ), round(0.02 * RATE_HZ)
    found = align(speech, recorded(speech[:step], speech[step + dropped :]))
    assert [jump.size for jump in found.jumps] == [-dropped]
    assert found.start == AT - dropped * (step_s < 3)
    assert found.drift == 0


def test_a_voice_that_is_only_shifted_by_its_pitch_is_no_jump() -> None:
    """A steady tone looks the same one period later; only its beginning says where it lies."""
    time = np.arange(3 * RATE_HZ) / RATE_HZ
    tone = (8000 * np.sin(2 * np.pi * 120 * time) * np.minimum(1, 3 * time)).astype(np.int16)
    found = align(tone, recorded(tone))
    assert (found.start, found.jumps) == (AT, ())


@pytest.mark.parametrize("per_million", [-100, 50, 100])
def test_clocks_of_different_speed_are_a_drift_and_no_jump(per_million: int) -> None:
    speech = voice(10)
    slower = soxr.resample(speech, RATE_HZ, RATE_HZ * (1 + per_million * 1e-6))
    found = align(speech, recorded(slower.astype(np.int16)))
    assert found.jumps == ()
    assert found.drift == pytest.approx(9.4 * RATE_HZ * per_million * 1e-6, abs=3)
    assert found.start == pytest.approx(AT + 5 * RATE_HZ * per_million * 1e-6, abs=8)


def test_what_was_lost_on_the_way_lowers_the_correlation() -> None:
    speech = voice(4)
    holed = speech.copy()
    holed[RATE_HZ : 2 * RATE_HZ] = 0
    found = align(speech, recorded(holed))
    assert found.start == AT
    assert found.jumps == ()
    assert found.correlation == pytest.approx(0.75, abs=0.1)


def test_speech_that_the_recording_cuts_off_is_found_by_its_beginning() -> None:
    speech = voice(4)
    cut = recorded(speech)
    cut[AT + 3 * RATE_HZ :] = 0
    found = align(speech, cut)
    assert (found.start, found.jumps) == (AT, ())
    assert found.correlation > MIN_CORRELATION
