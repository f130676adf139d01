"""Word errors, against counts made by hand."""

import pytest

from duologue.labels.wer import WordErrors, word_errors


@pytest.mark.parametrize(
    ("said", "heard", "expected"),
    [
        ("", "", (0, 0, 0, 0)),
        ("one two three", "one two three", (3, 0, 0, 0)),
        ("one two three", "", (3, 0, 0, 3)),
        ("", "one two", (0, 0, 2, 0)),
        ("one two three", "one too three", (3, 1, 0, 0)),
        ("one two three", "one three", (3, 0, 0, 1)),
        ("one three", "one two three", (2, 0, 1, 0)),
        ("my order is 4 7 2 1 9", "the order is 4 7 1 9 9", (8, 3, 0, 0)),
        ("a b c d", "b c d e", (4, 0, 1, 1)),
        ("a b", "c d e", (2, 2, 1, 0)),
    ],
)
def test_errors_are_counted_by_kind(
    said: str, heard: str, expected: tuple[int, int, int, int]
) -> None:
    assert word_errors(said.split(), heard.split()) == expected


def test_the_rate_is_errors_per_word_said() -> None:
    assert WordErrors(8, 1, 1, 0).rate == 0.25
    assert WordErrors(2, 2, 3, 0).rate == 2.5


def test_there_is_no_rate_when_nothing_was_said() -> None:
    assert WordErrors(0, 0, 2, 0).rate is None
