"""The engines behind the local servers: this project's own."""

import io

import numpy as np
import soundfile

from shared.engines import hibari, whisper
from shared.engines.local_tts import SAMPLE_RATE as SPOKEN_RATE
from shared.engines.pcm import Samples, resample, to_pcm
from shared.language.as_heard import sentences
from shared.language.pauses import SENTENCE_PAUSE_S


def hear(samples: Samples, rate: int) -> str:
    """The words in `samples`, mono. Blocks."""
    return whisper.load().transcribe(resample(samples, rate, whisper.SAMPLE_RATE)).text


def read_wav(data: bytes) -> tuple[Samples, int]:
    """Mono samples and their rate.

    Raises:
        soundfile.LibsndfileError: It is no audio.
    """
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return samples.mean(axis=1), rate


def speak(text: str, voice: str, rate: int) -> bytes:
    """`text` in a voice of Hibari's, a sentence after the other, as PCM. Blocks."""
    spoken = hibari.load(voice)
    pause = np.zeros(round(SENTENCE_PAUSE_S * SPOKEN_RATE), np.float32)
    parts = [part for each in sentences(text) for part in (pause, spoken.speak(each, 0))]
    return to_pcm(resample(np.concatenate([pause[:0], *parts[1:]]), SPOKEN_RATE, rate))
