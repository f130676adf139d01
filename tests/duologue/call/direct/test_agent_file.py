"""Somebody's unmodified agent file in a direct call, in a process of its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from aiohttp import web

from duologue.call.counterpart import AgentFile
from duologue.call.direct import agent_side
from duologue.call.outcome import ExitCode
from duologue.call.transport import UNWATCHED, Watch
from duologue.folder import event_log
from duologue.folder.folder import AUDIO, REPORT, sha256
from duologue.labels import timeline
from duologue.labels.timeline import MarkKind
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import SaidFrom
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario_file import load_scenario
from shared.endings import Fault, Outcome
from shared.errors import UsageError
from shared.events import AgentVerdict, KeysPressed, ToolCalled
from shared.language.as_heard import phrase
from shared.settings import Settings
from shared.spec import CallSpec, Role
from tests.folders import check_files
from tests.making import call_directly
from tests.providers.chat import Chat, Reply, ToolCall
from tests.providers.openai_server import OpenAIServer
from tests.providers.service import served

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


def call(spec: CallSpec, out: Path, watch: Watch = UNWATCHED) -> CallResult:
    return call_directly(spec, out, Settings(_env_file=None), watch=watch)


GREETING = "Hotel Aurora, good morning. How can I help you?"
BREAKFAST = "Breakfast is served from seven to ten in the morning. Anything else?"
GOODBYE = "You are welcome. Goodbye."


def desk(chat: Chat) -> Reply:
    """What a model would say at the front desk of a hotel, with whatever tools it has."""
    heard = chat.heard.lower()
    if chat.returned:
        [returned] = chat.returned
        return Reply(returned if "breakfast" in returned else BREAKFAST)
    for tool, arguments in (
        ("given", {}),
        ("to_booking", {"name": "Ann"}),
        ("show_menu", {}),
        ("breakfast_hours", {"day": "tomorrow"}),
    ):
        if tool in chat.tools and (heard if tool == "given" else "breakfast" in heard):
            return Reply(calls=(ToolCall(tool, arguments),))
    if "given" in chat.tools:
        return Reply("May this call be recorded?")
    if "breakfast" in heard:
        return Reply(BREAKFAST)
    if "end_call" in chat.tools and heard:
        return Reply(GOODBYE, calls=(ToolCall("end_call", {}),))
    return Reply(GOODBYE if heard else GREETING)


def said_by_support(result: CallResult) -> list[str]:
    return [
        phrase(turn.said or "")
        for turn in transcript.read(result.folder).turns
        if turn.role is Role.SUPPORT
    ]


def test_an_agents_file_is_called_as_it_is_the_same_every_time(
    model: OpenAIServer, tmp_path: Path
) -> None:
    """With its own tools, its own words and its own verdict."""
    model.answer = desk
    spec = spec_of(AgentFile(path=AGENTS / "front_desk.py"))
    result = call(spec, tmp_path / "one")
    assert result.ending.outcome is Outcome.COMPLETED
    check_files(result.folder)
    turns = transcript.read(result.folder).turns
    assert {turn.said_from for turn in turns} == {SaidFrom.EVENT, SaidFrom.AGENT}
    assert BREAKFAST in {turn.said for turn in turns}
    used = {
        one.payload.tool: one.payload.output for one in event_log.read(result.folder, ToolCalled)
    }
    assert used["breakfast_hours"] == "tomorrow: from seven to ten"
    [verdict] = event_log.read(result.folder, AgentVerdict)
    assert (verdict.payload.success, verdict.payload.reason) == (False, "nobody was woken")
    assert not result.metrics.task_success
    again = call(spec, tmp_path / "two")
    for name in (AUDIO, "events.jsonl"):
        assert sha256(again.folder / name) == sha256(result.folder / name), name


@pytest.mark.parametrize(
    ("agent", "outcome"),
    [
        ("ambience.py", Outcome.COMPLETED),
        ("consent.py", Outcome.COMPLETED),
        ("handoff.py", Outcome.COMPLETED),
        ("hangs_up.py", Outcome.AGENT_LEFT),
        ("keypad.py", Outcome.COMPLETED),
        ("own_engines.py", Outcome.COMPLETED),
        ("page.py", Outcome.COMPLETED),
    ],
)
def test_agents_of_every_make_hold_whole_calls(
    agent: str, outcome: Outcome, model: OpenAIServer, tmp_path: Path
) -> None:
    model.answer = desk
    result = call(spec_of(AgentFile(path=AGENTS / agent)), tmp_path)
    assert result.ending.outcome is outcome, result
    assert result.exit_code is ExitCode.GOAL_REACHED, result


def test_a_menu_is_answered_by_the_key_for_what_the_caller_wants(
    model: OpenAIServer, tmp_path: Path
) -> None:
    model.answer = desk
    result = call(spec_of(AgentFile(path=AGENTS / "menu.py")), tmp_path)
    assert result.exit_code is ExitCode.GOAL_REACHED, result
    [pressed] = event_log.read(result.folder, KeysPressed)
    assert (pressed.role, pressed.payload.keys) == (Role.CUSTOMER, "2")
    marks = timeline.read(result.folder).marks
    assert [mark.name for mark in marks if mark.kind is MarkKind.KEYS] == ["2"]
    assert "Keys: 2" in (result.folder / REPORT).read_text(encoding="utf-8")
    said = [turn.said or "" for turn in transcript.read(result.folder).turns]
    assert "press two" in said[0]
    assert "from seven to ten" in said[1]
    assert not any("what time is breakfast" in each for each in said)


def test_an_agent_without_a_session_echoes_what_it_hears(tmp_path: Path) -> None:
    result = call(spec_of(AgentFile(path=AGENTS / "echo.py")), tmp_path)
    assert result.metrics.valid, result
    assert any(phrase("what time is breakfast") in said for said in said_by_support(result))


async def _hours(_: web.Request) -> web.Response:
    await asyncio.sleep(1.5)  # longer than the agent waits, by its own clock
    return web.Response(text="breakfast is from seven to ten")


def test_the_clock_stands_still_for_requests_of_tools_and_is_followed_by_dates_if_asked(
    model: OpenAIServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    model.answer = desk
    with served([web.get("/", _hours)]) as address:
        monkeypatch.setenv("HOURS_URL", f"http://{address}/")
        result = call(spec_of(AgentFile(path=AGENTS / "waits.py", follow_clock=True)), tmp_path)
    assert result.exit_code is ExitCode.GOAL_REACHED, result
    assert any(phrase("looked up in 0 s") in said for said in said_by_support(result))
    assert model.chats[0].instructions == "Today is Saturday, January 01 2000."


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("import nowhere", "No module named 'nowhere' (agent.py, line 1)"),
        ("def x(:", "SyntaxError"),
        ("server = None", "no AgentServer"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("import os; os._exit(3)", "exit code 3"),
    ],
)
def test_a_file_that_cannot_be_run_is_named_with_its_cause(
    code: str, cause: str, tmp_path: Path
) -> None:
    file = tmp_path / "agent.py"
    file.write_text(code, encoding="utf-8")
    result = call(spec_of(AgentFile(path=file)), tmp_path)
    check_crash(result, cause)


def test_an_entrypoint_that_raises_is_no_failed_conversation(tmp_path: Path) -> None:
    result = call(spec_of(AgentFile(path=AGENTS / "crashes.py")), tmp_path)
    check_crash(result, "ConnectionError: no database at localhost:5432 (crashes.py, line 9)")


def check_crash(result: CallResult, cause: str) -> None:
    outcome, fault, detail = result.ending
    assert (outcome, fault) == (Outcome.AGENT_CRASHED, Fault.SUPPORT)
    assert cause in detail
    assert not result.metrics.valid
    assert result.exit_code is ExitCode.SYSTEM
    check_files(result.folder)


REALTIME = """
from livekit.agents import Agent, AgentServer, AgentSession, JobContext
from livekit.plugins import openai

