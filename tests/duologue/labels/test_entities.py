"""Which names, numbers, codes, dates and amounts are found in a text."""

import pytest

from duologue.labels.entities import find
from shared.language.as_heard import normalize


@pytest.mark.parametrize(
    ("text", "entities"),
    [
        ("My order number is four seven two one nine.", [("code", "4 7 2 1 9")]),
        ("It is NW 48, N W 4 8 2.", [("number", "4 8"), ("code", "n w 4 8 2")]),
        ("P A T E L.", [("code", "p a t e l")]),
        ("I was charged forty nine dollars.", [("money", "4 9 dollars")]),
        ("It was $12.50 on May 3rd.", [("money", "1 2 dollars and 5 0 cents"), ("date", "3 may")]),
        ("On the twenty seventh of November.", [("date", "2 7 november")]),
        ("Born on the fourth of May nineteen ninety.", [("date", "4 may 1 9 9 0")]),
        ("Within five days.", [("number", "5")]),
        ("That one, and a 22.", [("number", "2 2")]),
        ("This is Yash Patel, calling on Friday.", [("name", "yash patel")]),
        ("Smith is my name.", [("name", "smith")]),
        ("Hello. Is it OK if I wait?", []),
    ],
)
def test_entities_of_a_text(text: str, entities: list[tuple[str, str]]) -> None:
    words = normalize(text)
    found = find(text, frozenset({"smith"}))
    assert [(each.kind.value, " ".join(words[each.begin : each.end])) for each in found] == entities
