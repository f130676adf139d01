"""Cartesia, which listens and speaks over websockets."""
# ruff: noqa: PLC0415 - the plugin is imported only where the provider is chosen

from typing import Any

from livekit.agents import stt, tts

from shared.engines.providers import EngineRequest, Offer, Package, Provider


def _stt(request: EngineRequest) -> stt.STT[Any]:
    from livekit.plugins import cartesia

    return cartesia.STT(
        model=request.name,
        api_key=request.client.key,
        base_url=request.client.base_url,
        http_session=request.client.http,
    )


def _tts(request: EngineRequest) -> tts.TTS[Any]:
    from livekit.plugins import cartesia

    return cartesia.TTS(
        model=request.model or "sonic-3",
        voice=request.voice,
        api_key=request.client.key,
        base_url=request.client.base_url,
        http_session=request.client.http,
    )


PROVIDER = Provider(
    "cartesia",
    packages=(Package("livekit-plugins-cartesia", "livekit.plugins.cartesia", "service"),),
    base_url="https://api.cartesia.ai",
    # The older ink-whisper does not say when a turn ends.
    stt=Offer(("ink-2",), _stt, streams=True),
    tts=Offer(("f786b574-daa5-4673-aa0c-cbe3e8534c02",), _tts, open_ended=True, streams=True),
)
