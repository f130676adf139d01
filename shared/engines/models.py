"""The engines of one session, made by the providers that its call names."""

import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

from livekit.agents import APIConnectOptions, llm, stt, tts, vad
from livekit.agents.voice.agent_session import SessionConnectOptions

from shared.engines.chosen import Chosen, all_of, find, of_kind
from shared.engines.latency import NO_DELAYS, Delays
from shared.engines.providers import EngineRequest
from shared.engines.reply import ReplyLimits, limit_replies
from shared.engines.service_client import ServiceClient
from shared.engines.silero import SileroVAD
from shared.engines.turn_settings import TurnSettings
from shared.engines.turn_stt import TurnSTT
from shared.errors import EngineUnavailable
from shared.settings import Settings
from shared.spec import Engines

RETRIES_BESIDE = 1
"""How often an engine is asked again that has another to stand in for it."""
LOADING = threading.Lock()
"""Sessions may share the process as threads; one at a time loads weights."""


class Models(NamedTuple):
    """The engines of one session."""

    stt: stt.STT[Any]
    llm: llm.LLM[Any] | None
    """None for "rules": the role brings its own."""
    tts: tts.TTS[Any]
    vad: vad.VAD
    turn: TurnSettings
    delays: Delays
    """What the engines are made to take; already in those of this project."""
    services: tuple[Any, ...]
    """Those that answer over the network, as LiveKit's plugins made them."""
    connect: SessionConnectOptions
    """How long each kind is waited for, and how often it is asked again."""
    clients: tuple[ServiceClient, ...]
    """The session's connections to services."""
    reported_as: Mapping[str, str]
    """Providers' names, by what LiveKit's plugins call them when they count what was used."""

    async def aclose(self) -> None:
        """Close connections to services, when the session is over."""
        for engine in (self.stt, self.llm, self.tts, *self.services):
            if engine:
                await engine.aclose()
        for client in self.clients:
            await client.aclose()


def load(
    engines: Engines,
    settings: Settings,
    *,
    seed: int = 0,
    delays: Delays = NO_DELAYS,
    silence_s: float = 0.0,
    on_cut: Callable[[str, str], None] = lambda _engine, _where: None,
) -> Models:
    """The engines for one session, in the loop it runs in.

    Args:
        engines: Which.
        settings: Keys and addresses of services.
        seed: What voices that have a choice choose by.
        delays: What the engines are made to take; without, nothing on top of their work.
        silence_s: What ends a turn of the peer at the earliest.
        on_cut: Told of each reply of a language model that was cut: which engine's, and where.

    Raises:
        EngineUnavailable: As `check`.
    """
    with LOADING:
        return _Assembly(engines, settings, seed, delays, silence_s, on_cut=on_cut).models()


@asynccontextmanager
async def judge(
    engine: str, settings: Settings, on_cut: Callable[[str], None]
) -> AsyncIterator[llm.LLM[Any]]:
    """A language model by itself, to judge calls with; `on_cut` is told where a reply was cut.

    Raises:
        EngineUnavailable: It is unknown, not installed, its key is missing, or it is no model.
    """
    chosen = find("llm", engine)
    client = _client(chosen, settings)
    with chosen.named("made"):
        model = chosen.offer.make(EngineRequest(chosen.name, client, seed=0, delays=NO_DELAYS))
    if model is None:
        raise EngineUnavailable(
            engine, "it cannot judge; name a language model, see docs/engines.md"
        )
    limit_replies(model, _reply_limits(settings), on_cut)
    try:
        yield model
    finally:
        await model.aclose()
        await client.aclose()


def _client(chosen: Chosen, settings: Settings) -> ServiceClient:
    provider = chosen.provider
    own = settings.provider(provider.name)
    return ServiceClient(
        provider.name,
        key=chosen.key(settings),
        base_url=(own.base_url or provider.base_url or "").rstrip("/"),
        requests_per_minute=own.requests_per_minute,
        timeout_s=settings.duologue_service_timeout_s,
    )


def _reply_limits(settings: Settings) -> ReplyLimits:
    return ReplyLimits(settings.duologue_reply_timeout_s, settings.duologue_reply_characters)


