"""Whole calls on a real livekit-server whose engines are all services, by the profile `cloud`."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from duologue.call.counterpart import OURS
from duologue.call.outcome import ExitCode
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.folder import event_log
from duologue.folder.folder import CALL, CallRecord
from duologue.labels import cost, metrics
from duologue.labels.cost import Priced
from duologue.labels.metrics import Metrics
from duologue.labels.transcript.transcript import read as read_transcript
from duologue.labels.wer import word_errors
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario_file import load_scenario
from duologue.servers.server import Server, running_server
from duologue.servers.worker_processes import running_workers
from shared.endings import Outcome
from shared.events import Ended
from shared.events.usage import EngineKind
from shared.language.as_heard import normalize
from shared.settings import PROFILES, Profile, Settings
from shared.spec import CallSpec, Role
from tests.making import call_over
from tests.providers.cartesia_server import CartesiaServer
from tests.providers.chat import Answer, Chat, Reply, Usage
from tests.providers.deepgram_server import DeepgramServer
from tests.providers.dialogue import rules_of
from tests.providers.openai_server import OpenAIServer
from tests.providers.service import Fault

pytestmark = pytest.mark.asyncio(loop_scope="module")

SCENARIO = "outage-in-the-area"
USAGE = Usage(prompt=1000, completion=10, cached=400)
MISHEARD = 0.34
"""Share of a turn's words: "twentieth" is heard as "20th"."""


