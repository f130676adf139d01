"""Words are found in speech whose times are known."""

import numpy as np
import pytest
import soxr

from benchmarks.labels import GAPS_S, joined
from duologue.labels.transcript.words.alignment import FRAME_S, RATE_HZ, Aligner, aligner
from duologue.labels.transcript.words.readings import parts
from shared.engines import hibari, piper
from shared.engines.local_tts import SAMPLE_RATE, Voice
from shared.engines.pcm import Samples

TEXT = "My name is Siobhan Szczepanski, and NW-4821 was $12.50 on the 3rd of May 1990."
VOICES = [*map(hibari.load, ("heart", "heart-deep", "heart-young")), piper.load("joe")]
every_voice = pytest.mark.parametrize("voice", VOICES, ids=lambda voice: voice.name)


def align(samples: Samples, text: str, *, optional: int = 0) -> list[tuple[float, float] | None]:
    """When the words of `text` were spoken, in seconds; nothing if they do not fit."""
    audio = soxr.resample(samples, SAMPLE_RATE, RATE_HZ)
    words = [parts(word) for word in text.split()]
    return list(aligner().align(audio, words, optional=optional) or [])


@every_voice
def test_names_numbers_codes_and_money_are_found_where_they_were_spoken(voice: Voice) -> None:
    samples, truth = joined(voice, TEXT, GAPS_S["silence"], seed=1)
    found = align(samples, TEXT)
    pairs = [(mark, known) for mark, known in zip(found, truth, strict=True) if mark]
    assert len(pairs) == len(truth)
    errors = [abs(a - b) for mark, known in pairs for a, b in zip(mark, known, strict=True)]
    # Without the borders that `silence` moves; benchmarks.labels measures with them.
    assert np.median(errors) < 0.03
    assert np.percentile(errors, 95) < 0.15


def test_the_same_audio_gives_the_same_times_whatever_was_aligned_before() -> None:
    samples, _ = joined(VOICES[2], TEXT, GAPS_S["silence"], seed=1)
    audio = soxr.resample(samples, SAMPLE_RATE, RATE_HZ)
    words = [parts(word) for word in TEXT.split()]
    fresh = Aligner().align(audio, words)
    aligner = Aligner()
    noise = np.random.default_rng(3).normal(scale=0.1, size=3 * RATE_HZ).astype(np.float32)
    aligner.align(noise, [parts("something")])
    assert aligner.align(audio, words) == fresh


def test_a_word_without_pronunciation_has_no_time_and_the_others_have() -> None:
    samples, _ = joined(VOICES[0], "My name is Patel.", GAPS_S["silence"], seed=1)
    found = align(samples, "My name 名前 is Patel.")
    assert found[2] is None
    assert all(found[index] for index in (0, 1, 3, 4))


def test_words_that_were_cut_off_are_missing_and_the_others_are_where_they_were() -> None:
    samples, truth = joined(VOICES[0], "My order number is four seven", GAPS_S["silence"], seed=1)
    found = align(samples, "My order number is four seven two one nine", optional=4)
    assert found[6:] == [None, None, None]
    assert found[5]
    assert abs(found[5][0] - truth[5][0]) < 5 * FRAME_S


def test_what_is_too_short_for_its_words_fits_none() -> None:
    assert align(np.zeros(SAMPLE_RATE // 10, np.float32), TEXT) == []
