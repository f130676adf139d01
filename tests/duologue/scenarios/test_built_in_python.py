"""A scenario that is built in Python is held against the same rules as one that is read."""

import pytest
from pydantic import ValidationError

from duologue.scenarios.scenario import Scenario, UserData
from duologue.scenarios.scenario_file import load_scenario
from shared.customer_sheet import Goal, Persona
from shared.errors import SpecError
from shared.spec import Expectation

GOALS = (Goal(say="I want to talk to a person.", met_when=("put you through",)),)


def test_what_can_come_true_is_accepted() -> None:
    built = Scenario(
        label="a person",
        persona=Persona(name="Ana Lima"),
        goals=GOALS,
        userdata=UserData(business="internet"),
    )
    built.check()
    load_scenario().check()


@pytest.mark.parametrize(
    ("data", "expected", "problem"),
    [
        (
            UserData(business="hotel"),
            Expectation(),
            r"the scenario 'a person': userdata\.business: .*'hotel'",
        ),
        (
            UserData.model_validate({"business": "shop", "room": 7}),
            Expectation(),
            r"userdata\.room: is not known beside a business",
        ),
        (
            UserData(business="shop"),
            Expectation(said=("refunded",), never_said=("refunded",)),
            r"expected\.never_said\.0: 'refunded' is to be said, though",
        ),
    ],
)
def test_what_contradicts_itself_is_named_by_its_field(
    data: UserData, expected: Expectation, problem: str
) -> None:
    built = Scenario(label="a person", goals=GOALS, userdata=data, expected=expected)
    with pytest.raises(SpecError, match=problem):
        built.check()


def test_a_wrong_field_is_named_as_pydantic_does() -> None:
    with pytest.raises(ValidationError, match=r"goals\.0\.say"):
        Scenario.model_validate({"label": "a person", "goals": [{"met_when": ["seven"]}]})
