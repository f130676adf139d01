"""Hibari's voice "heart": female, American, about 100 times real time on one core."""

import zlib
from collections.abc import Callable
from functools import cache

import soxr
from hibari import Hibari

from shared.engines.audio import Samples
from shared.engines.speech import Voice

QUICKER = 1.15
SLOWER = (100, 118)
"""The low voice is spoken quicker and played slower: pitch and formants go down, not the pace."""


@cache
def _model() -> Hibari:
    return Hibari("heart", threads=1)


def _heart(sentence: str, seed: int, *, speed: float = 1.0) -> Samples:
    # The seed of a sentence must not depend on what was said before it.
    samples: Samples = _model()(sentence, speed=speed, seed=zlib.crc32(sentence.encode()) ^ seed)
    return samples


def _heart_low(sentence: str, seed: int) -> Samples:
    samples: Samples = soxr.resample(_heart(sentence, seed, speed=QUICKER), *SLOWER)
    return samples


VOICES: dict[str, Callable[[str, int], Samples]] = {"heart": _heart, "heart-low": _heart_low}


@cache
def load(voice: str) -> Voice:
    """A voice of VOICES, once per process."""
    return Voice(VOICES[voice], name=voice, provider="hibari")
