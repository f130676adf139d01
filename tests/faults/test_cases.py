"""Cases of the matrix that cost few seconds."""

from pathlib import Path

from tests.faults.cases import Case, Command, Fault, Host, Moment, Target
from tests.faults.stage import play


def test_a_call_whose_terminal_is_closed_ends_as_if_it_was_told_to(tmp_path: Path) -> None:
    case = Case(Command.CALL, Host.DIRECT, Target.DRIVER, Moment.TALKING, Fault.HANGUP)
    assert play(case, tmp_path, seed=0).problems == []


def test_a_batch_that_is_told_to_stop_as_its_workers_start_ends_in_order(tmp_path: Path) -> None:
    case = Case(Command.BATCH, Host.OWN, Target.DRIVER, Moment.STARTING, Fault.STOP)
    assert play(case, tmp_path, seed=0).problems == []
