"""Speech from a local synthesizer: whole turns without holes, the same for every voice.

A synthesizer's own silence before and after a sentence (up to half a second) makes the listener
believe that the turn is over. So each sentence is trimmed, long pauses inside it are shortened,
and sentences are joined with a fixed short pause. Sentences are synthesized one after the other
as soon as their text is there, which is far ahead of their playback.
"""

import asyncio
import re
from collections.abc import Callable
from typing import NamedTuple, Never, TypeAlias

import numpy as np
from livekit.agents import APIConnectOptions, tokenize, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, TimedString

from shared.engines.latency import NO_DELAYS, Draws
from shared.engines.pcm import Samples, to_pcm
from shared.language.pauses import INNER_PAUSE_S, PAUSE, PAUSE_S, SENTENCE_PAUSE_S
from shared.language.to_say import apart

SAMPLE_RATE = 24_000
"""What every local voice speaks at."""

QUIET = 0.012
"""Samples up to this are silence (full scale 1.0)."""
KEPT_S = 0.03
"""Kept of the silence before and after a sound, which belongs to it."""
START_S = 1.5
"""A turn begins to play when so much of it is ready: after a first sentence as short as "Thank
you." the second would come too late on a busy machine, and the listener answer the first."""
LEVEL_DBFS = -23.0
"""RMS of active speech that voices are brought to; the liveliest peaks stay below full scale."""
FRAME_S = 0.01

_PARTS = re.compile(rf"([^{PAUSE}]+)({PAUSE}*)")
"""What is said up to a pause, and the pause."""

CALIBRATION = "This is a test of my voice. My order number is 4 7 2 1 9, and thank you for calling."

Speak: TypeAlias = Callable[[str, int], Samples]
"""A sentence and a seed to samples at SAMPLE_RATE. Blocks; thread-safe."""


class Voice:
    """One speaker, at the common level.

    Args:
        speak: The synthesizer.
        name: The voice's name.
        provider: The synthesizer's name.
    """

    def __init__(self, speak: Speak, *, name: str, provider: str) -> None:
        self._speak = speak
        self.name, self.provider = name, provider
        # One sentence for all: a gain measured on each utterance would pump.
        self.gain = 10 ** (LEVEL_DBFS / 20) / _active_rms(speak(CALIBRATION, 0))

    def speak(self, sentence: str, seed: int) -> Samples:
        """`sentence` without silence around it and with short pauses inside. Blocks."""
        return shorten_pauses(trim(self._speak(sentence, seed) * np.float32(self.gain)))


class LocalTTS(tts.TTS[Never]):
    """A voice as LiveKit wants it.

    Args:
        voice: Who speaks.
        seed: Where the voice has a choice, it makes the same one for the same seed.
        delays: How long a turn's first sound is made to take.
    """

    def __init__(self, voice: Voice, *, seed: int = 0, delays: Draws = NO_DELAYS.synthesis) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=True, aligned_transcript=True),
            sample_rate=SAMPLE_RATE,
            num_channels=1,
        )
        self.voice, self.seed, self.delays = voice, seed, delays

    @property
    def model(self) -> str:
        """The voice's name in metrics."""
        return self.voice.name

    @property
    def provider(self) -> str:
        """The synthesizer's name in metrics."""
        return self.voice.provider

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """Speak a text that is there as a whole."""
        return self._synthesize_with_stream(text, conn_options=conn_options)

    def stream(
        self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> "SpeechStream":
        """Speak a text that comes in pieces."""
        return SpeechStream(tts=self, conn_options=conn_options)


class SpeechStream(tts.SynthesizeStream):
    """One turn."""

    _tts: LocalTTS

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=SAMPLE_RATE,
            num_channels=1,
            mime_type="audio/pcm",
            stream=True,
        )
        output_emitter.start_segment(segment_id=utils.shortuuid())
        sentences = tokenize.blingfire.SentenceTokenizer(
            min_sentence_len=1, stream_context_len=1
        ).stream()
        splitting = asyncio.create_task(self._split(sentences), name="split-sentences")
        try:
            laid_out = _LaidOut(output_emitter)
            async for sentence in sentences:
                self._mark_started()
                if not laid_out.end_s:
                    await self._tts.delays.wait()
                laid_out.pause(SENTENCE_PAUSE_S)
                for part, pauses in _PARTS.findall(sentence.token):
                    samples = await asyncio.to_thread(
                        self._tts.voice.speak, apart(part), self._tts.seed
                    )
                    laid_out.add(part, samples)
                    laid_out.pause(len(pauses) * PAUSE_S)
            laid_out.play()
        finally:
            await utils.aio.cancel_and_wait(splitting)
            await sentences.aclose()
        output_emitter.end_segment()

    async def _split(self, sentences: tokenize.SentenceStream) -> None:
        async for item in self._input_ch:
            if isinstance(item, str):
                sentences.push_text(item)
            else:
                sentences.flush()
        sentences.end_input()


