"""Names letter by letter, as they are said and as they are heard."""

import pytest

from shared.language.letters import foreign_letters, plain
from shared.language.likeness import likeness
from shared.language.spelling import letters_aloud, spelled

NAMES = {
    "Patel": "patel",
    "O'Brien": "obrien",
    "O\u2019Neill": "oneill",
    "Garcia-López": "garcialopez",
    "Zieliński": "zielinski",
    "Bonnett": "bonnett",
    "Nguyễn": "nguyen",
    "Aaron": "aaron",
    "Søren": "soren",
    "Strauß": "strauss",
    "Wood": "wood",
    "Łukasz": "lukasz",
    "Guðrún": "gudrun",
    "Müller": "muller",
}


@pytest.mark.parametrize("way", [{}, {"nato": True}, {"doubles": True}], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_spelled_in_any_way_is_understood(name: str, way: dict[str, bool]) -> None:
    said = letters_aloud(name, **way)
    assert spelled(f"My name is Ann {name}. {name} is spelled {said}.") == NAMES[name]
    assert spelled(said.replace(" ", ", ")) == NAMES[name]


def test_marks_and_pairs_have_words_of_their_own() -> None:
    assert letters_aloud("O'Brien") == "O apostrophe B R I E N"
    assert letters_aloud("Hill-Smith") == "H I L L hyphen S M I T H"
    assert letters_aloud("Scott", doubles=True) == "S C O double T"
    assert letters_aloud("Li", nato=True) == "Lima India"


@pytest.mark.parametrize(
    ("heard", "letters"),
    [
        ("It's P-A-T-E-L.", "patel"),
        ("T as in Tango, A like apple, double T, O.", "tatto"),
        ("Alfa Juliett Kilo", "ajk"),
        ("X-ray Alpha Victor", "xav"),
        ("That's capital S, M, I, T, H.", "smith"),
        ("P A tea E L", "patel"),
        ("Double you A L L", "wall"),
        ("R E N E with an accent", "rene"),
        ("Xu, X U.", "xu"),
        ("I have a dog.", ""),
        ("Can I see a doctor?", ""),
        ("My name is J. R. Tolliver.", ""),
        ("I am Mike India.", ""),
    ],
)
def test_letters_are_told_from_words(heard: str, letters: str) -> None:
    assert spelled(heard) == letters


@pytest.mark.parametrize(
    ("heard", "letters"),
    [
        ("Cresis spelled CR UZ", "cruz"),
        ("Chocuemeka is spelled CH UKWUMEKA", "chukwumeka"),
        ("It is CH UKW-U-E-M-E-K-A.", "chukwuemeka"),
        ("Vo is spelled VO", "vo"),
        ("and is spelled an.", "an"),
        ("It is spelled ng", "ng"),
        ("Li is spelled Lima India.", "li"),
        ("Bravo Oscar", "bo"),
        ("I do not know how it is spelled.", ""),
        ("It is spelled as you say it.", ""),
        ("OK, sure.", ""),
    ],
)
def test_short_names_and_letters_run_together_are_heard_when_asked_for(
    heard: str, letters: str
) -> None:
    assert spelled(heard, asked=True) == letters


def test_letters_without_their_marks_are_the_same_name() -> None:
    assert plain("Søren Åkerström") == "Soren Akerstrom"
    assert likeness("Soren Rasmussen", "Søren Rasmussen") == 1
    assert likeness("Anjali Desai", "Dr. Anjali Desai") == 1
    assert likeness("DeShawn Jackson Junior", "DeShawn Jackson Jr.") == 1


@pytest.mark.parametrize(
    ("text", "foreign"), [("王芳", "王芳"), ("Ann Иванова", "Иванова"), ("Zoë Łuk ½ 5º", "")]
)
def test_what_is_in_another_script_is_found(text: str, foreign: str) -> None:
    assert foreign_letters(text) == foreign
