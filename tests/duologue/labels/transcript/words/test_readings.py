"""How displayed words may be spoken."""

from itertools import product

import pytest

from duologue.labels.transcript.words.readings import displayed, parts


def readings(word: str) -> set[str]:
    """Everything that `word` may be spoken as."""
    return {
        " ".join(spoken for reading in chosen for spoken in reading)
        for chosen in product(*parts(word))
    }


@pytest.mark.parametrize(
    ("word", "spoken"),
    [
        ("Hello,", "hello"),
        ("don't", "don't"),
        ("47219.", "four seven two one nine"),
        ("47219", "forty seven thousand two hundred nineteen"),
        ("47219", "four seventy two nineteen"),
        ("4021", "four oh two one"),
        ("1990", "nineteen ninety"),
        ("2000", "two thousand"),
        ("308", "three hundred and eight"),
        ("121", "one hundred and twenty one"),
        ("1,250", "one thousand two hundred fifty"),
        ("3rd", "the third of"),
        ("3", "third"),
        ("0.5", "zero point five"),
        ("$12.50", "twelve dollars and fifty cents"),
        ("£12.50", "twelve pounds fifty"),
        ("$0.99", "ninety nine cents"),
        ("€1", "one euro"),
        ("2026-11-27", "friday the twenty seventh of november"),
        ("5/4/1990", "may fourth nineteen ninety"),
        ("5/4/1990", "the fifth of april nineteen ninety"),
        ("14:30", "two thirty"),
        ("10:00", "ten o'clock"),
        ("2:30pm", "two thirty pm"),
        ("NW-4821", "n w four eight two one"),
        ("NW-4821", "n w dash forty eight twenty one"),
        ("C-PATEL", "c patel"),
        ("twenty-seven", "twenty seven"),
        ("mm-hm", "mm-hm"),
        ("100%", "one hundred percent"),
        ("anna_b@mail.com", "anna underscore b at mail dot com"),
        ("O'Neill's", "o'neill's"),
        ("Müller", "müller"),
    ],
)
def test_a_word_may_be_spoken_as(word: str, spoken: str) -> None:
    assert spoken in readings(word)


def test_what_is_not_spoken_has_no_parts() -> None:
    assert [parts(sign) for sign in ("-", "\N{HORIZONTAL ELLIPSIS}", "\N{EM DASH}")] == [()] * 3


def test_an_unspoken_sign_belongs_to_the_word_before_it() -> None:
    text = "Well \N{EM DASH}  it was 4 7 - no & yes"
    words = displayed(text)
    assert words == ["Well \N{EM DASH}", "it", "was", "4", "7 -", "no", "&", "yes"]
    assert " ".join(words) == " ".join(text.split())
