"""Times that a synthesizer gives, brought to displayed words."""

from duologue.labels.transcript.words.synthesis import TimedText, times


def test_pieces_of_words_become_words() -> None:
    pieces: list[TimedText] = [("It ", 0.1, 0.2), (" is 47", 0.2, 0.5), ("219", 0.5, 0.9)]
    assert times(["It", "is", "47219."], pieces) == [(0.1, 0.2), (0.2, 0.5), (0.2, 0.9)]


def test_words_that_were_not_reached_have_no_times() -> None:
    assert times(["It", "is", "late"], [["It", 0.1, 0.2], [" was", 0.2, 0.4]]) == [
        (0.1, 0.2),
        None,
        None,
    ]
    assert times(["It"], []) == [None]
