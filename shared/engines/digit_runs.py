"""Runs of digits in what was recognized, of which a decoder may have lost count.

A small decoder writes numerals, several digits a token, and where they repeat it goes round in them
("171717" is heard as "17171717"). Made to write a word a digit, it follows what is said.
"""

import re

from shared.language.to_say import UNITS

SOUND_LIKE_DIGITS = ("for", "to", "too")
"""What recognizers write for digits, and is none of the words that are."""

_VALUES = {word: str(value) for value, word in enumerate(UNITS[:10])} | {"oh": "0", "o": "0"}
_ANY_WORD = "|".join((*_VALUES, "double", "triple"))
_PIECE = rf"(?:\d+|\b(?:{_ANY_WORD})\b)"
_BETWEEN = r"[\s,.-]*"
_RUN = re.compile(rf"\$?{_PIECE}(?:{_BETWEEN}{_PIECE})*", re.IGNORECASE)
_SPELLED_OUT = re.compile(rf"{_BETWEEN}(?:{_PIECE}{_BETWEEN}){{4}}", re.IGNORECASE)
_REPEATS = re.compile(r"(\d{1,3})\1")
_FEWEST = 5
"""Digits of a run that is a code, and no year."""


def before_doubtful_run(text: str) -> str | None:
    """What stands before the first run of digits that repeat in `text`; None if there is none.

    Example:
        >>> before_doubtful_run("It is 17171717.")
        'It is '
    """
    for run in _RUN.finditer(text):
        digits = "".join(
            _VALUES.get(piece.lower(), piece) for piece in re.findall(r"[$]|\d+|[A-Za-z]+", run[0])
        )
        counted = digits.isdecimal() and len(digits) >= _FEWEST
        if counted and (_REPEATS.search(digits) or 2 * len(set(digits)) <= len(digits)):
            return text[: run.start()]
    return None


def is_spelled_out(text: str) -> bool:
    """Whether a text begins with a run of digits, each a word."""
    return bool(_SPELLED_OUT.match(text))
