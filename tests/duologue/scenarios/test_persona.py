"""Personas are data; what is wrong with a file of them is named."""

from pathlib import Path

import pytest

from duologue.scenarios.persona import load_personas
from shared.customer_sheet import Degree, Persona, Spelling
from shared.errors import DocumentError

GOOD = """\
ann:
  name: Ann Lee
  age: 40
  voice: hibari/heart
  speed: 1.1
  patience: low
  spelling: nato
bob: {name: Bob Ito}
"""


def test_a_file_of_personas_is_read_by_their_labels(tmp_path: Path) -> None:
    path = tmp_path / "personas.yaml"
    path.write_text(GOOD)
    assert load_personas(path) == {
        "ann": Persona(
            name="Ann Lee",
            age=40,
            voice="hibari/heart",
            speed=1.1,
            patience=Degree.LOW,
            spelling=Spelling.NATO,
        ),
        "bob": Persona(name="Bob Ito"),
    }


@pytest.mark.parametrize(
    ("said", "instead", "where", "problem"),
    [
        ("age: 40", "age: old", (3, "ann.age"), "valid integer"),
        ("speed: 1.1", "speed: 3", (5, "ann.speed"), "less than or equal to 1.25"),
        ("patience: low", "patience: none", (6, "ann.patience"), "'normal'"),
        ("patience: low", "temper: short", (6, "ann.temper"), "not permitted"),
        ("{name: Bob Ito}", "Bob Ito", (8, "bob"), "Persona"),
        ("bob:", "ann:", (8, "ann"), "stands twice"),
        (GOOD, "- ann", (1, ""), "dictionary"),
    ],
)
def test_what_is_wrong_with_a_persona_is_named(
    tmp_path: Path, said: str, instead: str, where: tuple[int, str], problem: str
) -> None:
    path = tmp_path / "personas.yaml"
    path.write_text(GOOD.replace(said, instead, 1))
    with pytest.raises(DocumentError, match=problem) as raised:
        load_personas(path)
    assert (raised.value.line, raised.value.field) == where
