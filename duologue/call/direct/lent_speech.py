"""The engines that hear and speak for somebody's agent in virtual time, on our side of the line."""

from typing import Any

from livekit import rtc

from duologue.call.direct.bridge.wire import Message
from shared import engines
from shared.engines.latency import Delays
from shared.engines.pcm import OUTPUT_RATE_HZ
from shared.language.pauses import SENTENCE_PAUSE_S
from shared.settings import Settings
from shared.spec import CallSpec, Role

AFTER_SENTENCE = bytes(2 * round(OUTPUT_RATE_HZ * SENTENCE_PAUSE_S))
"""Voices are trimmed, and sentences come one by one."""


class LentSpeech:
    """Answers what the agent's process asks for; to be made in the call's loop.

    Args:
        spec: The call.
        settings: What the engines need.
    """

    def __init__(self, spec: CallSpec, settings: Settings) -> None:
        assert spec.under_test
        assert spec.under_test.speech
        # Asked by another process: how long they are made to take, it waits for itself.
        self._models = engines.load(spec.under_test.speech, settings, seed=spec.seed)
        delays = Delays(spec.latency, f"{spec.seed} {Role.SUPPORT}")
        self._delays = {
            "recognize": delays.recognition,
            "wait": delays.language,
            "synthesize": delays.synthesis,
        }

    async def answer(self, asked: Message) -> Message:
        """What it is told."""
        fields: dict[str, Any] = {"delay_s": self._delays[asked.kind].next_s()}
        payload = b""
        if asked.kind == "recognize":
            fields |= await self._recognize(asked.payload, asked.fields["rate_hz"])
        elif asked.kind == "synthesize":
            payload = await self._synthesize(asked.fields["text"])
        return Message("answer", fields, payload)

    async def _recognize(self, audio: bytes, rate_hz: int) -> dict[str, Any]:
        frame = rtc.AudioFrame(audio, rate_hz, 1, len(audio) // 2)
        event = await self._models.stt.recognize(frame)
        heard = event.alternatives[0]
        return {"text": heard.text, "confidence": heard.confidence}

    async def _synthesize(self, text: str) -> bytes:
        async with self._models.tts.synthesize(text) as stream:
            parts = [bytes(part.frame.data) async for part in stream]
        return b"".join(parts) + AFTER_SENTENCE

    async def aclose(self) -> None:
        """Let them go."""
        await self._models.aclose()
