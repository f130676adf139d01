"""Deepgram, which listens and speaks over websockets."""
# ruff: noqa: PLC0415 - the plugin is imported only where the provider is chosen

from typing import Any

from livekit.agents import stt, tts

from shared.engines.providers import EngineRequest, Offer, Package, Provider
from shared.engines.turn_settings import BY_SERVICE


def _stt(request: EngineRequest) -> stt.STT[Any]:
    from livekit.plugins import deepgram

    return deepgram.STT(
        model=request.name,
        api_key=request.client.key,
        base_url=f"{request.client.base_url}/listen",
        # By default 25 ms, which would end the turn at every breath.
        endpointing_ms=round(BY_SERVICE.silence_s * 1000),
        # Where a noise keeps the silence from being one.
        utterance_end_ms=1000,
        http_session=request.client.http,
    )


def _tts(request: EngineRequest) -> tts.TTS[Any]:
    from livekit.plugins import deepgram

    return deepgram.TTS(
        model=request.name,
        api_key=request.client.key,
        base_url=f"{request.client.base_url}/speak",
        http_session=request.client.http,
    )


PROVIDER = Provider(
    "deepgram",
    packages=(Package("livekit-plugins-deepgram", "livekit.plugins.deepgram", "service"),),
    base_url="https://api.deepgram.com/v1",
    stt=Offer(("nova-3",), _stt, open_ended=True, streams=True),
    tts=Offer(("aura-2-andromeda-en",), _tts, open_ended=True, streams=True),
)
