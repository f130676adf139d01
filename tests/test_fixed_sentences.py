"""The benchmark of fixed sentences knows what roles can say, and when a meaning is lost."""

import ast

import pytest

from benchmarks.fixed_sentences import Sentence, fixed_texts
from benchmarks.readings import read
from shared.spec import Role

MODULE = '''
"""A docstring. It is not said."""
GOODBYES = ("Goodbye.", "See you.")
SIGN = r" (?:no|nope)\\b."

def greet(name):
    """Nor is this."""
    if not name:
        raise ValueError("There is no name.")
    if name.isdecimal():
        raise ToolError("You cannot have this.")
    yield from tell(f"Hello, {name}. How are you?")

def instruction():
    return "The caller speaks first."
'''


def test_what_is_said_is_read_out_of_the_code_and_nothing_else() -> None:
    said = {text for text, _ in fixed_texts(ast.parse(MODULE))}
    assert said == {"Goodbye.", "See you.", "You cannot have this.", "Hello, \0. How are you?"}


@pytest.mark.parametrize(
    ("role", "said", "heard", "kept"),
    [
        (Role.SUPPORT, "Sorry, is that a yes, or a no?", "Sorry, is that a yes or a no?", True),
        (Role.SUPPORT, "Shall I refund one of them?", "She'll refund one of them.", False),
        (Role.SUPPORT, "I have cancelled your order.", "I have canceled your order.", True),
        (Role.SUPPORT, "I have refunded forty nine dollars.", "I have refunded $49.", True),
        (Role.SUPPORT, "I have refunded forty nine dollars.", "I have refunded $40.", False),
        (Role.SUPPORT, "You cannot change it.", "You can change it.", False),
        (Role.CUSTOMER, "Yes, do that.", "Yes, to that.", True),
        (Role.CUSTOMER, "No, thank you.", "Oh, thank you.", False),
        (Role.CUSTOMER, "Could you say it again?", "Could you sit again?", False),
    ],
)
def test_a_meaning_is_kept_where_the_other_role_reads_the_same(
    role: Role, said: str, heard: str, *, kept: bool
) -> None:
    sentence = Sentence(role, said, "", "shop")
    assert (read(said, sentence) == read(heard, sentence)) is kept
