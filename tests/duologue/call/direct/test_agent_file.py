"""Somebody's unmodified agent file in a direct call, in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from duologue.call.counterpart import AgentFile
from duologue.call.outcome import ExitCode
from duologue.folder.folder import AUDIO, sha256
from duologue.labels.transcript import transcript
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario import load_scenario
from shared.endings import Outcome
from shared.language.as_heard import phrase
from shared.settings import Settings
from shared.spec import CallSpec, Role
from tests.folders import check_files
from tests.making import call_directly
from tests.providers.chat import Chat, Reply, ToolCall
from tests.providers.openai_server import OpenAIServer

TESTS = Path(__file__).parents[3]
AGENTS = TESTS / "agents" / "unmodified"
HOTEL = TESTS / "scenarios" / "hotel.yaml"


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """The agent's language model, as its environment names it."""
    with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_API_KEY", server.key)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        yield server


def spec_of(agent: AgentFile, scenario: str = str(HOTEL), seed: int = 1) -> CallSpec:
    settings = Settings(_env_file=None)
    engines = {role: settings.engines(role) for role in Role}
    return load_scenario(scenario).to_spec(
        call_id="call", seed=seed, engines=engines, under_test=agent.under_test
    )


def call(spec: CallSpec, out: Path) -> CallResult:
    return call_directly(spec, out, Settings(_env_file=None))


def desk(chat: Chat) -> Reply:
    """What a model would say at the front desk of a hotel."""
    if chat.returned:
        return Reply("Breakfast is served from seven to ten in the morning. Anything else?")
    if not chat.heard:
        return Reply("Hotel Aurora, good morning. How can I help you?")
    if "breakfast" in chat.heard.lower():
        return Reply(calls=(ToolCall("breakfast_hours", {"day": "tomorrow"}),))
    return Reply("You are welcome. Goodbye.")


def test_an_agents_file_is_called_as_it_is_the_same_every_time(
    model: OpenAIServer, tmp_path: Path
) -> None:
    model.answer = desk
    spec = spec_of(AgentFile(path=AGENTS / "front_desk.py"))
    result = call(spec, tmp_path / "one")
    assert result.exit_code is ExitCode.GOAL_REACHED, result
    assert result.ending.outcome is Outcome.COMPLETED
    check_files(result.folder)
    theirs = [
        phrase(turn.said or "")
        for turn in transcript.read(result.folder).turns
        if turn.role is Role.SUPPORT
    ]
    assert any(phrase("from seven to ten") in said for said in theirs)
    assert any("tool" in message["role"] for message in model.chats[-1].messages)
    again = call(spec, tmp_path / "two")
    assert sha256(again.folder / AUDIO) == sha256(result.folder / AUDIO)
