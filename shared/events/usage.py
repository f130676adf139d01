"""What the engines of one side of a call were used for, in the units in which services bill it."""

from enum import StrEnum

from shared.values import Frozen


class EngineKind(StrEnum):
    """What an engine does."""

    STT = "stt"
    LLM = "llm"
    TTS = "tts"


class Used(Frozen):
    """What one model was used for in a call; zero is also what nobody counted."""

    kind: EngineKind
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
