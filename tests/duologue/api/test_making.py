"""Calls that are made from Python."""

import asyncio
import importlib
import inspect
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog

import duologue
from duologue.folder.folder import AUDIO, sha256
from shared.endings import Outcome
from shared.errors import EngineUnavailable, SpecError

TIMEOUT_S = 120.0


def direct(**wanted: Any) -> duologue.Call:
    return duologue.call("person-wanted", transport="direct", seed=7, **wanted)


def test_a_call_is_the_same_made_here_or_in_a_process(tmp_path: Path) -> None:
    here = direct(out=tmp_path / "here", call_id="one")
    elsewhere = asyncio.run(
        duologue.acall(
            "person-wanted", transport="direct", seed=7, out=str(tmp_path / "b"), call_id="one"
        )
    )
    assert (here.path, elsewhere.path) == (tmp_path / "here/one", tmp_path / "b/one")
    assert sha256(elsewhere.path / AUDIO) == here.record.files[AUDIO]
    assert elsewhere.transcript == here.transcript


def test_a_scenario_that_was_built_is_called(tmp_path: Path) -> None:
    scenario = duologue.Scenario(
        label="hello",
        persona=duologue.Persona(name="Ana Lima"),
        goals=(duologue.Goal(say="I want a person.", met_when=("put you through",)),),
        userdata=duologue.UserData(business="internet"),
        limits=duologue.Limits(max_turns=2),
    )
    call = duologue.call(scenario, transport="direct", out=tmp_path)
    assert (call.scenario, call.persona, call.business) == ("hello", "Ana Lima", "internet")
    # The turns end before the agent can answer.
    assert (call.outcome, call.succeeded) == (Outcome.TURN_LIMIT, False)
    assert call.audio("customer").any()


WRONG: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: direct(call_id="../x"), duologue.UsageError, "call_id"),
    (lambda: duologue.call("nowhere"), duologue.UsageError, "no such scenario"),
    (
        lambda: duologue.call(transport="pigeon"),  # type: ignore[arg-type]  # on purpose
        duologue.UsageError,
        "there is no 'pigeon', but livekit and direct",
    ),
    (
        lambda: direct(engines={"agent": duologue.EngineChoice()}),
        duologue.UsageError,
        "there is no 'agent', but customer and support",
    ),
    (
        lambda: direct(engines={"support": {"tts": "hibari/heart"}}),
        duologue.UsageError,
        "engines are named by an EngineChoice",
    ),
    (lambda: direct(call_id=""), duologue.UsageError, "call_id"),
    (
        lambda: direct(engines={"support": duologue.EngineChoice(tts="nobody/else")}),
        EngineUnavailable,
        "'nobody/else' cannot be used",
    ),
    (
        lambda: direct(agent=duologue.LiveKitAgent("x")),
        duologue.UsageError,
        'an agent that runs as a worker is in a room: .* `agent` for transport="livekit"',
    ),
    (lambda: duologue.LiveKitAgent(""), duologue.UsageError, "the agent has no name"),
    (
        lambda: duologue.call(duologue.Scenario(label="empty"), transport="direct"),
        duologue.UsageError,
        "has no userdata.business",
    ),
    (
        lambda: duologue.call(
            duologue.Scenario(label="a", userdata=duologue.UserData(business="hotel"))
        ),
        SpecError,
        r"the scenario 'a': userdata\.business: ",
    ),
]


@pytest.mark.parametrize(("make", "error", "says"), WRONG, ids=[says for *_, says in WRONG])
def test_what_cannot_be_is_one_line_and_leaves_nothing(
    make: Callable[[], Any],
    error: type[Exception],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=says) as raised:
        make()
    assert len(str(raised.value).splitlines()) == 1
    assert not list(tmp_path.rglob("*.json"))


def test_the_logging_of_the_program_that_calls_stays_as_it_is(tmp_path: Path) -> None:
    before = structlog.get_config(), logging.root.handlers[:], logging.root.level
    direct(out=tmp_path)
    assert (structlog.get_config(), logging.root.handlers, logging.root.level) == before


async def test_where_an_event_loop_runs_the_other_way_is_named() -> None:
    with pytest.raises(duologue.UsageError, match=r"use `await duologue\.acall\(\.\.\.\)`"):
        direct()


def test_the_function_stays_whatever_of_its_package_is_imported() -> None:
    monitor = importlib.import_module("duologue.call.monitor")
    assert monitor.Monitor
    assert callable(duologue.call)
    taken = inspect.signature(duologue.call).parameters
    assert taken == inspect.signature(duologue.acall).parameters


TYPED = """\
import duologue
from duologue.call.monitor import Monitor

call: duologue.Call = duologue.call("x", transport="direct", agent=duologue.LiveKitAgent("a"))
monitor: type[Monitor] = Monitor
limits = duologue.Limits(max_turns=2)
persona = duologue.Persona(name="Ana Lima", age=41)
goals = (duologue.Goal(say="Hello?", met_when=("hello",)),)
scenario = duologue.Scenario(label="x", persona=persona, goals=goals, limits=limits)
support = {duologue.Role.SUPPORT: duologue.EngineChoice(tts="piper/joe")}
for each in duologue.Calls("calls").where(lambda one: one.duration_s > 60, valid=True):
    samples: int = each.audio("customer").shape[0]
    text: str = each.transcript.turns[0].words[0].text


async def main() -> duologue.Call:
    return await duologue.acall(scenario, engines=support)


duologue.call(transport="pigeon")  # error: transport
duologue.Calls("calls").where(length=3)  # error: criterion
call.nothing  # error: attribute
"""


def test_type_checkers_know_what_is_public(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(TYPED, encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file=",
        "--follow-imports=silent",
    ]
    ran = subprocess.run([*command, str(program)], capture_output=True, text=True, check=False)
    wrong = [number for number, line in enumerate(TYPED.splitlines(), 1) if "# error" in line]
    told = [line for line in ran.stdout.splitlines() if "error:" in line]
    assert [int(line.split(":")[1]) for line in told] == wrong, ran.stdout + ran.stderr


INTERRUPTED = """\
import signal
import duologue
# As in a terminal; what a shell starts in the background ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
try:
    duologue.call("not-the-account-holder", transport="direct", call_id="cut")
except KeyboardInterrupt:
    print("interrupted", duologue.Call("calls/cut").outcome)
"""


def test_ctrl_c_leaves_what_was_recorded_until_then(tmp_path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    events, until_s = tmp_path / "calls/.cut.partial/events.jsonl", time.monotonic() + TIMEOUT_S
    while not (events.exists() and '"SAID"' in events.read_text()):
        assert program.poll() is None
        assert time.monotonic() < until_s
        time.sleep(0.02)
    program.send_signal(signal.SIGINT)
    assert program.communicate(timeout=TIMEOUT_S)[0] == "interrupted cancelled\n"
