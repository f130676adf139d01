import re
from pathlib import Path

import pytest

from duologue.call.outcome import COMPLETE, ExitCode, ending_of, exit_code
from duologue.cli.cli import CANCELLED_BY_SIGNAL
from duologue.cli.output_pipe import CLOSED_PIPE
from shared.endings import Ending, EndReason, Fault, Outcome
from shared.spec import Role

DOCUMENT = Path(__file__).parents[3] / "docs" / "outcomes.md"

SEEN_BY_THE_DRIVER = {
    Outcome.NOT_PICKED_UP,
    Outcome.REFUSED,
    Outcome.SERVER_LOST,
    Outcome.ROOM_DELETED,
    Outcome.RECORDER_REMOVED,
    Outcome.SIDE_REMOVED,
    Outcome.DRIVER_AWAY,
    Outcome.RECORDING_FAILED,
    Outcome.AGENT_LEFT,
    Outcome.CANCELLED,
}
"""Outcomes that no side of a call can tell."""


def documented(columns: int) -> list[list[str]]:
    text = DOCUMENT.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`\w+`|\d+) \|(.+)\|$", text, re.MULTILINE)
    table = [[name.strip("`"), *(cell.strip() for cell in rest.split("|"))] for name, rest in rows]
    return [row for row in table if len(row) == columns]


@pytest.mark.parametrize("role", Role)
def test_every_reason_is_an_outcome_and_every_outcome_has_a_cause(role: Role) -> None:
    outcomes = {ending_of(role, reason).outcome for reason in EndReason}
    assert len(outcomes) == len(EndReason)
    assert outcomes | SEEN_BY_THE_DRIVER == set(Outcome)


@pytest.mark.parametrize("role", Role)
def test_a_crash_is_the_fault_of_whose_code_crashed(role: Role) -> None:
    assert ending_of(role, EndReason.CRASHED).fault is Fault(role)


@pytest.mark.parametrize("reason", [each for each in EndReason if each is not EndReason.CRASHED])
def test_whatever_else_goes_wrong_is_the_systems_fault(reason: EndReason) -> None:
    ending = ending_of(Role.CUSTOMER, reason)
    assert ending.fault is (None if ending.outcome in COMPLETE else Fault.SYSTEM)


@pytest.mark.parametrize("outcome", Outcome)
def test_the_exit_code_is_about_the_goal_only_if_the_call_was_held(outcome: Outcome) -> None:
    codes = [exit_code(Ending(outcome), passed=success) for success in (True, False)]
    if outcome in COMPLETE:
        assert codes == [ExitCode.GOAL_REACHED, ExitCode.GOAL_NOT_REACHED]
    else:
        assert codes == [ExitCode.SYSTEM, ExitCode.SYSTEM]


def test_the_document_has_exactly_the_outcomes_there_are() -> None:
    assert [row[0] for row in documented(4)] == list(Outcome)


@pytest.mark.parametrize("row", documented(4), ids=lambda row: row[0])
def test_the_document_says_what_the_table_does(row: list[str]) -> None:
    outcome, fault, code = Outcome(row[0]), row[2], row[3]
    if outcome in COMPLETE:
        assert code == "0 or 1"
    elif outcome is Outcome.CANCELLED:
        assert code == str(CANCELLED_BY_SIGNAL)
    else:
        assert code == str(exit_code(Ending(outcome), passed=True).value)
    causes = [reason for reason in EndReason if ending_of(Role.CUSTOMER, reason).outcome is outcome]
    for cause in causes:
        faults = {ending_of(role, cause).fault for role in Role}
        told = {"none": {None}, "its role": {Fault.CUSTOMER, Fault.SUPPORT}}
        assert faults == told.get(fault, {Fault(fault)} if fault in tuple(Fault) else set())


def test_the_document_has_exactly_the_exit_codes_there_are() -> None:
    codes = [int(row[0]) for row in documented(2)]
    assert codes == [*(code.value for code in ExitCode), CANCELLED_BY_SIGNAL, CLOSED_PIPE]
