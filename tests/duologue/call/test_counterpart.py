"""Calls to agents that know nothing of us, on a real server; and agents that are not there."""

import sys
from pathlib import Path

import pytest
import soundfile

from duologue.batch.call_maker import watched_maker
from duologue.call.counterpart import LiveKitAgent
from duologue.call.outcome import ExitCode
from duologue.call.over_livekit.agent_worker import hosted_agent
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.call.over_livekit.transport import LiveKit
from duologue.call.transport import Occasion
from duologue.folder import event_log
from duologue.folder.folder import BACKGROUND
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import SaidFrom
from duologue.labels.verdict import Check
from duologue.scenarios.scenario_file import load_scenario
from duologue.servers.server import Server
from duologue.suite.run import Suite, load_suite, run_suite
from shared.endings import Fault, Outcome
from shared.errors import UsageError, WorkerFailed
from shared.events import Ready, Revived, ToolCalled
from shared.events.usage import EngineKind
from shared.language.as_heard import phrase
from shared.settings import Settings
from shared.side.conversation import OPENS_AFTER_S
from shared.spec import AgentUnderTest, CallSpec, Expectation, Role
from tests.agents.hotel import BREAKFAST, ELSE, GOODBYE, GREETING
from tests.folders import check_files
from tests.making import call_over

CLOCK_S = 0.05
"""How exactly times of events can be compared."""
AGENTS = Path(__file__).parents[2] / "agents"
HOTEL = Path(__file__).parents[2] / "scenarios" / "hotel.yaml"


def start(agent: str) -> str:
    """The command by which somebody starts an agent."""
    return f"{sys.executable} -m livekit.agents start {AGENTS / agent}"


@pytest.fixture
def own(settings: Settings, server: Server) -> Settings:
    """The environment of somebody who has a server."""
    address = server.address
    return settings.model_copy(
        update={
            "livekit_url": address.url,
            "livekit_api_key": address.api_key,
            "livekit_api_secret": address.api_secret,
        }
    )


def hotel(settings: Settings, agent: str) -> CallSpec:
    engines = {role: settings.engines(role) for role in Role}
    return load_scenario(str(HOTEL)).to_spec(
        call_id="hotel",
        seed=1,
        engines=engines,
        recorder=IDENTITY,
        under_test=AgentUnderTest(name=agent),
    )


async def test_an_agent_that_speaks_first_is_called_recorded_and_judged_by_what_it_tells(
    own: Settings, tmp_path: Path
) -> None:
    """Its own words, its tools, and its own verdict, which is a veto here."""
    said: list[str] = []
    agent = LiveKitAgent("front-desk", start("greets.py"))
    spec = hotel(own, agent.name)
    told = AgentUnderTest(name=agent.name, metadata='{"expected_day": "Sunday"}')
    expected = Expectation(
        said=("from seven to ten",), tools=("breakfast_hours",), never_done=("book_room",)
    )
    spec = spec.model_copy(update={"under_test": told, "expected": expected})
    async with watched_maker(
        LiveKit(), Occasion(own, said.append, lambda *_: None, agent), tmp_path
    ) as maker:
        result = await maker.call(spec)
    assert (result.ending.outcome, result.metrics.valid) == (Outcome.COMPLETED, True), said
    assert not event_log.read(result.folder, Revived)
    [veto] = result.metrics.findings
    assert (veto.check, veto.fault) == (Check.VETO, Fault.SUPPORT)
    assert veto.detail == "expected a look-up for Sunday, got ['tomorrow']"
    assert result.metrics.checked == (
        *("expected.said", "expected.tools", "expected.never_done"),
        *("goals", "own_verdict"),
    )
    assert result.metrics.unchecked == ()

    check_files(result.folder)
    labelled = transcript.read(result.folder)
    theirs = [turn for turn in labelled.turns if turn.role is Role.SUPPORT]
    assert labelled.turns[0] is theirs[0]
    assert [turn.said for turn in theirs] == [GREETING, f"{BREAKFAST} {ELSE}", GOODBYE]
    assert {turn.said_from for turn in theirs} == {SaidFrom.AGENT}
    assert phrase("how can I help you") in phrase(theirs[0].recognized or "")
    assert phrase(theirs[0].heard or "") == phrase(GREETING)
    assert result.metrics.wer[Role.SUPPORT].rate is not None
    assert result.metrics.reply_gap_s["customer_to_support"].values
    [tool, _] = event_log.read(result.folder, ToolCalled)  # and the customer's hanging up
    assert (tool.role, tool.payload.arguments) == (Role.SUPPORT, {"day": "tomorrow"})
    assert {used.kind for used in result.metrics.usage[Role.SUPPORT]} >= {EngineKind.TTS}