class _Assembly:
    """Engines while they are put together."""

    def __init__(
        self,
        engines: Engines,
        settings: Settings,
        seed: int,
        delays: Delays,
        silence_s: float,
        *,
        on_cut: Callable[[str, str], None],
    ) -> None:
        self._engines, self._settings = engines, settings
        self._seed, self._delays, self._on_cut = seed, delays, on_cut
        turn = of_kind(engines, "stt")[0].offer.turn
        self._turn = turn._replace(silence_s=max(turn.silence_s, silence_s))
        self._silero = SileroVAD(min_silence_s=self._turn.vad_min_silence_s)
        self._services: list[Any] = []
        self._clients: dict[str, ServiceClient] = {}

    def models(self) -> Models:
        return Models(
            stt=self._stt(),
            llm=self._llm(),
            tts=self._tts(),
            vad=self._silero,
            turn=self._turn,
            delays=self._delays,
            services=tuple(self._services),
            connect=SessionConnectOptions(
                stt_conn_options=self._patience("stt"),
                llm_conn_options=self._patience("llm"),
                tts_conn_options=self._patience("tts"),
                # What failed for good ends the call: it would go on with one side deaf or mute.
                max_unrecoverable_errors=0,
            ),
            clients=tuple(self._clients.values()),
            reported_as={
                one.provider.reported_as: one.provider.name
                for one in all_of(self._engines)
                if one.provider.reported_as
            },
        )

    def _make(self, chosen: Chosen) -> Any:
        name = chosen.provider.name
        if name not in self._clients:
            self._clients[name] = _client(chosen, self._settings)
        request = EngineRequest(chosen.name, self._clients[name], self._seed, self._delays)
        with chosen.named("made"):
            engine = chosen.offer.make(request)
        if chosen.is_service:
            self._services.append(engine)
        if isinstance(engine, llm.LLM):
            on_cut = partial(self._on_cut, chosen.engine)
            limit_replies(engine, _reply_limits(self._settings), on_cut)
        return engine

    def _patience(self, kind: str) -> APIConnectOptions:
        """For a session's requests; what stands in for an engine is not asked twice over."""
        several = len(of_kind(self._engines, kind)) > 1
        return APIConnectOptions(
            timeout=self._settings.duologue_service_timeout_s,
            max_retry=0 if several else self._settings.duologue_service_retries,
        )

    def _stt(self) -> stt.STT[Any]:
        made: list[stt.STT[Any]] = []
        whole: list[stt.STT[Any]] = []  # one after the other that are sent whole turns
        for chosen in of_kind(self._engines, "stt"):
            engine = self._make(chosen)
            if chosen.offer.streams:
                made += self._turns(whole)
                made.append(engine)
                whole = []
            else:
                whole.append(engine)
        made += self._turns(whole)
        return made[0] if len(made) == 1 else self._fallback_stt(made)

    def _turns(self, recognizers: list[stt.STT[Any]]) -> list[stt.STT[Any]]:
        """What hears whole turns by one of `recognizers`, and loses none when it takes another."""
        if not recognizers:
            return []
        several = len(recognizers) > 1
        recognizer = self._fallback_stt(recognizers) if several else recognizers[0]
        return [
            TurnSTT(
                recognizer,
                self._silero,
                turn=self._turn,
                conn_options=self._patience("stt"),
            )
        ]

    def _fallback_stt(self, made: list[stt.STT[Any]]) -> stt.STT[Any]:
        return stt.FallbackAdapter(
            made,
            vad=self._silero,
            attempt_timeout=self._settings.duologue_service_timeout_s,
            max_retry_per_stt=RETRIES_BESIDE,
        )

    def _llm(self) -> llm.LLM[Any] | None:
        made: list[llm.LLM[Any]] = [self._make(each) for each in of_kind(self._engines, "llm")]
        if len(made) == 1:
            return made[0]
        return llm.FallbackAdapter(
            made,
            attempt_timeout=self._settings.duologue_service_timeout_s,
            max_retry_per_llm=RETRIES_BESIDE,
        )

    def _tts(self) -> tts.TTS[Any]:
        made: list[tts.TTS[Any]] = [self._make(each) for each in of_kind(self._engines, "tts")]
        if len(made) == 1:
            return made[0]
        return tts.FallbackAdapter(made, max_retry_per_tts=RETRIES_BESIDE)
