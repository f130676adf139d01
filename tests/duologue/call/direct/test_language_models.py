"""Whole calls of two language models on the virtual clock, by LiveKit's own plugin."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from duologue.folder import event_log, folder
from duologue.labels.cost import Billed, Priced
from duologue.labels.transcript.transcript import read
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario_file import load_scenario
from shared.customer_sheet import Behaviour
from shared.endings import Outcome
from shared.events import ToolCalled
from shared.events.usage import EngineKind
from shared.settings import Settings
from shared.spec import CallSpec, Delay, Latency, Role
from tests.making import call_directly
from tests.providers.chat import Usage
from tests.providers.dialogue import rules_of, without_hanging_up
from tests.providers.openai_server import OpenAIServer

USAGE = Usage(prompt=1000, completion=10, cached=400)


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture
def settings(server: OpenAIServer) -> Settings:
    models: dict[str, Any] = {f"{role}_llm": "openai/gpt-4.1-mini" for role in Role}
    return Settings(_env_file=None, **server.settings, **models)


def spec_of(settings: Settings, **changes: Any) -> CallSpec:
    scenario = load_scenario()
    changed = scenario.model_validate({**scenario.model_dump(), **changes})
    return changed.to_spec(
        call_id="c1",
        seed=0,
        engines={role: settings.engines(role) for role in Role},
        latency=Latency(language=Delay(median_s=0.3)),
    )


def place(spec: CallSpec, out: Path, settings: Settings) -> CallResult:
    return call_directly(spec, out, settings)


def thinking(result: CallResult, role: Role) -> Billed:
    [found] = [each for each in result.metrics.usage[role] if each.kind is EngineKind.LLM]
    return found


def test_a_call_reaches_its_goal_and_is_the_same_every_time(
    server: OpenAIServer, settings: Settings, tmp_path: Path
) -> None:
    spec = spec_of(settings)
    server.answer = rules_of(spec, USAGE)
    result, again = (place(spec, tmp_path / name, settings) for name in ("one", "other"))
    assert result.ending.outcome is Outcome.COMPLETED
    assert result.metrics.task_success, result.metrics.findings
    assert result.metrics.valid, result.metrics.findings
    calls = [json.loads((each.folder / folder.CALL).read_text()) for each in (result, again)]
    assert calls[0]["files"] == calls[1]["files"]
    for role in Role:
        thought = thinking(result, role)
        replies = thought.output_tokens // USAGE.completion
        assert replies >= 5
        assert thought.input_tokens == replies * USAGE.prompt
        assert thought.cached_tokens == replies * USAGE.cached
        # Another server than OpenAI's, whose prices nobody has told.
        assert (thought.priced, thought.cost_usd) == (Priced.UNKNOWN, None)
        own = [each for each in result.metrics.usage[role] if each.kind is not EngineKind.LLM]
        assert [each.priced for each in own] == [Priced.LOCAL] * 2
    assert result.metrics.cost_usd is None


def test_one_who_breaks_in_and_listens_and_forgets_to_hang_up_comes_to_an_end(
    server: OpenAIServer, settings: Settings, tmp_path: Path
) -> None:
    behaviours = {
        "barge_in": {"probability": 0.2, "after_s": 1.5},
        "backchannel": {"probability": 0.6, "after_s": 1.0},
    }
    spec = spec_of(settings, behaviours=behaviours)
    server.answer = without_hanging_up(rules_of(spec))
    result = place(spec, tmp_path, settings)
    assert result.ending.outcome is Outcome.COMPLETED
    turns = read(result.folder).turns
    kinds = {turn.behaviour for turn in turns if turn.role is Role.CUSTOMER}
    assert kinds == {None, Behaviour.BARGE_IN, Behaviour.BACKCHANNEL}
    assert any(turn.interrupted for turn in turns if turn.role is Role.SUPPORT)
    assert [turn for turn in turns if not turn.behaviour][-1].said == "Goodbye."
    used = event_log.read(result.folder, ToolCalled)
    assert "hang_up" not in {entry.payload.tool for entry in used}
