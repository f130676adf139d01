"""Hibari's voice "heart": female, American, about 100 times real time on one core.

Other speakers are made of it: spoken quicker and played slower, which takes pitch and formants
down and not the pace, or the other way round. `@1.1` after a name makes a voice so much quicker.
"""

import zlib
from functools import cache
from typing import NamedTuple

import soxr
from hibari import Hibari

from shared.engines.audio import Samples
from shared.engines.speech import Voice


class Speaker(NamedTuple):
    """Somebody made of "heart"."""

    quicker: float
    """How much quicker it is spoken before it is played at another rate."""
    play: tuple[int, int]
    """For so many samples in, so many out."""


SPEAKERS = {
    "heart": Speaker(1.0, (100, 100)),
    "heart-low": Speaker(1.15, (100, 118)),
    "heart-deep": Speaker(1.1, (100, 128)),
    "heart-warm": Speaker(1.07, (100, 108)),
    "heart-bright": Speaker(0.94, (100, 93)),
    "heart-young": Speaker(0.9, (100, 88)),
}


@cache
def _model() -> Hibari:
    return Hibari("heart", threads=1)


@cache
def load(name: str) -> Voice:
    """One of SPEAKERS, once per process; "heart-low@1.1" speaks a tenth quicker."""
    speaker_name, _, speed = name.partition("@")
    quicker, play = SPEAKERS[speaker_name]
    quicker *= float(speed or 1)

    def speak(sentence: str, seed: int) -> Samples:
        # The seed of a sentence must not depend on what was said before it.
        seed ^= zlib.crc32(sentence.encode())
        samples: Samples = _model()(sentence, speed=quicker, seed=seed)
        return samples if play[0] == play[1] else soxr.resample(samples, *play)

    return Voice(speak, name=name, provider="hibari")
