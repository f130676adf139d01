"""Runs of digits in what was recognized, of which a decoder may have lost count.

A small decoder writes numerals, several digits a token, and where they repeat it goes round in them
("171717" is heard as "17171717"). Made to write a word a digit, it follows what is said.
"""

import re
from typing import NamedTuple

from shared.language.to_say import UNITS

DIGIT_WORDS = (*UNITS[:10], "oh", "double", "triple")
"""All that a code is said in, digit by digit."""
SOUND_LIKE_DIGITS = ("for", "to", "too")

_VALUES = {word: str(value) for value, word in enumerate(UNITS[:10])} | {"oh": "0", "o": "0"}
_ANY_WORD = "|".join((*DIGIT_WORDS, "o"))
_PIECE = rf"(?:\d+|\b(?:{_ANY_WORD})\b)"
_BETWEEN = r"[\s,.-]*"
_RUN = re.compile(rf"\$?{_PIECE}(?:{_BETWEEN}{_PIECE})*", re.IGNORECASE)
_SPELLED_OUT = re.compile(rf"{_BETWEEN}(?:{_PIECE}{_BETWEEN}){{4}}", re.IGNORECASE)
_REPEATS = re.compile(r"(\d{1,3})\1")
_FEWEST = 5
"""Digits of a run that is a code, and no year."""


class DoubtfulRun(NamedTuple):
    """A run of digits in a text, some of which repeat."""

    before: str
    """What stands before it in the text."""
    ends_text: bool
    """Whether no word comes after it."""


def doubtful_run(text: str) -> DoubtfulRun | None:
    """The first run of digits that repeat in `text`.

    Example:
        >>> doubtful_run("It is 17171717.").before
        'It is '
    """
    for run in _RUN.finditer(text):
        digits = "".join(
            _VALUES.get(piece.lower(), piece) for piece in re.findall(r"[$]|\d+|[A-Za-z]+", run[0])
        )
        counted = digits.isdecimal() and len(digits) >= _FEWEST
        if counted and (_REPEATS.search(digits) or 2 * len(set(digits)) <= len(digits)):
            return DoubtfulRun(text[: run.start()], not re.search(r"\w", text[run.end() :]))
    return None


def is_spelled_out(text: str) -> bool:
    """Whether a text begins with a run of digits, each a word."""
    return bool(_SPELLED_OUT.match(text))
