import pytest

from shared.engines.completeness import FINISHED_S, OPEN_S, UNFINISHED_S, end_of_turn_silence_s


@pytest.mark.parametrize(
    "text",
    [
        "Thank you.",
        "Who is it for?",
        "My order number is 47219.",
        "It is four seven two one nine.",
        "It arrives in 3 to 5 days.",
        "Yes, I am.",
        "",
    ],
)
def test_a_finished_sentence_ends_a_turn_soonest(text: str) -> None:
    assert end_of_turn_silence_s(text) == FINISHED_S


@pytest.mark.parametrize(
    "text",
    [
        "I would like to return the lamp and",
        "My name is...",
        "The order number is 47",
        "The order number is four seven two.",
        "The order number is 4-7-2.",
        "I ordered a kettle,",
        "It\N{RIGHT SINGLE QUOTATION MARK}s",
        "Um.",
        "I was charged for",
    ],
)
def test_a_sentence_that_cannot_end_there_is_given_most_time(text: str) -> None:
    assert end_of_turn_silence_s(text) == UNFINISHED_S


def test_a_sentence_without_an_end_mark_is_in_between() -> None:
    assert end_of_turn_silence_s("I would like my money back") == OPEN_S
