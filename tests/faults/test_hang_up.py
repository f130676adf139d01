"""One case of the matrix that costs few seconds."""

from pathlib import Path

from tests.faults.cases import Case, Command, Fault, Host, Moment, Target
from tests.faults.stage import play


def test_a_call_whose_terminal_is_closed_ends_as_if_it_was_told_to(tmp_path: Path) -> None:
    case = Case(Command.CALL, Host.DIRECT, Target.DRIVER, Moment.TALKING, Fault.HANGUP)
    assert play(case, tmp_path, seed=0).problems == []
