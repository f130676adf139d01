"""The voice of the hotel: one of Hibari's, under a name of its own."""

from typing import Any

from livekit.agents import tts

from shared.engines import hibari, local_tts
from shared.engines.providers import EngineRequest, Offer, Package, Provider

HIBARI = {"evening": "heart-deep"}


def make(request: EngineRequest) -> tts.TTS[Any]:
    """The voice of one session."""
    voice = hibari.load(HIBARI[request.name])
    return local_tts.LocalTTS(voice, seed=request.seed, delays=request.delays.synthesis)


PROVIDER = Provider(
    "concierge",
    packages=(Package("grand-hotel", "grand_hotel", "Apache-2.0"),),
    tts=Offer(("evening",), make, load=lambda name: hibari.load(HIBARI[name])),
)
