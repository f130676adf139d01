"""What callers want is recognised in the words of many, and nothing in an answer to a question.

The files beside this one have 25 ways or more to put each problem of the bundled businesses,
written as people talk and before the signs that find them.
"""

from pathlib import Path

import pytest
import yaml

from support_agent.registry import load_business

WORDINGS = Path(__file__).parent / "wordings"
BUSINESSES = ("shop", "internet", "clinic")
MISSED = 1
"""At most: in it there is something else, too, or nothing to tell it by."""


def raised(business: str, text: str) -> list[str]:
    """The problems that a caller raises who says this."""
    talk = load_business(business).talk()
    talk.note(text)
    return [problem.name for problem in talk.waiting]


def problems() -> list[tuple[str, str, list[str]]]:
    files = {name: WORDINGS / f"{name}.yaml" for name in BUSINESSES}
    read = {name: yaml.safe_load(file.read_text(encoding="utf-8")) for name, file in files.items()}
    return [(name, *item) for name, wordings in read.items() for item in wordings.items()]


@pytest.mark.parametrize(("business", "problem", "wordings"), problems())
def test_a_problem_is_recognised_however_it_is_put(
    business: str, problem: str, wordings: list[str]
) -> None:
    missed = [text for text in wordings if raised(business, text) != [problem]]
    assert len(wordings) >= 25
    assert len(missed) <= MISSED, missed


@pytest.mark.parametrize("business", BUSINESSES)
@pytest.mark.parametrize(
    "text",
    [
        "Yes, please.",
        "Yes, please. That would be fine.",
        "No, thank you.",
        "No, that is all. Thank you for your help.",
        "My name is Maria Lopez.",
        "My order number is four seven two one nine.",
        "It is the third of May nineteen ninety.",
        "My postcode is six zero six one four.",
        "I am sorry, I do not have the order number.",
        "Sorry, could you say that again, please?",
        "This is not acceptable.",
        "Okay, thank you.",
        "Of course, take your time.",
        "Hello, are you still there?",
        "I will try another time. Goodbye.",
        "Thank you. Goodbye.",
        "I have no preference.",
    ],
)
def test_an_answer_raises_no_problem(business: str, text: str) -> None:
    assert raised(business, text) == []


@pytest.mark.parametrize("business", BUSINESSES)
def test_who_names_what_it_was_offered_is_understood(business: str) -> None:
    for problem in load_business(business).problems:
        assert problem.name in raised(business, f"{problem.label.capitalize()}, please.")


@pytest.mark.parametrize(
    ("business", "text", "problem"),
    [
        ("clinic", "I need to cancel, no wait, can I come on a different day?", "move_appointment"),
        ("clinic", "I can't make my appointment. Canselit, will you?", "cancel_appointment"),
        (
            "clinic",
            "I will cancel my visit. Or, oh no, let us put it off a week.",
            "move_appointment",
        ),
        ("shop", "Where is my order? Thinking about it, just cancel it.", "cancel_order"),
        ("shop", "Where is my order? No, actually, just cancel it.", "cancel_order"),
        ("shop", "I've bought it somewhere else. Call it off.", "cancel_order"),
        ("shop", "Call the whole thing off, please.", "cancel_order"),
        ("shop", "I found it cheaper in a shop in town.", "cancel_order"),
        ("shop", "It's for a party. Canselit, please.", "cancel_order"),
        ("shop", "Can't sell it, please.", "cancel_order"),
        ("shop", "The mugs turned up in bits.", "damaged_item"),
        ("shop", "My parcel has still not turned up.", "late_order"),
        (
            "internet",
            "Your man should come today, but I got called in to work. Can he come some other day?",
            "move_visit",
        ),
        ("clinic", "Did anything come back from my blood test yet?", "test_results"),
        ("clinic", "I don't want to speak to any nurse. Just read me my results.", "test_results"),
    ],
)
def test_a_change_of_mind_and_a_refusal_are_heard(business: str, text: str, problem: str) -> None:
    assert raised(business, text) == [problem]