class Cloud(NamedTuple):
    """The three providers, and a server whose workers have their keys."""

    openai: OpenAIServer
    deepgram: DeepgramServer
    cartesia: CartesiaServer
    server: Server

    @property
    def providers(self) -> dict[str, OpenAIServer | DeepgramServer | CartesiaServer]:
        """Each by its name."""
        return {"openai": self.openai, "deepgram": self.deepgram, "cartesia": self.cartesia}

    async def call(self, spec: CallSpec, out: Path, answer: Answer) -> CallResult:
        """Make a call in which `answer` is the language model of both sides."""
        self.openai.answer = answer
        return await call_over(
            self.server.address,
            spec,
            out,
            Settings(_env_file=None),
            counterpart=OURS.with_dispatch_timeout(40),
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cloud(settings: Settings) -> AsyncIterator[Cloud]:
    with ExitStack() as providers, pytest.MonkeyPatch.context() as patch:
        openai = providers.enter_context(OpenAIServer())
        deepgram = providers.enter_context(DeepgramServer())
        cartesia = providers.enter_context(CartesiaServer())
        for name, value in (openai.settings | deepgram.settings | cartesia.settings).items():
            patch.setenv(name.upper(), value)
        # On a busy machine the engines behind the servers are slower than any service.
        patch.setenv("DUOLOGUE_SERVICE_TIMEOUT_S", "15")
        async with AsyncExitStack() as stack:
            server = await stack.enter_async_context(running_server(settings, lambda _: None))
            await stack.enter_async_context(running_workers(server.address))
            yield Cloud(openai, deepgram, cartesia, server)


def spec_of(call_id: str) -> CallSpec:
    return load_scenario(SCENARIO).to_spec(
        call_id=call_id, seed=0, engines=PROFILES[Profile.CLOUD], recorder=IDENTITY
    )


@pytest.mark.parametrize(
    ("provider", "engine"),
    [
        ("openai", "llm openai/gpt-4.1-mini"),
        ("deepgram", "stt deepgram/nova-3"),
        ("cartesia", "tts cartesia/f786b574-daa5-4673-aa0c-cbe3e8534c02"),
    ],
)
async def test_a_provider_that_fails_ends_the_call_and_is_named(
    cloud: Cloud, tmp_path: Path, provider: str, engine: str
) -> None:
    spec = spec_of(f"{provider}-fails")
    rules = rules_of(spec)
    faults = cloud.providers[provider].faults[engine.partition(" ")[0]]
    asked = 0

    def answer(chat: Chat) -> Reply:
        nonlocal asked
        asked += 1
        if asked == 2 and provider == "openai":  # the greeting, and what the customer says to it
            faults.fail(Fault.UNAUTHORIZED, 1)
        return rules(chat)

    if provider != "openai":  # the others are connected to before anything is said
        faults.fail(Fault.UNAUTHORIZED)
    result = await cloud.call(spec, tmp_path, answer)
    faults.heal()
    assert result.exit_code == ExitCode.SYSTEM
    assert result.ending.outcome is Outcome.ENGINE_FAILED
    assert result.ending.detail.startswith(f"support: engine_failed: {engine}: ")
    assert "401" in result.ending.detail
    assert cloud.providers[provider].key not in result.ending.detail
    ended = {entry.role: entry.payload.reason for entry in event_log.read(result.folder, Ended)}
    # A customer that is still on its way when the support agent has failed says nothing more.
    assert ended[Role.SUPPORT] == "engine_failed"
    assert ended.get(Role.CUSTOMER, "peer_left") == "peer_left"


async def test_a_call_on_three_providers_reaches_its_goal(cloud: Cloud, tmp_path: Path) -> None:
    spec = spec_of("whole")
    services = (cloud.deepgram, cloud.cartesia)
    before = [len(service.refused) for service in services]
    result = await cloud.call(spec, tmp_path, rules_of(spec, USAGE))
    assert result.ending.outcome is Outcome.COMPLETED, result.ending
    assert result.exit_code == ExitCode.GOAL_REACHED
    call = CallRecord.model_validate_json((result.folder / CALL).read_bytes())
    assert {
        role: {kind: used["engine"] for kind, used in engines.items()}
        for role, engines in call.engines.items()
    } == {role: engines.model_dump() for role, engines in PROFILES[Profile.CLOUD].items()}
    turns = [turn for turn in read_transcript(result.folder).turns if not turn.interrupted]
    assert {turn.role for turn in turns} == set(Role)
    for turn in turns[:-1]:  # nobody hears a goodbye into which the line is cut
        wrong = word_errors(normalize(turn.said or ""), normalize(turn.heard or ""))
        assert (wrong.rate or 0) <= MISHEARD, turn
    assert [len(service.refused) for service in services] == before
    _check_costs(Metrics.model_validate_json((result.folder / metrics.FILE).read_bytes()))


def _check_costs(measured: Metrics) -> None:
    """Both sides said over the room what they used, which has a price where its service has one."""
    used = {(role, each.kind): each for role, models in measured.usage.items() for each in models}
    assert set(used) == {(role, kind) for role in Role for kind in EngineKind}
    support = {kind: used[Role.SUPPORT, kind] for kind in EngineKind}
    assert support[EngineKind.STT].name == "stt deepgram/nova-3"
    assert support[EngineKind.STT].audio_s > measured.speech_s[Role.CUSTOMER]
    assert support[EngineKind.TTS].name == "tts cartesia/sonic-3"
    assert support[EngineKind.TTS].characters > 0
    for kind in (EngineKind.STT, EngineKind.TTS):
        assert support[kind].priced is Priced.LISTED
        assert support[kind].cost_usd
    for role in Role:
        thought = used[role, EngineKind.LLM]
        replies, rest = divmod(thought.output_tokens, USAGE.completion)
        assert (replies > 0, rest) == (True, 0)
        assert thought.input_tokens == replies * USAGE.prompt
        assert thought.cached_tokens == replies * USAGE.cached
        # A server of OpenAI's protocol is not OpenAI.
        assert thought.provider.startswith("127.0.0.1:")
        assert thought.priced is Priced.UNKNOWN
    assert measured.cost_usd is None
    known = sum(support[kind].cost_usd or 0 for kind in (EngineKind.STT, EngineKind.TTS))
    assert cost.known_usd(measured.usage) == pytest.approx(known)
