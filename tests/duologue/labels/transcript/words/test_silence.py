"""Borders of words are where the sound stops and begins again."""

import numpy as np
import pytest

from duologue.labels.transcript.words.alignment import Span
from duologue.labels.transcript.words.silence import FRAME_S, refine
from shared.engines.pcm import Samples

RATE_HZ = 24_000
THRESHOLD_DBFS = -50.0


def noise(*sounding: tuple[float, float]) -> Samples:
    """A second that is loud in those stretches, silent elsewhere."""
    samples = np.random.default_rng(1).normal(0, 0.1, RATE_HZ).astype(np.float32)
    loud = np.zeros(RATE_HZ, dtype=bool)
    for start, end in sounding:
        loud[round(start * RATE_HZ) : round(end * RATE_HZ)] = True
    return samples * loud


def test_words_begin_with_their_first_sound_and_end_with_their_last() -> None:
    spans = [Span(0.18, 0.42), Span(0.5, 0.78)]
    samples = noise((0.2, 0.45), (0.48, 0.8))
    refined = refine(spans, samples, RATE_HZ, THRESHOLD_DBFS)
    flat = [at for span in refined for at in span]
    assert flat == pytest.approx([0.2, 0.45, 0.48, 0.8], abs=FRAME_S)


def test_where_sound_goes_on_one_word_ends_where_the_next_begins() -> None:
    spans = [Span(0.2, 0.45), Span(0.5, 0.8)]
    refined = refine(spans, noise((0.2, 0.8)), RATE_HZ, THRESHOLD_DBFS)
    assert (refined[0].end, refined[1].start) == (0.5, 0.5)


def test_a_silence_deep_inside_a_word_is_no_border() -> None:
    spans = [Span(0.2, 0.4), Span(0.4, 0.8)]
    refined = refine(spans, noise((0.2, 0.56), (0.6, 0.8)), RATE_HZ, THRESHOLD_DBFS)
    assert (refined[0].end, refined[1].start) == (0.4, 0.4)
