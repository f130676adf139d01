"""What a caller does itself that leaves nothing to judge."""

import pytest

from duologue.labels.verdict import Check, judge
from shared.customer_sheet import Behaviour
from shared.endings import Ending, Fault, Outcome
from shared.events import Behaved
from tests.duologue.labels.verdict.right_call import RIGHT, TURNS

BARGE_INS = (Behaved(behaviour=Behaviour.BARGE_IN),) * 3


@pytest.mark.parametrize("outcome", [Outcome.TURN_LIMIT, Outcome.LENGTH_LIMIT])
def test_turns_used_up_by_the_callers_behaviours_count_against_nobody_else(
    outcome: Outcome,
) -> None:
    unfinished = RIGHT._replace(ending=Ending(outcome), turns=TURNS[:-2], changes={})
    assert judge(unfinished).valid
    assert judge(unfinished._replace(behaved=BARGE_INS[:1], turns=TURNS + TURNS[:-2])).valid
    verdict = judge(unfinished._replace(behaved=BARGE_INS))
    assert (verdict.valid, verdict.fault) == (False, Fault.CUSTOMER)
    assert "3 times barge_in" in verdict.findings[1].detail


def test_a_call_with_behaviours_that_comes_to_its_end_counts() -> None:
    assert judge(RIGHT._replace(behaved=BARGE_INS)).valid


def test_who_owes_the_answer_has_made_the_dead_air() -> None:
    for turns, check, valid in (
        (TURNS[:3], Check.SPOILED, False),
        (TURNS[:2], Check.ENDING, True),
        ((), Check.ENDING, True),
    ):
        silent = RIGHT._replace(ending=Ending(Outcome.DEAD_AIR), turns=turns, tools=())
        verdict = judge(silent)
        assert verdict.valid is valid
        assert check in {finding.check for finding in verdict.findings}
