"""What is said of a suite, on runs whose answer is known."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from duologue.call.outcome import ExitCode
from duologue.folder.folder import TransportName
from duologue.suite.junit import write_junit
from duologue.suite.result import Grade, Run, ScenarioResult, SuiteResult, write_report
from shared.endings import Outcome

GOOD = Run(
    call_id="good",
    seed=1,
    outcome=Outcome.COMPLETED,
    success=True,
    valid=True,
    reply_gap_s=1.0,
    duration_s=20,
    checked=("goals",),
)
BAD = GOOD.model_copy(update={"success": False, "reply_gap_s": 3.0, "findings": ("not_said: x",)})
UNCHECKED = GOOD.model_copy(update={"checked": (), "unchecked": ("agent_expectations",)})
INVALID = BAD.model_copy(update={"valid": False, "findings": ("audio: torn",)})
NOT_MADE = Run(call_id="lost", seed=3, detail="the server went away")


def scenario(
    *runs: Run, min_success: float = 1.0, label: str = "one", repeat: int | None = None
) -> ScenarioResult:
    asked = len(runs) if repeat is None else repeat
    return ScenarioResult(label=label, min_success=min_success, repeat=asked, runs=runs)


def suite(*scenarios: ScenarioResult) -> SuiteResult:
    return SuiteResult(
        support_agent="front-desk",
        transport=TransportName.LIVEKIT,
        repeat=3,
        min_success=1.0,
        scenarios=scenarios,
    )


@pytest.mark.parametrize(
    ("result", "mark"),
    [
        (scenario(GOOD, GOOD, GOOD), Grade.PASSED),
        (scenario(GOOD, GOOD, BAD), Grade.FAILED),
        (scenario(GOOD, GOOD, BAD, min_success=0.6), Grade.PASSED),
        (scenario(GOOD, GOOD, BAD, min_success=0.7), Grade.FAILED),
        # What is not valid counts neither for nor against, and is missing for a pass.
        (scenario(GOOD, INVALID, NOT_MADE), Grade.UNKNOWN),
        (scenario(GOOD, repeat=2), Grade.UNKNOWN),
        (scenario(BAD, INVALID, min_success=0.5), Grade.UNKNOWN),
        (scenario(BAD, INVALID), Grade.FAILED),
        (scenario(BAD, BAD, INVALID, min_success=0.5), Grade.FAILED),
        (scenario(GOOD, BAD, INVALID, min_success=0.5), Grade.UNKNOWN),
        (scenario(INVALID, NOT_MADE), Grade.UNKNOWN),
        (scenario(), Grade.UNKNOWN),
        (scenario(repeat=3), Grade.UNKNOWN),
        # Of a call that goes well, something must have been seen to.
        (scenario(GOOD, UNCHECKED), Grade.UNCHECKED),
        (scenario(BAD, UNCHECKED), Grade.FAILED),
        (
            scenario(GOOD, UNCHECKED).model_copy(update={"allow_unchecked": True}),
            Grade.PASSED,
        ),
    ],
)
def test_a_scenario_is_passed_by_the_share_of_its_valid_calls(
    result: ScenarioResult, mark: Grade
) -> None:
    assert result.mark is mark


@pytest.mark.parametrize(
    ("scenarios", "code"),
    [
        ((scenario(GOOD),), ExitCode.GOAL_REACHED),
        ((scenario(GOOD), scenario(BAD)), ExitCode.GOAL_NOT_REACHED),
        ((scenario(GOOD), scenario(UNCHECKED)), ExitCode.GOAL_NOT_REACHED),
        ((scenario(BAD), scenario(INVALID)), ExitCode.SYSTEM),
        ((scenario(GOOD), scenario(GOOD, INVALID)), ExitCode.SYSTEM),
        ((), ExitCode.SYSTEM),
    ],
)
def test_the_exit_code_is_that_of_the_scenario_of_which_least_can_be_said(
    scenarios: tuple[ScenarioResult, ...], code: ExitCode
) -> None:
    assert suite(*scenarios).exit_code is code


def test_the_worst_is_what_most_often_spoke_against_the_agent_and_else_against_the_call() -> None:
    other = BAD.model_copy(update={"findings": ("goal: x", "ending: y")})
    assert scenario(GOOD, BAD, other, other, INVALID, INVALID, INVALID).worst == "goal: x"
    assert scenario(GOOD, INVALID).worst == "audio: torn"
    assert scenario(NOT_MADE).worst == "the server went away"
    assert scenario(GOOD).worst == ""


def test_the_reports_say_what_the_exit_code_says(tmp_path: Path) -> None:
    result = suite(
        scenario(GOOD, GOOD, BAD, label="first"),
        scenario(NOT_MADE, label="second <&>"),
        scenario(GOOD, label="third"),
    )
    write_junit(tmp_path / "junit.xml", result)
    [found] = ET.parse(tmp_path / "junit.xml").getroot()  # noqa: S314 - written just now
    assert (found.get("tests"), found.get("failures"), found.get("errors")) == ("3", "1", "1")
    assert found.get("time") == "80.0"
    cases = {case.get("name"): case for case in found}
    failure, error = cases["first"].find("failure"), cases["second <&>"].find("error")
    assert failure is not None
    assert failure.get("message") == "2 of 3 valid calls reached their goal: not_said: x"
    assert error is not None
    assert error.get("message") == "0 of 0 valid calls reached their goal: the server went away"
    assert [child.tag for child in cases["third"]] == ["system-out"]

    write_report(tmp_path / "report.json", result)
    told = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (told["schema"], told["exit_code"], told["support_agent"]) == (1, 3, "front-desk")
    first = told["scenarios"][0]
    assert (first["mark"], first["valid"], first["successes"]) == ("failed", 3, 2)
    assert (first["reply_gap_s"], first["worst"]) == (1.0, "not_said: x")
    assert [run["success"] for run in first["runs"]] == [True, True, False]
