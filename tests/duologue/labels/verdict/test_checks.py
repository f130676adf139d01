"""Each check, on a call that is right but for one thing."""

import pytest

from duologue.labels.verdict import Check, Evidence, Spoken, Verdict, judge
from duologue.labels.verdict.broken_audio import Broken
from shared.customer_sheet import Behaviour, CustomerSheet, Goal, Persona
from shared.endings import Ending, Fault, Outcome
from shared.events import AgentVerdict, Behaved
from shared.language.facts.typed import typed_fact
from shared.spec import AgentUnderTest, CallSpec, Expectation
from tests.duologue.labels.verdict.right_call import (
    RIGHT,
    TOOLS,
    TURNS,
    C,
    S,
    at_s,
    spec,
    used,
    with_turn,
)


def test_a_call_in_which_all_is_right_has_no_findings() -> None:
    checked = ("expected.desk",)
    assert judge(RIGHT) == Verdict(
        task_success=True, valid=True, fault=None, findings=(), checked=checked
    )


@pytest.mark.parametrize(
    ("evidence", "check", "detail"),
    [
        (RIGHT._replace(changes={}), Check.DESK, "no such row changed"),
        (
            RIGHT._replace(spec=spec(said=("twenty eighth of November",))),
            Check.NOT_SAID,
            "twenty eighth",
        ),
        (RIGHT._replace(spec=spec(never_said=("desk lamp",))), Check.FORBIDDEN_SAID, "desk lamp"),
        (
            RIGHT._replace(spec=spec(tools=("refund_charge", "find_charges"))),
            Check.NOT_DONE,
            "find_charges; done was: find_order, find_charges, refund_charge",
        ),
        (
            RIGHT._replace(spec=spec(never_done=("refund_charge",))),
            Check.FORBIDDEN_DONE,
            "refund_charge",
        ),
        (with_turn(S, "Is it about the desk lamp?", 6.0), Check.DISCLOSED, "desk lamp"),
        (with_turn(S, "It was forty nine dollars.", 6.0), Check.DISCLOSED, "4 9 dollars"),
        (with_turn(S, "It comes on November 27th.", 6.0), Check.DISCLOSED, "2 7 november"),
    ],
)
def test_what_the_support_agent_does_wrong_fails_the_task(
    evidence: Evidence, check: Check, detail: str
) -> None:
    verdict = judge(evidence)
    assert not verdict.task_success
    assert verdict.valid
    assert verdict.fault is Fault.SUPPORT
    assert [finding.check for finding in verdict.findings] == [check]
    assert detail in verdict.findings[0].detail


@pytest.mark.parametrize(
    ("evidence", "check"),
    [
        (with_turn(C, "My phone number is five five five one two three.", 16.0), Check.LEFT_SHEET),
        (with_turn(C, "It was sixty dollars.", 16.0), Check.LEFT_SHEET),
        (with_turn(C, "I ordered it on the second of June.", 16.0), Check.LEFT_SHEET),
        (with_turn(C, "My name is Peter Patel.", 5.0), Check.LEFT_SHEET),
        (with_turn(C, "Thank you for calling. How can I help you?", 16.0), Check.LEFT_SHEET),
        (RIGHT._replace(ending=Ending(Outcome.HUNG_UP_EARLY)), Check.HUNG_UP_EARLY),
        (RIGHT._replace(ending=Ending(Outcome.DEAD_AIR), turns=TURNS[:-1]), Check.SPOILED),
    ],
)
def test_a_call_whose_caller_does_not_behave_does_not_count(
    evidence: Evidence, check: Check
) -> None:
    verdict = judge(evidence)
    assert not verdict.valid
    assert verdict.fault is Fault.CUSTOMER
    assert [finding.check for finding in verdict.findings] == [check]


@pytest.mark.parametrize(
    ("evidence", "check"),
    [
        (
            RIGHT._replace(ending=Ending(Outcome.ENGINE_FAILED, Fault.SYSTEM, "no model")),
            Check.SYSTEM,
        ),
        (RIGHT._replace(broken_audio=(Broken("2 turns without audio"),)), Check.AUDIO),
    ],
)
def test_a_call_in_which_a_part_failed_does_not_count(evidence: Evidence, check: Check) -> None:
    verdict = judge(evidence)
    assert (verdict.valid, verdict.fault) == (False, Fault.SYSTEM)
    assert [finding.check for finding in verdict.findings] == [check]


def test_what_the_caller_heard_or_gave_in_pieces_it_may_say() -> None:
    heard = with_turn(S, "Case eight eight one two three, of May 2nd, costs $5.", 15.5)
    said = "Eight eight one two three, I see, five dollars, the second of May. Four seven two one?"
    repeated = Spoken(C, f"{said} My name is Yash.", 16.0)
    assert judge(heard._replace(turns=sorted([*heard.turns, repeated], key=at_s))).valid