class _LaidOut:
    """The audio of a turn, played once there is enough of it that the next sentence is in time."""

    def __init__(self, emitter: tts.AudioEmitter) -> None:
        self._emitter = emitter
        self._pcm = bytearray()
        self._words: list[TimedString] = []
        self.end_s = 0.0
        """How long it is so far."""
        self._playing = False

    def pause(self, length_s: float) -> None:
        """Go on after a pause, which plays while what follows is synthesized."""
        if self.end_s and length_s:
            self._lay(np.zeros(round(length_s * SAMPLE_RATE), np.float32))

    def add(self, sentence: str, samples: Samples) -> None:
        """Go on with a sentence."""
        self._words += [
            TimedString(
                f" {word.text}" if self.end_s or index else word.text,
                start_time=self.end_s + word.start_s,
                end_time=self.end_s + word.end_s,
            )
            for index, word in enumerate(place_words(sentence, samples))
        ]
        self._lay(samples)

    def play(self) -> None:
        """Play what there is, and from now on what comes, at once."""
        self._playing = True
        if self._pcm:
            self._emitter.push_timed_transcript(self._words)
            self._emitter.push(bytes(self._pcm))
            self._words, self._pcm = [], bytearray()

    def _lay(self, samples: Samples) -> None:
        self._pcm += to_pcm(samples)
        self.end_s += len(samples) / SAMPLE_RATE
        if self._playing or self.end_s >= START_S:
            self.play()


class PlacedWord(NamedTuple):
    """A word and about when it is spoken, in seconds of its sentence."""

    text: str
    start_s: float
    end_s: float


def place_words(sentence: str, samples: Samples) -> list[PlacedWord]:
    """The words of `sentence`, spread over the sounding parts of its audio by their length."""
    words = sentence.split()
    weights = [sum(4 if char.isdigit() else 1 for char in word) + 1 for word in words]
    bounds = np.concatenate([[0.0], np.cumsum(weights) / sum(weights)]) if words else np.zeros(1)
    sounding = np.concatenate([[0.0], np.cumsum(_levels(samples) > QUIET)])
    times_s = np.interp(bounds * sounding[-1], sounding, np.arange(len(sounding)) * FRAME_S)
    times_s = np.minimum(times_s, len(samples) / SAMPLE_RATE)
    return [
        PlacedWord(word, float(start), float(end))
        for word, start, end in zip(words, times_s[:-1], times_s[1:], strict=True)
    ]


def trim(samples: Samples) -> Samples:
    """`samples` without the silence around them; nothing of what is only silence."""
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    if not len(loud):
        return samples[:0]
    kept = round(KEPT_S * SAMPLE_RATE)
    return samples[max(0, loud[0] - kept) : loud[-1] + 1 + kept]


def shorten_pauses(samples: Samples) -> Samples:
    """`samples` with no silence inside longer than INNER_PAUSE_S: the middle of it is taken out."""
    loud = np.flatnonzero(np.abs(samples) > QUIET)
    longest = round(INNER_PAUSE_S * SAMPLE_RATE)
    parts, begin = [], 0
    for i in np.flatnonzero(np.diff(loud) > longest):
        parts.append(samples[begin : loud[i] + longest // 2])
        begin = loud[i + 1] - longest // 2
    return np.concatenate([*parts, samples[begin:]])


def _levels(samples: Samples) -> Samples:
    """The peak of each FRAME_S."""
    frame = round(FRAME_S * SAMPLE_RATE)
    padded = np.pad(samples, (0, -len(samples) % frame))
    levels: Samples = np.abs(padded).reshape(-1, frame).max(axis=1)
    return levels


def _active_rms(samples: Samples) -> float:
    frame = round(FRAME_S * SAMPLE_RATE)
    active = np.repeat(_levels(samples) > QUIET, frame)[: len(samples)]
    return float(np.sqrt(np.mean(np.square(samples[active]))))
