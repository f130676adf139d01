"""Speech engines that stand in for an agent's own, which stream in real time.

They are the other process's: a sentence's words go there and its audio comes back, what was heard
goes there and its words come back. So one process has the weights, and the agent's environment
needs none. When somebody speaks is told by the voice detection that comes with livekit-agents.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Never

from livekit.agents import APIConnectOptions, LanguageCode, inference, stt, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, NotGivenOr

from .wire import Message

SPOKEN_HZ = 24_000
SILENCE_S = 0.4
"""What ends what is recognized as one: a pause inside a sentence is shorter."""

Ask = Callable[..., Awaitable[Message]]
"""Asks the other process: a kind, bytes and fields, as for `Wire.send`."""


def recognizer(ask: Ask) -> stt.STT[Never]:
    """A recognizer that streams, as a session wants it."""
    return stt.StreamAdapter(
        stt=_Recognizer(ask), vad=inference.VAD(min_silence_duration=SILENCE_S)
    )


class _Recognizer(stt.STT[Never]):
    def __init__(self, ask: Ask) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self._ask = ask

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        del language, conn_options
        heard = utils.combine_frames(buffer) if isinstance(buffer, list) else buffer
        answer = await self._ask("recognize", bytes(heard.data), rate_hz=heard.sample_rate)
        await asyncio.sleep(answer.fields["delay_s"])
        words = stt.SpeechData(
            language=LanguageCode("en"),
            text=answer.fields["text"],
            confidence=answer.fields["confidence"],
        )
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[words])


class LentVoice(tts.TTS[Never]):
    """A voice that speaks sentence by sentence."""

    def __init__(self, ask: Ask) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=SPOKEN_HZ,
            num_channels=1,
        )
        self.ask = ask

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """Speak a sentence."""
        return _Sentence(tts=self, input_text=text, conn_options=conn_options)


class _Sentence(tts.ChunkedStream):
    _tts: LentVoice

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=SPOKEN_HZ,
            num_channels=1,
            mime_type="audio/pcm",
        )
        answer = await self._tts.ask("synthesize", text=self.input_text)
        await asyncio.sleep(answer.fields["delay_s"])
        output_emitter.push(answer.payload)


class StandIns:
    """What a session uses for the engines that its agents name: one of each kind for all."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._made: dict[str, Any] = {}
        self.replaced: set[str] = set()
        """What was named, as Python calls it."""

    def own(self, kind: str, engine: Any) -> Any:
        """What to use for `engine`; None stays None."""
        if engine is None:
            return None
        self.replaced.add(f"{type(engine).__module__}.{type(engine).__name__}")
        if kind not in self._made:
            self._made[kind] = recognizer(self._ask) if kind == "stt" else LentVoice(self._ask)
        return self._made[kind]
