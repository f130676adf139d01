"""Silero, which detects voices on the CPU (`shared.engines.silero`)."""

from shared.engines.providers import Offer, Package, Provider

PROVIDER = Provider(
    "silero",
    packages=(Package("livekit-plugins-silero", "livekit.plugins.silero", "MIT"),),
    vad=Offer((), lambda _: None),
)
