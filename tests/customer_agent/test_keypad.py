"""Menus of a telephone are answered with keys, by what the caller wants."""

import pytest

from customer_agent.keypad import key_for, keyed_in, menu
from customer_agent.rules import ATTEMPTS, Caller
from duologue.businesses.text_call import Side
from duologue.scenarios.scenario import Scenario, UserData
from shared.customer_sheet import CustomerSheet, Fact, Goal, Persona
from shared.errors import SpecError

ORDER = "My order is late."
LAST = "For orders, press one. For returns press two. To speak to somebody, press zero."
FIRST = "Thank you for calling. Press 1 for orders, press 2 for returns, or press the star \
key to hear this again."


@pytest.mark.parametrize(
    ("text", "wish", "key"),
    [
        (LAST, ORDER, "1"),
        (LAST, "I want to return a lamp.", "2"),
        (LAST, "My bicycle squeaks.", "0"),
        (FIRST, ORDER, "1"),
        (FIRST, "I would like to return this.", "2"),
        (FIRST, "My bicycle squeaks.", ""),
        ("If this is an order, dial or say number three, otherwise hold.", ORDER, "3"),
        ("For a booking press one to ask about breakfast, press two.", "Breakfast?", "2"),
        ("I pressed the button for your order.", ORDER, ""),
    ],
)
def test_the_key_is_that_of_the_wish(text: str, wish: str, key: str) -> None:
    assert key_for(text, wish) == key


def test_a_menu_says_what_each_key_is_for() -> None:
    assert [item.key for item in menu(LAST)] == ["1", "2", "0"]
    assert [item.key for item in menu(FIRST)] == ["1", "2", "*"]


def test_a_code_is_keyed_in_as_it_is_asked_for() -> None:
    assert keyed_in("47 219", "Enter it, followed by the hash key.") == "47219#"
    assert keyed_in("47219", "Please enter it.") == "47219"
    assert keyed_in("AB 12", "Please enter it.") == ""


class Telephone:
    """A caller, and the keys that it presses."""

    def __init__(self, *goals: Goal) -> None:
        sheet = CustomerSheet(
            persona=Persona(name="Yash Patel"),
            facts={"order_number": Fact(value="47219")},
            goals=goals,
        )
        self.pressed: list[str] = []
        self._side = Side(
            lambda: Caller(sheet, opens=False).dialogue(), {"press_keys": self._press}
        )

    def _press(self, keys: str) -> None:
        self.pressed.append(keys)

    async def hear(self, text: str) -> str:
        """What it answers; empty if it presses something instead."""
        self._side.chat.add_message(role="user", content=text)
        return (await self._side.turn()).text


async def test_a_menu_and_a_number_are_keyed_in_and_what_follows_is_answered_in_words() -> None:
    caller = Telephone(Goal(say=ORDER, met_when=("will arrive",)))
    assert await caller.hear(LAST) == ""
    assert await caller.hear("Please enter your order number, followed by the pound key.") == ""
    assert caller.pressed == ["1", "47219#"]
    assert await caller.hear("How can I help you?") == ORDER


@pytest.mark.parametrize(
    "question",
    [
        "Let me enter that. What is your order number?",
        "What type of lamp is it, and what is your order number?",
        "I will enter your order number. Could you tell me what it is?",
        "Could you tell me your order number, so that I can type it in?",
    ],
)
async def test_a_number_that_somebody_else_enters_is_said(question: str) -> None:
    caller = Telephone(Goal(say=ORDER, met_when=("will arrive",)))
    assert await caller.hear("How can I help you?") == ORDER
    assert "four seven two one nine" in await caller.hear(question)
    assert caller.pressed == []


async def test_a_menu_that_comes_again_and_again_is_spoken_to() -> None:
    caller = Telephone(Goal(say=ORDER, met_when=("will arrive",)))
    answers = [await caller.hear(LAST) for _ in range(ATTEMPTS + 1)]
    assert answers[:-1] == [""] * ATTEMPTS
    assert answers[-1] == ORDER


async def test_keys_of_a_goal_are_pressed_when_it_is_their_turn() -> None:
    caller = Telephone(
        Goal.model_validate({"press": "9"}), Goal(say=ORDER, met_when=("will arrive",))
    )
    assert await caller.hear(LAST) == ""
    assert caller.pressed == ["9"]
    assert ORDER in await caller.hear("You have reached the complaints department.")
    assert caller.pressed == ["9"]


def test_our_own_agents_have_no_menu_and_a_scenario_that_wants_one_is_refused() -> None:
    goals = (Goal.model_validate({"press": "1"}),)
    of_theirs = Scenario(label="menu", goals=goals)
    of_theirs.check()
    with pytest.raises(SpecError, match=r"goals\.0\.press: our own agents have no menu"):
        of_theirs.model_copy(update={"userdata": UserData(business="shop")}).check()
