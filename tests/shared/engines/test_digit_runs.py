import pytest

from shared.engines.digit_runs import before_doubtful_run, is_spelled_out


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("I count number is 1717171717.", "I count number is "),
        ("It is 303-003-003.", "It is "),
        ("nine zero nine zero nine", ""),
        ("Order 5 5 5 1 2", "Order "),
    ],
)
def test_a_run_of_digits_that_repeat_is_in_doubt(text: str, before: str) -> None:
    assert before_doubtful_run(text) == before
    assert before_doubtful_run(f"{text.rstrip('.')} and my name is Ana.") == before


@pytest.mark.parametrize(
    "text",
    ["47219", "19 September 1990 at 8:30", "It is $1,100.00.", "Double 7, Double O, 7", "Oh!"],
)
def test_nothing_else_is(text: str) -> None:
    assert before_doubtful_run(text) is None


def test_digits_are_spelled_out_in_words_only() -> None:
    assert is_spelled_out("double one, oh, double one.")
    assert not is_spelled_out("nine.")
    assert not is_spelled_out("W-O-V-O")
