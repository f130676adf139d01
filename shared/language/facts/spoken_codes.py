"""Codes, such as order numbers and IBANs: which facts are any, and how they are said.

They are said character by character, in groups with a short pause between, as people say them.
"""

import re
from collections.abc import Sequence

from shared.language.to_say import UNITS

_SEPARATORS = re.compile(r"[\s()./_#-]+")
_RANGE = re.compile(r"[1-9]\d{0,2}\s?-\s?[1-9]\d{0,2}|(?:19|20)\d\d\s?-\s?(?:19|20)\d\d", re.ASCII)
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)", re.IGNORECASE)
_DECIMAL = re.compile(r"\d+\.\d+")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z\d]{11,30}", re.IGNORECASE)
_LONGEST_GROUP = 5
"""Digits that are said in one go where nothing is written between them."""
EXTENSION = "extension"
"""Among the groups of a phone number, what is said before the last."""
_NAMED = frozenset({
    "number", "code", "id", "reference", "ref", "pin", "zip", "postcode", "postal", "iban", "card",
    "account", "serial", "plate", "policy", "booking", "flight", "digits", "four", "order", "case",
    "ticket", "confirmation", "passport", "licence", "license", "customer", "patient", "vin", "sku",
})  # fmt: skip
"""Words in the names of facts that are codes, however short."""
_COUNTED = frozenset({
    "amount", "price", "total", "budget", "quantity", "count", "guests", "people", "adults",
    "children", "nights", "age", "year", "size", "weight", "usage", "fee", "cost", "limit",
})  # fmt: skip
"""Words in the names of facts that are numbers, however long."""


def is_code(name: str, value: str) -> bool:
    """Whether a fact is said character by character: "47219", "AB12 CD34", but not "2 adults"."""
    words = set(name.lower().split("_"))
    parts = [part for part in _SEPARATORS.split(value) if part]
    if _IBAN.fullmatch("".join(parts)) and (len(parts) > 1 or value.upper() == value):
        return True
    counted = _RANGE.fullmatch(value) or _DECIMAL.fullmatch(value)
    if not all(map(_is_of_code, parts)) or not re.search(r"\d", value):
        return False
    if value.isdecimal():
        short = len(value) < 4 and not value.startswith("0")
        return bool(words & _NAMED) or not (short or words & _COUNTED)
    return len("".join(parts)) > 2 and (not counted or bool(words & _NAMED))


def is_named_code(name: str) -> bool:
    """Whether a fact of this name is a code whatever it looks like."""
    return bool(set(name.lower().split("_")) & _NAMED)


def _is_of_code(part: str) -> bool:
    """Digits, a few capitals, or both; letters beside digits may be small ones."""
    if not part.isascii() or not part.isalnum() or _ORDINAL.fullmatch(part):
        return False
    letters = re.findall(r"[A-Za-z]+", part)
    few = all(len(run) <= 4 for run in letters)
    return few and (part.upper() == part or any(char.isdecimal() for char in part))


def groups(value: str) -> tuple[str, ...]:
    """What of a code is said in one go, as it is written or else in threes and fours."""
    parts = [part for part in _SEPARATORS.split(value) if part]
    return tuple(group for part in parts for group in _short_groups(part))


def _short_groups(part: str) -> Sequence[str]:
    if not part.isdecimal():
        return re.findall(".{1,4}", part) if len(part) > 2 * _LONGEST_GROUP else [part]
    if len(part) <= _LONGEST_GROUP:
        return [part]
    count = -(-len(part) // 4)
    sizes = [3] * count
    for index in range(len(part) - 3 * count):
        sizes[-1 - index] += 1
    if min(sizes) < 3 or sum(sizes) != len(part):  # never one or two alone
        sizes = [len(part)]
    starts = [sum(sizes[:index]) for index in range(len(sizes))]
    return [part[start : start + size] for start, size in zip(starts, sizes, strict=True)]


def code_aloud(said: Sequence[str], *, doubles: bool = False) -> str:
    """Groups of a code: "700" and "800" are "seven zero zero, eight zero zero".

    Args:
        said: The groups; "+" is said, and whatever else is neither letter nor digit is not.
        doubles: Whether two of a kind are "double seven", and a zero is "oh".
    """
    return ", ".join(_group_aloud(group, doubles=doubles) for group in said)


def _group_aloud(group: str, *, doubles: bool) -> str:
    if group == EXTENSION:
        return group
    aloud = []
    for run in re.findall(r"(.)(\1?)" if doubles else r"(.)()", group):
        word = _character_aloud(run[0], zero="oh" if doubles else UNITS[0])
        if word:
            aloud.append(f"double {word}" if run[1] else word)
    return " ".join(aloud)


def _character_aloud(char: str, *, zero: str) -> str:
    if char.isdecimal():
        return zero if char == "0" else UNITS[int(char)]
    return "plus" if char == "+" else char.upper() if char.isalpha() else ""
