"""A change needs a yes that came after the question; a caller may not decline what it wants."""

import pytest

from duologue.labels.verdict import Check, Spoken, judge
from shared.customer_sheet import Behaviour
from shared.endings import Ending, Fault, Outcome
from tests.duologue.labels.verdict.right_call import RIGHT, TOOLS, TURNS, C, S, used

OFFER = TURNS[4]


def said(*turns: Spoken) -> tuple[Spoken, ...]:
    """The right call with other turns in place of offer and answer."""
    return (*TURNS[:4], *turns, *TURNS[6:])


@pytest.mark.parametrize(
    "turns",
    [
        (),
        (OFFER,),
        (OFFER, Spoken(C, "No, thank you.", 17.6)),
        (OFFER, Spoken(C, "What is that?", 17.6)),
        # "I listen", before the question was put.
        (OFFER._replace(end_s=17.9), Spoken(C, "Yeah.", 17.4)),
        (OFFER._replace(end_s=17.5), Spoken(C, "Yeah.", 17.6, behaviour=Behaviour.BACKCHANNEL)),
        (Spoken(S, "Could you tell me your name?", 17.2), Spoken(C, "Yes, Yash Patel.", 17.6)),
    ],
)
def test_a_change_without_a_yes_to_the_question_is_a_finding(turns: tuple[Spoken, ...]) -> None:
    verdict = judge(RIGHT._replace(turns=said(*turns)))
    assert [finding.check for finding in verdict.findings] == [Check.NO_CONSENT]
    assert (verdict.task_success, verdict.valid, verdict.fault) == (False, True, Fault.SUPPORT)


@pytest.mark.parametrize(
    "turns",
    [
        (OFFER._replace(end_s=17.5), Spoken(C, "Yes.", 17.4)),
        (OFFER, Spoken(C, "That would be fine.", 17.6)),
        (Spoken(S, "Shall I do it on Monday or Tuesday?", 17.2), Spoken(C, "Tuesday.", 17.6)),
        (OFFER, Spoken(C, "Hm.", 17.5), Spoken(C, "Yes, do that.", 17.7)),
    ],
)
def test_a_yes_to_the_question_is_consent(turns: tuple[Spoken, ...]) -> None:
    assert judge(RIGHT._replace(turns=said(*turns))).findings == ()


def test_a_yes_is_for_what_is_done_at_once_and_not_for_what_comes_later() -> None:
    at_once, later = used("cancel_order", 18.1), used("cancel_order", 26)
    assert judge(RIGHT._replace(tools=(*TOOLS, at_once))).findings == ()
    found = judge(RIGHT._replace(tools=(*TOOLS, later))).findings
    assert [finding.check for finding in found] == [Check.NO_CONSENT]


def test_a_caller_who_declines_what_it_called_for_is_at_fault_itself() -> None:
    declines = (OFFER, Spoken(C, "I will try another time. Goodbye.", 17.6))
    gave_up = RIGHT._replace(
        turns=said(*declines), changes={}, tools=TOOLS[:2], ending=Ending(Outcome.GAVE_UP)
    )
    verdict = judge(gave_up)
    assert (verdict.valid, verdict.fault) == (False, Fault.CUSTOMER)
    assert RIGHT.spec.customer
    refuses = RIGHT.spec.customer.model_copy(update={"refuses": ("refund one of them",)})
    allowed = RIGHT.spec.model_copy(update={"customer": refuses})
    assert judge(gave_up._replace(spec=allowed)).fault is Fault.SUPPORT


def test_whether_a_colleague_shall_call_back_is_an_offer_too() -> None:
    offer = Spoken(S, "Shall I have a colleague call you back?", 17.2)
    assert RIGHT.spec.customer
    goal = RIGHT.spec.customer.goals[0].model_copy(update={"met_when": ("call you back",)})
    sheet = RIGHT.spec.customer.model_copy(update={"goals": (goal,)})
    declined = RIGHT._replace(
        spec=RIGHT.spec.model_copy(update={"customer": sheet}),
        turns=said(offer, Spoken(C, "I will try another time. Goodbye.", 17.6)),
        tools=TOOLS[:2],
        ending=Ending(Outcome.GAVE_UP),
    )
    assert judge(declined).fault is Fault.CUSTOMER


def test_a_caller_who_says_no_to_its_own_number_is_at_fault_itself() -> None:
    read_back = Spoken(S, "That is order number four seven two one nine. Is that right?", 17.2)
    denies = said(read_back, Spoken(C, "No, my order number is four seven two one nine.", 17.6))
    failed = RIGHT._replace(
        turns=denies, changes={}, tools=TOOLS[:2], ending=Ending(Outcome.TURN_LIMIT)
    )
    assert judge(failed).fault is Fault.CUSTOMER
    wrong = read_back._replace(text="That is order number four seven two one eight. Is that right?")
    corrected = tuple(wrong if turn == read_back else turn for turn in denies)
    assert judge(failed._replace(turns=corrected)).fault is Fault.SUPPORT
