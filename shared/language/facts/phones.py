"""Phone numbers, in whatever way they are written."""

import re

import phonenumbers

from shared.language.facts.spoken_codes import EXTENSION, groups

_NAMED = frozenset({
    "phone", "telephone", "tel", "mobile", "cell", "fax", "callback", "landline", "cellphone",
})  # fmt: skip
_WRITTEN = re.compile(
    r"(?P<number>\+?[\d\s()./-]{7,})(?P<extension>(?:\s*(?:,|;)?\s*(?:ext\.?|extension|x|#)\s*\d+)?)",
    re.IGNORECASE,
)
_AREA = re.compile(r"\(\d{2,5}\)\s?\d")
_HOME = "US"
"""Whose numbers those are that name no country."""


def phone_groups(name: str, value: str) -> tuple[str, ...]:
    """What of a phone number is said in one go; empty if the fact is none."""
    found = _WRITTEN.fullmatch(value.strip())
    if not found:
        return ()
    number = re.sub(r"^00(?=\s?[1-9])", "+", found["number"].strip())
    abroad = number.startswith("+")
    named = _NAMED & set(name.lower().split("_"))
    digits = sum(char.isdecimal() for char in number)
    if not 7 <= digits <= 17 or not (abroad or named or _AREA.match(number)):
        return ()
    extension = re.sub(r"\D", "", found["extension"])
    return (*_number_groups(number), *((EXTENSION, extension) if extension else ()))


def _number_groups(number: str) -> tuple[str, ...]:
    """A number as its country groups it, unless it is written in groups of its own."""
    try:
        read = phonenumbers.parse(number, _HOME)
    except phonenumbers.NumberParseException:
        return groups(number)
    if number.startswith("+"):
        # Without the zero that only callers at home dial: "+49 (0)30".
        formats = phonenumbers.PhoneNumberFormat
        country, *rest = phonenumbers.format_number(read, formats.INTERNATIONAL).split()
        return (country, *groups(" ".join(rest)))
    if number.isdecimal() and phonenumbers.is_possible_number(read):
        national = phonenumbers.PhoneNumberFormat.NATIONAL
        written = phonenumbers.format_number(read, national)
        if sum(char.isdecimal() for char in written) == len(number):
            return groups(written)
    return groups(number)
