"""What a provider of engines is; ours are the modules of this package, each named as its provider.

An engine is named `provider/model-or-voice`. What it needs is imported when it is chosen, not
before; keys and addresses come from the settings, never from the environment, and nothing resolves
to LiveKit Inference. A service with one voice, all in one module:

    PROVIDER = Provider(
        "acme",
        packages=(Package("acme-voices", "acme_voices", "service"),),
        base_url="https://api.acme.example",
        tts=Offer(("voice-1",), lambda request: AcmeTTS(request.name, request.client)),
    )
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from livekit.agents.llm import LLM
from livekit.agents.stt import STT
from livekit.agents.tts import TTS

from shared.engines.latency import Delays
from shared.engines.service_client import ServiceClient
from shared.engines.turn_settings import BY_SERVICE, TurnSettings

T = TypeVar("T")


class Package(NamedTuple):
    """A distribution that an engine, a model or a voice comes in."""

    name: str
    module: str
    licence: str
    """As SPDX has it, or "service"."""


class EngineRequest(NamedTuple):
    """An engine that one session asks a provider for."""

    name: str
    """Of the model or the voice, without the provider."""
    client: ServiceClient
    """The session's way to the provider; an engine that runs here needs none."""
    seed: int
    """What a voice that has a choice chooses by."""
    delays: Delays
    """What an engine that runs here is made to take, on top of its own work."""

    @property
    def model(self) -> str | None:
        """The model before the voice, as in "tts-1:alloy", if one is named."""
        return self.name.rpartition(":")[0] or None

    @property
    def voice(self) -> str:
        """The name without the model."""
        return self.name.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Offer(Generic[T]):
    """The engines of one kind that a provider has."""

    names: tuple[str, ...]
    """Models or voices; empty where the provider's name says it all."""
    make: Callable[[EngineRequest], T]
    _: KW_ONLY
    open_ended: bool = False
    """Whether there are more than `names`, which are examples then; where there is a `load`, these
    are paths of files."""
    load: Callable[[str], object] | None = None
    """Loads what an engine that runs here needs, and runs it once. Blocks."""
    turn: TurnSettings = BY_SERVICE
    """For recognizers: what a session is told about turns."""
    streams: bool = False
    """Whether it listens or speaks over a connection that stays open, in real time. Another
    recognizer is sent whole turns (`shared.engines.turn_stt`)."""
    paced: bool = False
    """For voices: whether "@1.1" after the name makes one speak a tenth quicker."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Who has engines: a service, or a library whose models run here."""

    name: str
    """Lower case, digits and hyphens; its variables begin with it, such as `ACME_API_KEY`."""
    _: KW_ONLY
    packages: tuple[Package, ...] = ()
    """The engine, then the model or voice if that comes apart."""
    extra: str | None = None
    """The extra of this project that installs `packages`."""
    base_url: str | None = None
    """Where a service answers, unless a variable such as `ACME_BASE_URL` says otherwise. None for
    engines that run here and need no key."""
    reported_as: str | None = None
    """What its LiveKit plugin calls it when it counts what was used, if not `name`. OpenAI's plugin
    goes by the host it talks to, so another server of the same protocol keeps its own name, and
    gets no price of OpenAI's."""
    prices: Path | None = None
    """A table of what it asks, of the form of `duologue/labels/prices.yaml`; without, what is not
    in there has no known price."""
    stt: Offer[STT[Any]] | None = None
    llm: Offer[LLM[Any] | None] | None = None
    """One of "rules" is None: the role brings its own."""
    tts: Offer[TTS[Any]] | None = None
    vad: Offer[None] | None = None
    """Silero's alone: every session has it (`shared.engines.silero`)."""

    def offer(self, kind: str) -> Offer[Any] | None:
        """Its engines of a kind: "stt", "llm", "tts" or "vad"."""
        offer: Offer[Any] | None = getattr(self, kind)
        return offer
