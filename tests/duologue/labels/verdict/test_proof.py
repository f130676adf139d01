"""Whether money was moved for somebody who had told a second fact."""

import pytest

from duologue.labels.verdict import Check, Evidence, Spoken, judge
from tests.duologue.labels.verdict.right_call import RIGHT, TOOLS, C, S, at_s, used

FOUND = used("find_order", 8.0, found=True, customer="Yash Patel", proofs=["postcode"])


def proved(value: str, said: str, *, knows: bool = False) -> Evidence:
    """The right call, in which a second fact is asked for, and `value` is accepted.

    The caller says it, and may have it on its sheet.
    """
    told = (
        Spoken(S, "Could you tell me your postcode, please?", 18.1),
        Spoken(C, said, 18.4),
    )
    first = used("refund_charge", 18.0, done=False, ask_for_one_of=["postcode"])
    proof = used("prove_caller", 18.8, found=True)._replace(
        arguments={"fact": "postcode", "value": value}
    )
    refund = used("refund_charge", 18.9, refunded=True)
    turns = sorted((*RIGHT.turns, *told), key=at_s)
    sheet = RIGHT.spec.customer
    assert sheet
    facts = {name: fact for name, fact in sheet.facts.items() if knows or name != "postcode"}
    spec = RIGHT.spec.model_copy(update={"customer": sheet.model_copy(update={"facts": facts})})
    return RIGHT._replace(spec=spec, turns=turns, tools=(FOUND, TOOLS[1], first, proof, refund))


def test_the_right_fact_told_is_right() -> None:
    assert judge(proved("60614", "Six zero six one four.", knows=True)).findings == ()
    misheard = proved("60641", "Six zero six one four.", knows=True)
    assert [one.check for one in judge(misheard).findings] == [Check.UNPROVEN]
    nearly = proved("60615", "Six zero six one four.", knows=True)
    assert judge(nearly).findings == ()


@pytest.mark.parametrize(
    ("value", "said", "why"),
    [
        ("94110", "Nine four one one zero.", "'94110' is not the postcode of 'Yash Patel'"),
        ("60615", "Six zero six one five.", "did not say the postcode of 'Yash Patel'"),
        ("60614", "Six zero six one five.", "did not say the postcode of 'Yash Patel'"),
    ],
)
def test_a_fact_accepted_that_does_not_fit_is_found(value: str, said: str, why: str) -> None:
    verdict = judge(proved(value, said))
    [found] = [one for one in verdict.findings if one.check is Check.UNPROVEN]
    assert why in found.detail
    assert not verdict.task_success


def test_a_fact_that_the_agent_took_from_its_records_is_found() -> None:
    verdict = judge(proved("60614", "I do not know."))
    assert [one.check for one in verdict.findings] == [Check.UNPROVEN]
    assert "did not say the postcode" in verdict.findings[0].detail


def test_money_moved_without_asking_is_found_where_the_desk_has_a_fact() -> None:
    verdict = judge(RIGHT._replace(tools=(FOUND, *TOOLS[1:])))
    assert [one.check for one in verdict.findings] == [Check.UNPROVEN]
    assert judge(RIGHT).findings == ()
