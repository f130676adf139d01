"""Whether money was moved for somebody who had told a second fact."""

import pytest

from duologue.labels.verdict import Check, Evidence, Spoken, judge
from tests.duologue.labels.verdict.right_call import RIGHT, TOOLS, C, S, at_s, used

FOUND = used("find_order", 8.0, found=True, customer="Yash Patel", proofs=["postcode"])


def proved(value: str, said: str) -> Evidence:
    """The right call, in which a second fact is asked for, and `value` is accepted."""
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
    return RIGHT._replace(turns=turns, tools=(FOUND, TOOLS[1], first, proof, refund))


def test_the_right_fact_told_is_right() -> None:
    assert judge(proved("60614", "Six zero six one four.")).findings == ()


@pytest.mark.parametrize(
    ("value", "said", "why"),
    [
        ("60641", "Six zero six four one.", "'60641' is not the postcode of 'Yash Patel'"),
        ("94110", "Nine four one one zero.", "is not the postcode"),
    ],
)
def test_a_fact_accepted_that_does_not_fit_is_found(value: str, said: str, why: str) -> None:
    verdict = judge(proved(value, said))
    [found] = [one for one in verdict.findings if one.check is Check.UNPROVEN]
    assert why in found.detail
    assert not verdict.task_success


def test_a_fact_that_the_agent_took_from_its_records_is_found() -> None:
    call = proved("60614", "I do not know.")
    sheet = call.spec.customer
    assert sheet
    facts = {name: fact for name, fact in sheet.facts.items() if name != "postcode"}
    unknown = sheet.model_copy(update={"facts": facts})
    verdict = judge(call._replace(spec=call.spec.model_copy(update={"customer": unknown})))
    assert [one.check for one in verdict.findings] == [Check.UNPROVEN]
    assert "did not say '60614'" in verdict.findings[0].detail


def test_money_moved_without_asking_is_found_where_the_desk_has_a_fact() -> None:
    verdict = judge(RIGHT._replace(tools=(FOUND, *TOOLS[1:])))
    assert [one.check for one in verdict.findings] == [Check.UNPROVEN]
    assert judge(RIGHT).findings == ()
