"""What a caller may say, and what is not on its sheet."""

import pytest

from duologue.labels.verdict import Check, Spoken, judge
from shared.customer_sheet import CustomerSheet, Fact, Persona
from tests.duologue.labels.verdict.right_call import RIGHT, C


def findings(sheet: CustomerSheet, said: str, intended: str = "") -> list[Check]:
    spec = RIGHT.spec.model_copy(update={"customer": sheet})
    turn = Spoken(C, said, 16.0, intended=intended, interrupted=bool(intended))
    found = judge(RIGHT._replace(spec=spec, turns=(turn,), tools=())).findings
    return [finding.check for finding in found if finding.check is Check.LEFT_SHEET]


BORN = CustomerSheet(
    persona=Persona(name="Yash Patel"), facts={"date_of_birth": Fact(value="1982-06-04")}
)


@pytest.mark.parametrize(
    "said",
    [
        "My date of birth is the fourth of June nineteen eighty",
        "My date of birth is June",
        "My date of birth is June nineteen",
    ],
)
def test_a_caller_cut_off_in_the_middle_of_a_fact_has_said_no_other(said: str) -> None:
    meant = "My date of birth is June fourth nineteen eighty two."
    assert findings(BORN, said, meant) == []


def test_a_caller_cut_off_after_something_made_up_has_said_it() -> None:
    meant = "It was the third of May, and that is too late."
    assert findings(BORN, "It was the third of May, and", meant) == [Check.LEFT_SHEET]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Siobhán O'Reilly", "My name is Siobhan O\u2019Reilly."),
        ("Siobhán O'Reilly", "My name is O'Reilly."),
        ("Nguyễn Văn An", "My full name is Nguyen Van An."),
        ("Lucía García-López", "My name is Lucía García López, and I have a question."),
        ("Søren Dąbrowski", "My name is Soren Dabrowski"),
        ("J.R. Tolliver", "My name is J. R. Tolliver."),
        ("Jean-Luc St. Pierre", "My name is Jean-Luc Saint Pierre."),
        ("Dr. Anjali Desai", "My name is Doctor Anjali Desai."),
    ],
)
def test_a_name_is_on_its_sheet_however_it_is_written(name: str, said: str) -> None:
    assert findings(CustomerSheet(persona=Persona(name=name)), said) == []


def test_a_date_said_twice_as_the_sheet_says_it_is_on_the_sheet() -> None:
    said = "Six, six, sixty-six. The sixth of June, nineteen sixty six."
    born = Fact(value="1966-06-06", said=said)
    sheet = CustomerSheet(persona=Persona(name="Mai"), facts={"date_of_birth": born})
    assert findings(sheet, said) == []
    assert findings(sheet, "Seven, seven, seventy-seven.") == [Check.LEFT_SHEET]


def test_another_name_is_not() -> None:
    sheet = CustomerSheet(persona=Persona(name="Siobhán O'Reilly"))
    assert findings(sheet, "My name is Siobhán O'Connor.") == [Check.LEFT_SHEET]
