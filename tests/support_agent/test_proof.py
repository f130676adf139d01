"""Before money is moved, the caller is asked for a second fact: whole calls in text."""

import re

import pytest

from duologue.businesses.text_call import TextCall, hold_call
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import load_scenario
from shared.customer_sheet import Fact
from shared.spec import Expectation, Role

REFUND = "late-and-charged-twice"
CREDIT = "wrong-bill-then-slow-line"


def knowing(label: str, **facts: str) -> Scenario:
    """A bundled scenario whose caller knows these facts and no others."""
    told = {name: Fact(value=value) for name, value in facts.items()}
    return load_scenario(label).model_copy(update={"facts": told})


def asked(call: TextCall, noun: str) -> int:
    """How often the agent asked for something."""
    return len(re.findall(rf"Could you tell me your {noun}", call.said(Role.SUPPORT)))


async def test_one_question_is_asked_and_only_where_money_is_moved() -> None:
    call = await hold_call(load_scenario(REFUND))
    assert asked(call, "postcode") == 1
    assert call.verdict.task_success, call
    refused = await hold_call(load_scenario("charged-once"))
    assert asked(refused, "postcode") == 0


async def test_a_fact_that_was_told_before_is_not_asked_for() -> None:
    scenario = load_scenario(REFUND)
    first = scenario.goals[0].model_copy(
        update={"say": "My order is late. My postcode is six zero six one four."}
    )
    call = await hold_call(scenario.model_copy(update={"goals": (first, *scenario.goals[1:])}))
    assert asked(call, "postcode") == 0
    assert call.verdict.task_success, call


async def test_of_whom_does_not_know_the_first_fact_the_next_is_asked() -> None:
    call = await hold_call(knowing(CREDIT, account_number="846230", postcode="98122"))
    assert asked(call, "date of birth") == asked(call, "postcode") == 1
    assert call.said(Role.SUPPORT).count("one more thing") == 1
    assert call.verdict.task_success, call


async def test_a_code_that_did_not_find_the_caller_for_a_digit_misheard_may_prove_it() -> None:
    scenario = knowing(CREDIT, account_number="846230", date_of_birth="1995-01-17")
    call = await hold_call(
        scenario, to_support=lambda text: text.replace("six, two three", "six, two")
    )
    assert asked(call, "date of birth") == 1
    assert asked(call, "postcode") == 0
    assert call.verdict.task_success, call


@pytest.mark.parametrize(
    "facts",
    [
        {"order_number": "47219"},
        {"order_number": "47219", "postcode": "60641"},
        {"order_number": "47219", "postcode": "94110"},
    ],
)
async def test_no_money_is_moved_for_a_caller_who_does_not_know_it_but_a_callback_offered(
    facts: dict[str, str],
) -> None:
    call = await hold_call(
        knowing(REFUND, **facts).model_copy(update={"expected": Expectation(never_said=("60614",))})
    )
    assert set(call.desk.changes()) == {"callbacks"}, call
    assert asked(call, "postcode") <= 3
    assert "call you back" in call.said(Role.SUPPORT)


async def test_a_postcode_that_was_misheard_is_read_back_and_asked_for_again() -> None:
    heard = iter(["60641"])

    def once_wrong(text: str) -> str:
        return re.sub("six zero six one four", lambda told: next(heard, told[0]), text)

    call = await hold_call(load_scenario(REFUND), to_support=once_wrong)
    assert "six zero six four one is not what I have here" in call.said(Role.SUPPORT)
    assert call.verdict.task_success, call
