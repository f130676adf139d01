"""What the engines' tests share: an executor without threads, and a microphone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import stt
from livekit.agents.stt import SpeechEvent, SpeechEventType

from shared.engines import hibari, silero, turn_stt, whisper
from shared.engines.local_tts import SAMPLE_RATE
from shared.engines.pcm import Samples, resample, to_pcm
from shared.language.pauses import SENTENCE_PAUSE_S

T = TypeVar("T")


class InlineExecutor(ThreadPoolExecutor):
    """Does work at once, in the loop, so that a test is faster than the audio it pushes."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Microphone:
    """Feeds a session's VAD, and keeps what recognition makes of it."""

    def __init__(self, silero_vad: silero.SileroVAD) -> None:
        self._vad = silero_vad.stream()
        self.windows = 0
        self._arrived = asyncio.Event()
        self.events: list[tuple[SpeechEvent, float]] = []
        """With the seconds of audio that had been pushed."""

    async def push(self, samples: Samples, rate: int = SAMPLE_RATE) -> None:
        pcm = np.frombuffer(to_pcm(resample(samples, rate, silero.SAMPLE_RATE)), np.int16)
        padded = np.pad(pcm, (0, -len(pcm) % silero.WINDOW))
        for window in padded.reshape(-1, silero.WINDOW):
            self._vad.push_frame(rtc.AudioFrame(window.tobytes(), silero.SAMPLE_RATE, 1, 512))
            self.windows += 1
            for _ in range(8):  # rounds of the loop, in which all that follows from it is done
                await asyncio.sleep(0)

    async def silence(self, length_s: float) -> None:
        await self.push(np.zeros(round(length_s * SAMPLE_RATE), np.float32))

    async def listen(self, stream: stt.RecognizeStream) -> None:
        async for event in stream:
            self.events.append((event, self.windows * silero.WINDOW_S))
            self._arrived.set()

    async def next_event(self) -> None:
        """Wait until recognition says something more."""
        self._arrived.clear()
        await self._arrived.wait()

    def kinds(self) -> list[SpeechEventType]:
        return [event.type for event, _ in self.events]

    def finals(self) -> list[str]:
        return [
            event.alternatives[0].text
            for event, _ in self.events
            if event.type is SpeechEventType.FINAL_TRANSCRIPT
        ]

    async def aclose(self) -> None:
        await self._vad.aclose()


@asynccontextmanager
async def open_line() -> AsyncIterator[Microphone]:
    """A participant's line into recognition; when left, all that was pushed has been heard."""
    asyncio.get_running_loop().set_default_executor(InlineExecutor())
    silero_vad = silero.SileroVAD(min_silence_s=0.3)
    microphone = Microphone(silero_vad)
    recognizer = whisper.WhisperSTT(whisper.load(), model="tiny.en")
    stream = turn_stt.TurnSTT(recognizer, silero_vad).stream()
    listening = asyncio.create_task(microphone.listen(stream))
    await asyncio.sleep(0)
    yield microphone
    stream.end_input()
    await listening
    await stream.aclose()
    await microphone.aclose()


def say(*sentences: str, pause_s: float = SENTENCE_PAUSE_S) -> Samples:
    """One turn in the default voice."""
    pause = np.zeros(round(pause_s * SAMPLE_RATE), np.float32)
    spoken = [hibari.load("heart").speak(sentence, 0) for sentence in sentences]
    parts = [part for samples in spoken for part in (pause, samples)]
    return np.concatenate(parts[1:])


@pytest.fixture
def noise() -> Callable[[float, float], Samples]:
    """White noise of a length in seconds and an RMS level, the same each time."""

    def make(length_s: float, level: float) -> Samples:
        random = np.random.default_rng(0).standard_normal(round(length_s * SAMPLE_RATE))
        samples: Samples = (random * level).astype(np.float32)
        return samples

    return make
