"""What a session has used its engines for, as LiveKit counts it."""

from collections.abc import Iterable, Mapping
from typing import Any

from livekit.agents.metrics import (
    AgentSessionUsage,
    LLMModelUsage,
    STTModelUsage,
    TTSModelUsage,
)

from shared.events.usage import EngineKind, Used


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
            kind = EngineKind.LLM
            counted = {
                "input_tokens": each.input_tokens,
                "cached_tokens": each.input_cached_tokens,
                "output_tokens": each.output_tokens,
            }
        elif isinstance(each, TTSModelUsage | STTModelUsage):
            kind = EngineKind.TTS if isinstance(each, TTSModelUsage) else EngineKind.STT
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
                # Zero is also what nobody counted, and goes without saying.
                **{name: amount for name, amount in counted.items() if amount},
            )
        )
    return found
