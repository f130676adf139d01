import numpy as np
import pytest

from duologue.doctor.sound import SILENT_DBFS, find_echo, level_dbfs, sounding
from shared.engines.pcm import Samples

RATE = 16_000


def noise(seconds: float, seed: int = 0) -> Samples:
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * 0.1
    return samples.astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.float32)


def test_a_full_scale_square_is_at_0_dbfs_and_nothing_is_at_the_bottom() -> None:
    assert level_dbfs(np.ones(100, np.float32)) == pytest.approx(0)
    assert level_dbfs(silence(0.1)) == SILENT_DBFS
    assert level_dbfs(silence(0)) == SILENT_DBFS


def test_an_echo_is_found_however_late_and_quiet_it_is() -> None:
    sent = noise(2)
    echo = find_echo(sent, np.concatenate([silence(0.35), 0.1 * sent, silence(1)]), RATE)
    assert echo.correlation > 0.99
    assert echo.delay_s == pytest.approx(0.35)


def test_an_echo_with_a_few_milliseconds_missing_inside_is_still_one() -> None:
    sent = noise(2)
    jumped = np.concatenate([silence(0.2), sent[:16_000], sent[16_160:], silence(0.5)])
    assert find_echo(sent, jumped, RATE).correlation > 0.9


@pytest.mark.parametrize("heard", [noise(3, seed=1), silence(3), silence(0.1), silence(0)])
def test_other_sound_and_silence_are_no_echo(heard: Samples) -> None:
    assert find_echo(noise(2), heard, RATE).correlation < 0.2


def test_silence_around_a_sound_is_left_out_but_for_a_margin() -> None:
    samples = np.concatenate([silence(3), noise(1), silence(0.3), noise(1), silence(2)])
    assert len(sounding(samples, RATE)) / RATE == pytest.approx(2.7)
    assert not len(sounding(silence(1), RATE))
