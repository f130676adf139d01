"""The fewest edits, against counts made by hand."""

import pytest

from shared.language.edits import Op, align, edit_distance


@pytest.mark.parametrize(
    ("said", "heard", "distance"),
    [("", "", 0), ("kitten", "sitting", 3), ("flaw", "lawn", 2), ("abc", "", 3), ("", "ab", 2)],
)
def test_a_distance_is_the_fewest_edits(said: str, heard: str, distance: int) -> None:
    assert edit_distance(said, heard) == distance


def test_an_alignment_says_what_became_of_each_word() -> None:
    assert align(["a", "b", "c", "d"], ["a", "x", "c", "e", "d"]) == [
        (Op.EQUAL, 0, 0),
        (Op.SUBSTITUTE, 1, 1),
        (Op.EQUAL, 2, 2),
        (Op.INSERT, None, 3),
        (Op.EQUAL, 3, 4),
    ]
    assert align(["a", "b"], ["b"]) == [(Op.DELETE, 0, None), (Op.EQUAL, 1, 0)]
