"""What calls cost, by the table of prices."""

from typing import Any

import pytest
from livekit.agents.metrics import AgentSessionUsage, LLMModelUsage, STTModelUsage, TTSModelUsage

from duologue.labels.cost import Billed, Price, Priced, read_prices, total_usd, unpriced
from shared import engines
from shared.events.usage import EngineKind, Used
from shared.settings import PROFILES, Profile, Settings
from shared.side.tally import used
from shared.spec import Role

KEYS: dict[str, Any] = {f"{name}_api_key": "key" for name in ("openai", "deepgram", "cartesia")}


def billed(kind: EngineKind, provider: str, model: str, **amounts: Any) -> Billed:
    amounts.setdefault("local", False)
    return Billed.at(read_prices(), Used(kind=kind, provider=provider, model=model, **amounts))


@pytest.mark.parametrize("role", Role)
async def test_every_service_of_the_cloud_profile_has_a_dated_price(role: Role) -> None:
    """Under the names by which LiveKit's plugins report what they were used for."""
    models = engines.load(PROFILES[Profile.CLOUD][role], Settings(_env_file=None, **KEYS))
    speaker, thinker, hearer = models.tts, models.llm, models.stt
    assert thinker
    usage = AgentSessionUsage(
        [
            LLMModelUsage(provider=thinker.provider, model=thinker.model, input_tokens=100),
            STTModelUsage(provider=hearer.provider, model=hearer.model, audio_duration=60),
            TTSModelUsage(
                provider=speaker.provider,
                model=speaker.model,
                characters_count=1000,
                output_tokens=1000,
            ),
        ]
    )
    counted = used(usage, models.services, models.reported_as)
    found = [Billed.at(read_prices(), each) for each in counted]
    await models.aclose()
    assert [each.priced for each in found] == [Priced.LISTED] * 3, found
    assert all(each.cost_usd and each.dated for each in found)


def test_tokens_that_were_cached_cost_what_cached_ones_cost() -> None:
    found = billed(
        EngineKind.LLM,
        "openai",
        "gpt-4.1-mini",
        input_tokens=1_000_000,
        cached_tokens=400_000,
        output_tokens=100_000,
    )
    assert found.cost_usd == pytest.approx(0.6 * 0.40 + 0.4 * 0.10 + 0.1 * 1.60)
    plain = Price.model_validate(
        {
            "kind": "llm",
            "provider": "openai",
            "models": ["gpt-*"],
            "input_tokens": 0.40,
            "dated": "2026-01-01",
            "source": "here",
        }
    )
    assert plain.of(found) == pytest.approx(0.40)


def test_audio_is_billed_by_the_minute_and_speech_by_the_character() -> None:
    assert billed(EngineKind.STT, "deepgram", "nova-3", audio_s=90).cost_usd == pytest.approx(
        0.0072
    )
    spoken = billed(EngineKind.TTS, "cartesia", "sonic-3", characters=2000, audio_s=100)
    assert spoken.cost_usd == pytest.approx(0.1)


def test_an_engine_of_ours_costs_nothing_and_that_is_said() -> None:
    found = billed(EngineKind.TTS, "hibari", "heart", local=True, characters=100, audio_s=9.0)
    assert (found.priced, found.cost_usd, found.dated) == (Priced.LOCAL, 0.0, None)


@pytest.mark.parametrize(
    ("provider", "model", "tokens"),
    [
        ("openai", "gpt-99", 100),
        ("localhost:11434", "gpt-4.1-mini", 100),  # another server of OpenAI's protocol
        ("openai", "gpt-4.1-mini", 0),  # it was asked, and nobody counted
    ],
)
def test_a_price_that_is_not_known_is_not_nothing(provider: str, model: str, tokens: int) -> None:
    found = billed(EngineKind.LLM, provider, model, input_tokens=tokens)
    assert (found.priced, found.cost_usd) == (Priced.UNKNOWN, None)
    usage = {Role.CUSTOMER: (found,), Role.SUPPORT: ()}
    assert total_usd(usage) is None
    assert unpriced(usage) == [f"llm {provider}/{model}"]


def test_what_a_side_did_not_tell_is_not_known() -> None:
    local = billed(EngineKind.STT, "whisper", "tiny.en", local=True)
    assert total_usd({Role.CUSTOMER: (local,), Role.SUPPORT: (local,)}) == 0.0
    assert total_usd({Role.CUSTOMER: (local,)}) is None
