"""Facts that no look-up proves, and problems that lead to others, at any business."""

import pytest

from duologue.businesses.text_call import Side
from shared.side.dialogue import Dialogue, say, tell
from support_agent.registry import load_business
from support_agent.rules import dialogue
from support_agent.slots import Slot, SlotKind
from support_agent.talk import Problem, Talk

METER = Slot("meter", SlotKind.CODE, "the number of your meter", "meter {}", ("meter",), (4,))
SHOP = load_business("shop")._replace(asks=(METER,))


def learner() -> Side:
    def dialogue() -> Dialogue[None]:
        learned = yield from SHOP.talk().learn(METER)
        yield from say(f"I learned {learned}.")

    return Side(dialogue, {})


async def answer(side: Side, *heard: str) -> str:
    said = (await side.turn()).text
    for text in heard:
        side.chat.add_message(role="user", content=text)
        said = (await side.turn()).text
    return said


async def test_a_fact_that_no_look_up_proves_is_read_back() -> None:
    read_back = await answer(learner(), "4711")
    assert read_back == "That is meter four seven one one. Is that right?"
    assert await answer(learner(), "4711", "Yes, please. That would be fine.") == "I learned 4711."


@pytest.mark.parametrize(
    "corrections",
    [
        ("No, my meter is 4712.", "Yes."),
        ("No.", "4712", "Yes."),
        ("Wrong.", "Blue skies.", "4712", "Right."),
    ],
)
async def test_a_fact_read_back_wrong_is_corrected(corrections: tuple[str, ...]) -> None:
    assert await answer(learner(), "4711", *corrections) == "I learned 4712."


async def test_what_a_no_comes_with_is_right_if_it_is_heard_again() -> None:
    assert await answer(learner(), "4711", "No, my meter is 4711.") == "I learned 4711."


@pytest.mark.parametrize(
    "heard", [("I do not know.",), ("4711", "No.", "4711", "No.", "4711", "No.")]
)
async def test_a_fact_may_stay_unknown(heard: tuple[str, ...]) -> None:
    assert await answer(learner(), *heard) == "I learned None."


async def test_a_fact_said_with_the_problem_is_not_asked_for_and_replaces_no_proven_one() -> None:
    def solve(talk: Talk) -> Dialogue[None]:
        talk.record = {"customer": "Ann Lee"}
        yield from talk.ask("What else?")
        meter = yield from talk.learn(METER)
        yield from say(f"{meter} {talk.facts.get('order_number')}")

    business = SHOP._replace(problems=(Problem("any", "a", (" broken ",), solve, anybody=True),))
    side = Side(lambda: dialogue(business, opens=True), {})
    heard = ("It is broken.", "My meter is 4711, my order number is 47219.", "Yes.")
    assert await answer(side, *heard) == "4711 None"


async def test_a_problem_may_lead_to_another_one_before_all_that_is_waiting() -> None:
    def first(talk: Talk) -> Dialogue[None]:
        yield from tell("First.")
        talk.go_on_with("other")

    def told(name: str) -> Problem:
        return Problem(name, name, (f" {name} ",), lambda _: tell(f"{name}."), anybody=True)

    problems = (
        Problem("any", "a", (" broken ",), first, anybody=True),
        told("waiting"),
        told("other"),
    )
    business = SHOP._replace(problems=problems)
    side = Side(lambda: dialogue(business, opens=True), {})
    said = await answer(side, "It is broken, and I am waiting.")
    assert said.startswith("I can help you with that. First. other. waiting. Is there anything")
