"""Hibari, whose voices speak on the CPU (`shared.engines.hibari`)."""
# ruff: noqa: PLC0415 - the model's runtime is imported only where the provider is chosen

from typing import Any

from livekit.agents import tts

from shared.engines.providers import EngineRequest, Offer, Package, Provider


def _load(voice: str) -> object:
    from shared.engines import hibari

    return hibari.load(voice)


def _tts(request: EngineRequest) -> tts.TTS[Any]:
    from shared.engines import hibari, local_tts

    return local_tts.LocalTTS(
        hibari.load(request.name), seed=request.seed, delays=request.delays.synthesis
    )


PROVIDER = Provider(
    "hibari",
    packages=(Package("hibari-tts", "hibari", "Apache-2.0"),),
    extra="offline",
    tts=Offer(
        (
            *("heart", "heart-low", "heart-deep", "heart-warm", "heart-bright", "heart-young"),
            *("emma", "fable", "fenrir", "kore"),
        ),
        _tts,
        load=_load,
        paced=True,
    ),
)