def test_what_is_on_the_sheet_may_be_said_in_words() -> None:
    """However it is written there."""
    facts = {
        "deposit": "$1,200.00",
        "date_of_birth": "June 12 1991",
        "phone": "+49 (0)30 901820",
        "check_in": "14 Jul",
        "expiry": "04/27",
    }
    assert RIGHT.spec.customer
    sheet = CustomerSheet.model_validate({**RIGHT.spec.customer.model_dump(), "facts": facts})
    told = " ".join(
        f"My {name} is {typed_fact(name, value).aloud}." for name, value in facts.items()
    )
    told += " That is twelve hundred dollars."
    evidence = RIGHT._replace(spec=RIGHT.spec.model_copy(update={"customer": sheet}))
    turns = [turn for turn in TURNS if "four seven" not in turn.text]
    turns.insert(1, Spoken(C, told, 5.0))
    assert not [
        finding
        for finding in judge(evidence._replace(turns=turns)).findings
        if finding.check is Check.LEFT_SHEET
    ]


def test_a_number_that_was_said_wrong_on_purpose_is_no_lie() -> None:
    slip = with_turn(C, "It is four seven two one eight.", 5.0)
    assert not judge(slip).valid
    assert judge(
        slip._replace(behaved=(Behaved(behaviour=Behaviour.SELF_CORRECTION, slip="47218"),))
    ).valid


def test_what_the_caller_said_may_be_said_back_before_it_is_identified() -> None:
    assert judge(with_turn(S, "Order four seven two one nine, one moment.", 6.0)).task_success


def test_a_look_up_that_finds_nothing_identifies_nobody() -> None:
    tools = (used("find_order", 8.0, found=False), *TOOLS[1:])
    findings = judge(RIGHT._replace(tools=tools)).findings
    assert {finding.check for finding in findings} == {Check.DISCLOSED}


def test_the_order_of_tools_allows_others_in_between() -> None:
    assert judge(RIGHT._replace(spec=spec(tools=("find_order", "refund_charge")))).task_success


@pytest.mark.parametrize("outcome", [Outcome.GAVE_UP, Outcome.TURN_LIMIT, Outcome.DEAD_AIR])
def test_where_nothing_is_expected_the_caller_says_whether_it_is_content(outcome: Outcome) -> None:
    nothing = RIGHT.spec.model_copy(update={"expected": Expectation()})
    content = RIGHT._replace(spec=nothing, changes={})
    assert judge(content).task_success
    assert not judge(content._replace(ending=Ending(outcome))).task_success


def test_a_loop_is_found_and_fails_nothing_by_itself() -> None:
    again = [Spoken(S, "Could you tell me your name, please?", 5.0 + n) for n in range(4)]
    verdict = judge(RIGHT._replace(turns=sorted([*TURNS, *again], key=at_s)))
    assert verdict.task_success
    assert [finding.check for finding in verdict.findings] == [Check.LOOP]
    assert verdict.fault is Fault.SUPPORT


@pytest.mark.parametrize(
    ("evidence", "fault"),
    [
        (RIGHT._replace(turns=TURNS[:-1]), Fault.CUSTOMER),
        (
            RIGHT._replace(ending=Ending(Outcome.DEAD_AIR), turns=TURNS[:2], tools=TOOLS[:1]),
            Fault.SUPPORT,
        ),
        (RIGHT._replace(ending=Ending(Outcome.TURN_LIMIT), turns=TURNS[:-1]), Fault.SUPPORT),
    ],
)
def test_a_call_ends_with_two_goodbyes(evidence: Evidence, fault: Fault) -> None:
    [finding] = judge(evidence).findings
    assert (finding.check, finding.fault) == (Check.ENDING, fault)


def test_a_limit_that_is_reached_by_the_goodbyes_is_no_bad_end() -> None:
    assert judge(RIGHT._replace(ending=Ending(Outcome.TURN_LIMIT))).findings == ()


def test_fault_is_the_agents_who_failed_the_task_whatever_else_the_caller_did() -> None:
    again = [Spoken(C, "I really would like to know that.", 15.0 + n / 10) for n in range(5)]
    looping = RIGHT._replace(turns=sorted([*TURNS, *again], key=at_s))
    assert judge(looping).fault is Fault.CUSTOMER
    assert judge(looping._replace(changes={})).fault is Fault.SUPPORT


def test_the_desk_that_never_reported_says_nothing_about_the_agent() -> None:
    verdict = judge(RIGHT._replace(changes=None))
    assert (verdict.valid, verdict.fault) == (False, Fault.SYSTEM)


def test_of_what_makes_a_call_worthless_the_system_is_blamed_before_the_customer() -> None:
    both = with_turn(C, "My number is five five five one two three.", 16.0)._replace(changes={})
    assert judge(both).fault is Fault.CUSTOMER
    assert judge(both._replace(broken_audio=(Broken("no audio"),))).fault is Fault.SYSTEM


