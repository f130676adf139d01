"""How things are said."""

import pytest

from shared.language.to_say import apart


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("It is seven zero zero eight.", "It is seven, zero, zero, eight."),
        ("Double eight oh one, thanks.", "Double eight, oh, one, thanks."),
        ("Triple seven one two.", "Triple seven, one, two."),
        ("It is two eight six, five zero.", "It is two, eight, six, five, zero."),
        ("Patel is spelled P A T E L.", "Patel is spelled P, A, T, E, L."),
        ("Papa Alpha X-ray", "Papa, Alpha, X-ray"),
    ],
)
def test_what_is_said_one_by_one_is_said_apart(text: str, said: str) -> None:
    assert apart(text) == said


@pytest.mark.parametrize(
    "text",
    ["At two oh five.", "Shall I send one to you?", "nineteen ninety"],
)
def test_what_is_no_code_is_said_as_it_is(text: str) -> None:
    assert apart(text) == text
