"""What is a loop, and whose; and how often a fact may be asked for."""

from collections.abc import Sequence

from duologue.labels.verdict import Check, Finding, Spoken, judge
from shared.customer_sheet import Behaviour
from shared.endings import Fault
from shared.events import Behaved
from shared.spec import Role
from tests.duologue.labels.verdict.right_call import RIGHT, TURNS, C, S

NUMBER = "It is four seven two one nine."


def found(texts: Sequence[tuple[Role, str]], *behaved: Behaviour) -> list[Finding]:
    """What is said of the right call with more turns in it, before anybody is identified."""
    more = [Spoken(role, text, 5.0 + at / 100) for at, (role, text) in enumerate(texts)]
    did = [Behaved(behaviour=each) for each in behaved]
    verdict = judge(RIGHT._replace(turns=(*TURNS[:2], *more, *TURNS[2:]), behaved=did))
    return list(verdict.findings)


def looped(findings: Sequence[Finding]) -> list[Fault]:
    return [each.fault for each in findings if each.check is Check.LOOP]


def test_who_answers_a_repeated_question_is_in_no_loop_but_who_repeats_it() -> None:
    asked = "I could not find that. What is the reference of your order?"
    assert looped(found([(S, asked), (C, NUMBER)] * 5)) == [Fault.SUPPORT] * 2


def test_a_question_that_is_put_in_other_words_is_the_same_question() -> None:
    questions = (
        "Could you tell me your order number, please?",
        "Sorry, could you tell me your order number slowly, digit by digit?",
        "Could you tell me your order number again, digit by digit?",
        "Let us try another way. Could you tell me your order number again?",
    )
    turns = [turn for asked in questions for turn in ((S, asked), (C, NUMBER))]
    assert looped(found(turns)) == []


def test_who_says_the_same_whatever_it_is_asked_is_in_a_loop() -> None:
    questions = ("Who are you?", "Where do you live?", "Which item is it?", "How late is it?")
    turns = [turn for asked in questions for turn in ((S, asked), (C, "I want my money back now."))]
    assert looped(found(turns)) == [Fault.CUSTOMER]


def test_what_is_said_again_on_request_is_no_loop() -> None:
    again = "Sorry, could you say that again, please?"
    turns = [(C, again), (S, "It is about your order, is it not?")] * 5
    assert looped(found(turns)) == [Fault.CUSTOMER]
    assert looped(found([(S, "Could you repeat that?"), (C, NUMBER)] * 3)) == []


def test_behaviours_and_what_they_make_the_agent_repeat_are_no_loop() -> None:
    more = []
    for at in range(8):
        say = "Sorry, could I say something first, please?"
        more += [
            Spoken(S, "May I ask what this is about?", 5 + at / 10),
            Spoken(C, say, 5.05 + at / 10, behaviour=Behaviour.BARGE_IN),
        ]
    turns = (*TURNS[:2], *more, *TURNS[2:])
    # Once it was asked of its own accord.
    assert looped(list(judge(RIGHT._replace(turns=turns)).findings)) == []


def test_what_is_asked_into_a_scripted_silence_is_no_loop() -> None:
    asked = [(S, "May I ask what this is about?")] * 5
    assert looped(found(asked)) == [Fault.SUPPORT]
    assert looped(found(asked, Behaviour.SILENCE)) == []


def test_stock_sentences_may_come_whenever_there_is_occasion() -> None:
    wishes = ("One.", "And two.", "And three.", "And four.", "And five.")
    turns = [
        turn
        for wish in wishes
        for turn in ((S, "Is there anything else I can help you with?"), (C, wish))
    ]
    assert looped(found(turns)) == []


def test_a_fact_may_be_asked_for_three_times() -> None:
    asked = [(S, "Could you tell me your full name, please?"), (C, "It is Yash Patel.")]
    often = [each for each in found(asked * 4) if each.check is Check.ASKED_TOO_OFTEN]
    assert [each.fault for each in often] == [Fault.SUPPORT]
    assert not [each for each in found(asked * 3) if each.check is Check.ASKED_TOO_OFTEN]


def test_asking_again_what_the_caller_wants_repeated_is_not_asking_more_often() -> None:
    again = [(S, "Could you tell me your full name, please?"), (C, "Sorry, say that again?")]
    assert not [each for each in found(again * 6) if each.check is Check.ASKED_TOO_OFTEN]
