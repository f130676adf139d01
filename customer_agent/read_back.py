"""Codes that the agent reads back: whether one of them is a code of the caller's, said wrong."""

import re
from collections.abc import Iterator, Mapping

from shared.language.as_heard import codes, phrase
from shared.language.edits import edit_distance

_LENGTHS = range(4, 13)
"""Digits of what may be a code misheard."""
_REPEATED = re.compile(r"(\d{1,3}?)\1+")


def misread(text: str, known: Mapping[str, str]) -> str | None:
    """The name of the fact of which `text` says another code; None if it says none wrong.

    Args:
        text: What the agent says.
        known: The digits of the caller's codes, by name.
    """
    own = sorted({len(digits) for digits in known.values()})
    for code in codes(text, (*own, *(length for length in _LENGTHS if length not in own))):
        readings = {reading for digits in code.digits for reading in _said_once(digits)}
        if readings.intersection(known.values()):
            continue
        before = f" {' '.join(code.before)} "
        for key, digits in known.items():
            named = before.endswith(phrase(key.replace("_", " ")))
            if named or any(_is_misheard(reading, digits) for reading in readings):
                return key
    return None


def _said_once(digits: str) -> Iterator[str]:
    """A run of digits, and a half of it if it was said twice over."""
    yield digits
    half = digits[: len(digits) // 2]
    if half * 2 == digits:
        yield half


def _is_misheard(heard: str, code: str) -> bool:
    """Whether a recognizer may have made `heard` of `code`.

    It mishears a digit or two, or writes what repeats more or less often than it is said:
    1212121212 and 1212 for 121212, 70800 for 700800.
    """
    if len(heard) == len(code):
        return sum(a != b for a, b in zip(heard, code, strict=True)) <= 2
    if len(heard) < len(code) - 1:
        return len(heard) > len(code) // 2 and _without_repeats(heard) == _without_repeats(code)
    return edit_distance(heard, code) == 1 or _without_repeats(heard) == _without_repeats(code)


def _without_repeats(digits: str) -> str:
    """Digits with what comes several times in a row once: 700800 is 7080, 171717 is 17."""
    once = _REPEATED.sub(r"\1", digits)
    return once if once == digits else _without_repeats(once)