async def test_an_agent_that_waits_is_opened_by_the_caller_and_may_hang_up_itself(
    own: Settings, tmp_path: Path
) -> None:
    """With `duologue test`, as it is used in continuous integration."""
    said: list[str] = []
    suite = Suite(
        scenarios=load_suite([str(HOTEL)]),
        repeat=1,
        min_success=1.0,
        transport=LiveKit(),
        counterpart=LiveKitAgent("any-name", start("waits.py")),
    )
    result = await run_suite(suite, tmp_path, own, said.append, on_line=lambda *_: None)
    assert result.exit_code is ExitCode.GOAL_REACHED, said
    [[run]] = [scenario.runs for scenario in result.scenarios]
    assert (run.outcome, run.valid, run.success) == (Outcome.AGENT_LEFT, True, True)
    assert run.folder
    check_files(run.folder)
    [first, *_] = transcript.read(run.folder).turns
    assert first.role is Role.CUSTOMER
    assert phrase("what time is breakfast") in phrase(first.said or "")
    theirs = [turn for turn in transcript.read(run.folder).turns if turn.role is Role.SUPPORT]
    assert [turn.said for turn in theirs] == [f"{BREAKFAST} {GOODBYE}"]
    office, _ = soundfile.read(run.folder / BACKGROUND)
    assert office.ndim == 1
    assert abs(office).max() > 0.001
    [ready, opened] = event_log.read(run.folder, Ready, Revived)
    assert (ready.role, opened.role) == (Role.CUSTOMER, Role.CUSTOMER)
    assert OPENS_AFTER_S <= opened.t - ready.t + CLOCK_S < OPENS_AFTER_S + 2


async def test_an_agent_that_nobody_runs_is_named_with_what_to_check(
    own: Settings, server: Server, tmp_path: Path
) -> None:
    nobody = LiveKitAgent("nobody", dispatch_timeout_s=1.0)
    result = await call_over(
        server.address, hotel(own, "nobody"), tmp_path, own, counterpart=nobody
    )
    assert result.exit_code is ExitCode.SYSTEM
    assert (result.ending.outcome, result.ending.fault) == (Outcome.NOT_PICKED_UP, Fault.SYSTEM)
    assert "'nobody'" in result.ending.detail
    assert "check that a worker registered" in result.ending.detail
    assert result.folder.is_dir()


async def test_when_nobody_takes_a_dispatch_each_scenario_is_tried_once(
    own: Settings, tmp_path: Path
) -> None:
    [hotel] = load_suite([str(HOTEL)])
    suite = Suite(
        scenarios=(hotel, hotel.model_copy(update={"label": "the same once more"})),
        repeat=2,
        min_success=0.0,
        transport=LiveKit(),
        counterpart=LiveKitAgent("nobody", dispatch_timeout_s=1.0),
    )
    result = await run_suite(suite, tmp_path, own, lambda _: None, on_line=lambda *_: None)
    assert result.exit_code is ExitCode.SYSTEM
    runs = [[run.outcome for run in scenario.runs] for scenario in result.scenarios]
    assert runs == [[Outcome.NOT_PICKED_UP]] * 2


async def test_a_command_that_starts_no_agent_is_told_with_what_it_said(own: Settings) -> None:
    said: list[str] = []
    command = f"{sys.executable} -c 'raise SystemExit(\"no such model\")'"
    with pytest.raises(WorkerFailed, match="'desk' failed: it ended with exit code 1 before"):
        async with hosted_agent(LiveKitAgent("desk", command), own, said.append):
            pass
    assert said[-1] == "agent: no such model"


async def test_a_command_that_is_not_there_is_wrong_use(own: Settings) -> None:
    agent = LiveKitAgent("desk", "no-such-program start")
    with pytest.raises(UsageError, match="the agent's command 'no-such-program' cannot be run"):
        async with hosted_agent(agent, own, lambda _: None):
            pass