server = AgentServer()

@server.rtc_session()
async def entrypoint(ctx: JobContext):
    session = AgentSession(llm=openai.realtime.RealtimeModel(api_key="nobody"))
    await session.start(Agent(instructions=""), room=ctx.room)
"""
STREAM = """
import aiohttp
from livekit.agents import AgentServer, JobContext

server = AgentServer()

@server.rtc_session()
async def entrypoint(ctx: JobContext):
    await aiohttp.ClientSession().ws_connect("wss://speech.invalid/listen")
"""


@pytest.mark.parametrize(
    ("code", "why"),
    [(REALTIME, "RealtimeModel, hears and speaks in real time"), (STREAM, "to speech.invalid")],
)
def test_what_virtual_time_cannot_wait_for_is_said_before_the_call(
    code: str, why: str, tmp_path: Path
) -> None:
    file = tmp_path / "agent.py"
    file.write_text(code, encoding="utf-8")
    told: list[object] = []
    with pytest.raises(UsageError, match=f"{why}.*--transport livekit, or --clock real"):
        call(spec_of(AgentFile(path=file)), tmp_path / "calls", Watch(told.append))
    assert not told
    assert not list((tmp_path / "calls").iterdir())


def test_a_python_without_livekit_agents_is_named(tmp_path: Path) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    agent = AgentFile(path=AGENTS / "crashes.py", python=bare)
    with pytest.raises(UsageError, match=r"No module named .* --support-python"):
        call(spec_of(agent), tmp_path)


def test_an_agent_whose_model_is_down_makes_no_valid_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-local")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    result = call(spec_of(AgentFile(path=AGENTS / "hangs_up.py")), tmp_path)
    assert result.ending.outcome is Outcome.ENGINE_FAILED
    assert "openai.llm.LLM: APIConnectionError" in result.ending.detail
    assert not result.metrics.valid


HANGS = """
from livekit.agents import AgentServer, JobContext

server = AgentServer()

@server.rtc_session()
async def entrypoint(ctx: JobContext):
    await ctx.connect()
    while True:
        pass
"""


def test_an_agent_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(agent_side, "TICK_TIMEOUT_S", 0.5)
    file = tmp_path / "agent.py"
    file.write_text(HANGS, encoding="utf-8")
    check_crash(call(spec_of(AgentFile(path=file)), tmp_path), "it did not answer any more")


def test_nothing_of_an_agent_is_left_when_its_call_is_killed(tmp_path: Path) -> None:
    pipe = tmp_path / "pid"
    os.mkfifo(pipe)
    told = f"import os, pathlib; pathlib.Path({str(pipe)!r}).write_text(str(os.getpid()))"
    file = tmp_path / "agent.py"
    code = HANGS.replace("    while True:", f"    {told}\n    while True:")
    file.write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "duologue", "call", f"{HOTEL}#breakfast"]
    command += ["--transport", "direct", "--support-file", str(file), "--out", str(tmp_path)]
    with subprocess.Popen(command) as process:
        agent = psutil.Process(int(pipe.read_text(encoding="utf-8")))
        process.kill()
    _, alive = psutil.wait_procs([agent], timeout=60)
    assert not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]
