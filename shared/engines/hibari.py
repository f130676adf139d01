"""Hibari's voices, about 100 times real time on one core; "heart" comes with the package.

Other speakers are made of "heart" (female, American): spoken quicker and played slower, which takes
pitch and formants down and not the pace, or the other way round. The package's further voices are
downloaded on first use. `@1.1` after a name makes a voice so much quicker.
"""

import zlib
from functools import cache
from typing import NamedTuple

import soxr
from hibari import Hibari
from hibari.g2p import G2P
from hibari.voices import VOICES

from shared.engines.local_tts import Voice
from shared.engines.pcm import Samples
from shared.errors import EngineUnavailable


class AlteredVoice(NamedTuple):
    """A voice of the package's, spoken so that it sounds like somebody else."""

    voice: str
    """Hibari's own name for it."""
    quicker: float
    """How much quicker it is spoken before it is played at another rate."""
    play: tuple[int, int]
    """For so many samples in, so many out."""


SPEAKERS = {
    "heart": AlteredVoice("heart", 1.0, (100, 100)),
    "heart-low": AlteredVoice("heart", 1.15, (100, 118)),
    "heart-deep": AlteredVoice("heart", 1.1, (100, 128)),
    "heart-warm": AlteredVoice("heart", 1.07, (100, 108)),
    "heart-bright": AlteredVoice("heart", 0.94, (100, 93)),
    "heart-young": AlteredVoice("heart", 0.9, (100, 88)),
} | {voice: AlteredVoice(voice, 1.0, (100, 100)) for voice in ("emma", "fable", "fenrir", "kore")}


@cache
def front_end(*, british: bool) -> G2P:
    """What makes phonemes of a text, in misaki's alphabet; once per process."""
    return G2P(british=british)


@cache
def _model(voice: str) -> Hibari:
    try:
        return Hibari(voice, threads=1, g2p=front_end(british=VOICES[voice]["british"]))
    except RuntimeError as error:  # it is not there, and could not be downloaded
        raise EngineUnavailable(f"hibari/{voice}", str(error)) from None


@cache
def load(name: str) -> Voice:
    """One of SPEAKERS, once per process; "heart-low@1.1" speaks a tenth quicker.

    Raises:
        EngineUnavailable: The voice is not on this machine, and cannot be downloaded.
    """
    speaker_name, _, speed = name.partition("@")
    voice, quicker, play = SPEAKERS[speaker_name]
    quicker *= float(speed or 1)
    model = _model(voice)

    def speak(sentence: str, seed: int) -> Samples:
        # The seed of a sentence must not depend on what was said before it.
        seed ^= zlib.crc32(sentence.encode())
        samples: Samples = model(sentence, speed=quicker, seed=seed)
        return samples if play[0] == play[1] else soxr.resample(samples, *play)

    return Voice(speak, name=name, provider="hibari")