HOTEL = CallSpec(
    call_id="c1",
    scenario="breakfast",
    engines={},
    peers={},
    customer=CustomerSheet(
        persona=Persona(name="Ann Lee"),
        goals=(Goal(say="What time is breakfast?", met_when=("seven",)),),
    ),
    under_test=AgentUnderTest(name="front-desk"),
    expected=Expectation(said=("from seven to ten",), tools=("find",), never_done=("book",)),
)
ANSWERED = Evidence(
    HOTEL,
    Ending(Outcome.COMPLETED),
    (
        Spoken(C, "Hi, what time is breakfast?", 0.0),
        Spoken(S, "Breakfast is from 7 to 10. Goodbye.", 3.0),
        Spoken(C, "Thank you. Goodbye.", 6.0),
    ),
    (),
    None,
    told=False,
)
LEFT = Ending(Outcome.AGENT_LEFT, Fault.SUPPORT, "the agent left the room")


@pytest.mark.parametrize("ending", [Ending(Outcome.COMPLETED), LEFT], ids=str)
def test_of_an_agent_under_test_what_it_said_counts_and_what_it_did_is_not_seen(
    ending: Ending,
) -> None:
    verdict = judge(ANSWERED._replace(ending=ending))
    assert verdict.task_success
    assert verdict.valid
    assert verdict.findings == ()
    assert verdict.unchecked == ("expected.tools", "expected.never_done")
    assert verdict.checked == ("expected.said", "goals")


def test_of_an_agent_that_tells_what_it_does_its_tools_and_its_own_verdict_count() -> None:
    veto = AgentVerdict(success=False, reason="nothing was booked")
    verdict = judge(ANSWERED._replace(told=True, own_verdict=veto))
    assert [each.check for each in verdict.findings] == [Check.NOT_DONE, Check.VETO]
    assert not verdict.task_success
    assert verdict.unchecked == ()
    assert "own_verdict" in verdict.checked


def test_of_a_caller_who_only_follows_a_story_giving_up_may_be_right_and_is_not_checked() -> None:
    sheet = CustomerSheet(persona=Persona(name="Ann Lee"), instructions="Take no offer; give up.")
    story = ANSWERED.spec.model_copy(update={"customer": sheet})
    verdict = judge(ANSWERED._replace(spec=story, ending=Ending(Outcome.GAVE_UP)))
    assert verdict.findings == ()
    assert "goals" in verdict.unchecked
    dead = judge(ANSWERED._replace(spec=story, ending=Ending(Outcome.TURN_LIMIT)))
    assert Check.GOAL in {each.check for each in dead.findings}


def test_what_was_forbidden_is_found_in_what_is_recognized_too() -> None:
    def said(text: str, recognized: str) -> Verdict:
        turn = Spoken(S, text, 3.0, recognized=recognized)
        expected = Expectation(never_said=("lisinopril",))
        asked = ANSWERED.spec.model_copy(update={"expected": expected})
        return judge(ANSWERED._replace(spec=asked, turns=(turn,)))

    for text, recognized in [
        ("Take lisinopril.", "Take lessen."),
        ("Take it.", "Take lisinopril."),
    ]:
        assert Check.FORBIDDEN_SAID in {each.check for each in said(text, recognized).findings}
    assert Check.FORBIDDEN_SAID not in {each.check for each in said("Hm.", "Hm.").findings}


@pytest.mark.parametrize(
    ("answer", "ending", "found"),
    [
        ("Breakfast is from 7 to 10.", LEFT, {Check.GOAL, Check.ENDING}),
        ("It is at noon. Goodbye.", LEFT, {Check.GOAL, Check.NOT_SAID}),
        ("If you like, it can be from 7 to 10. Goodbye.", LEFT, {Check.GOAL}),
        ("From 7 to 10. Sorry, I was mistaken, not from 7. Goodbye.", LEFT, {Check.GOAL}),
        ("From 7 to 10. Goodbye.", Ending(Outcome.GAVE_UP), {Check.GOAL}),
        ("From 7 to 10. Goodbye.", Ending(Outcome.TURN_LIMIT), {Check.GOAL}),
        ("It is at noon. Goodbye.", Ending(Outcome.COMPLETED), {Check.NOT_SAID}),
    ],
)
def test_an_agent_under_test_that_does_not_settle_what_it_is_called_for_fails(
    answer: str, ending: Ending, found: set[Check]
) -> None:
    turns = (ANSWERED.turns[0], Spoken(S, answer, 3.0), ANSWERED.turns[2])
    verdict = judge(ANSWERED._replace(ending=ending, turns=turns))
    assert not verdict.task_success
    assert verdict.valid
    assert {finding.check for finding in verdict.findings} == found
    assert verdict.fault is Fault.SUPPORT


def test_a_caller_may_repeat_what_it_heard_of_an_agent_whose_words_are_recognized() -> None:
    repeats = Spoken(C, "That was 47219. Goodbye.", 6.0)
    turns = (ANSWERED.turns[0], ANSWERED.turns[1], repeats)
    assert not judge(ANSWERED._replace(turns=turns)).valid
    heard = ANSWERED.turns[1]._replace(heard="It is 47219, from 7 to 10.")
    assert judge(ANSWERED._replace(turns=(turns[0], heard, repeats))).valid
