"""What the engines of one side of a call were used for, in the units in which services bill it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from livekit.agents.metrics import (
    AgentSessionUsage,
    LLMModelUsage,
    STTModelUsage,
    TTSModelUsage,
)

from shared.values import Frozen


class Kind(StrEnum):
    """What an engine does."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"


class Used(Frozen):
    """What one model was used for in a call; zero is also what nobody counted."""

    kind: Kind
    provider: str
    model: str
    local: bool
    """It is none that answers over the network."""
    input_tokens: int = 0
    cached_tokens: int = 0
    """Of the input, those that the provider had kept from earlier requests."""
    output_tokens: int = 0
    characters: int = 0
    audio_s: float = 0.0
    """Heard or spoken."""


def used(
    usage: AgentSessionUsage, services: Iterable[Any], reported_as: Mapping[str, str]
) -> list[Used]:
    """What a session has used, by model.

    Args:
        usage: As LiveKit counted it from what each engine reports (`AgentSession.usage`).
        services: The session's engines that answer over the network.
        reported_as: Names of providers, by what their plugins call them.
    """
    remote = {(service.provider, service.model) for service in services}
    found = []
    for each in usage.model_usage:
        counted: dict[str, Any]
        if isinstance(each, LLMModelUsage):
            kind = Kind.LLM
            counted = {
                "input_tokens": each.input_tokens,
                "cached_tokens": each.input_cached_tokens,
                "output_tokens": each.output_tokens,
            }
        elif isinstance(each, TTSModelUsage | STTModelUsage):
            kind = Kind.TTS if isinstance(each, TTSModelUsage) else Kind.STT
            counted = {
                "input_tokens": each.input_tokens,
                "output_tokens": each.output_tokens,
                "characters": getattr(each, "characters_count", 0),
                "audio_s": round(each.audio_duration, 3),
            }
        else:
            continue  # turn detectors of LiveKit's own, of which no session has one
        found.append(
            Used(
                kind=kind,
                provider=reported_as.get(each.provider, each.provider.lower()),
                model=each.model,
                local=(each.provider, each.model) not in remote,
                **counted,
            )
        )
    return found
