"""A fact read for what it is: a date, an amount, a code, an address, or plain words."""

import re
from collections.abc import Callable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from shared.language.facts.amounts import amounts_aloud, clock_written, is_amount
from shared.language.facts.mail import MAIL, is_mail, mail_aloud
from shared.language.facts.phones import phone_groups
from shared.language.facts.postal import address_aloud, is_address
from shared.language.facts.spoken_codes import code_aloud, groups, is_code, is_named_code
from shared.language.facts.spoken_names import name_aloud
from shared.language.facts.written_dates import dates_aloud
from shared.language.to_say import ordinal_aloud


class FactKind(StrEnum):
    """What a fact is."""

    CODE = "code"
    PHONE = "phone"
    MAIL = "mail"
    ADDRESS = "address"
    NAME = "name"
    DATE = "date"
    WORDS = "words"
    """A phrase, with whatever amounts, times and counts are in it."""


_NOT_KNOWN = re.compile(
    r"(?i)(?:unknown|not known|(?:do not|don't|does not) know|n/?a|none|no idea|null|not sure"
    r"|forgotten|not (?:available|remembered)|[?]+|-+)[.]?"
)


class TypedFact(NamedTuple):
    """A fact and how it is said."""

    kind: FactKind
    written: str
    aloud: str
    """By somebody without a manner of their own."""
    groups: tuple[str, ...] = ()
    """Of what is said character by character: what is said in one go."""

    @property
    def known(self) -> bool:
        """Whether the caller has it: a sheet may say "unknown"."""
        return not _NOT_KNOWN.fullmatch(self.written.strip())


_SHORT = {
    "Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Missus", "Prof.": "Professor", "approx.": "about",
    "No.": "number", "&": "and", "w/": "with", "vs.": "versus", "etc.": "and so on",
    "\N{VULGAR FRACTION ONE HALF}": "half", "\N{VULGAR FRACTION ONE QUARTER}": "a quarter",
    "1/2": "half",
}  # fmt: skip
_WEEKDAYS = {
    day[:3]: day
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
}
_WEEKDAY = re.compile(rf"\b({'|'.join(_WEEKDAYS)})(?:s|rs|nes|urs)?\b\.?")
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b", re.IGNORECASE)
_JOINED = re.compile(r"\b(?=[\w:-]*\d)(?=[\w:-]*[A-Z])[A-Z\d]+(?:[:-][A-Z\d]+)+\b")
"""A code of several parts in a text."""
_MIXED = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[A-Za-z\d]{2,}\b")
"""A code in a text, or a number with a letter, such as "4B"."""


_WHOLE: tuple[tuple[FactKind, Callable[[str, str], bool], Callable[[str], str]], ...] = (
    (FactKind.NAME, lambda name, _: name.endswith("name"), name_aloud),
    (FactKind.MAIL, lambda _, value: is_mail(value), mail_aloud),
    (FactKind.ADDRESS, is_address, address_aloud),
)
"""What is said whole, in one way: whether a fact is any, by its name and value, and how."""


@lru_cache(maxsize=4096)
def typed_fact(name: str, value: str) -> TypedFact:
    """The fact of this name.

    Raises:
        UnclearFact: Nobody could tell what it means, such as which day 03/04/1980 is.

    Example:
        >>> typed_fact("deposit", "$1,200.00").aloud
        'one thousand two hundred dollars'
    """
    for kind, is_one, aloud in _WHOLE:
        if is_one(name, value):
            return TypedFact(kind, value, aloud(value))
    if dialled := phone_groups(name, value):
        return TypedFact(FactKind.PHONE, value, code_aloud(dialled), dialled)
    dated = dates_aloud(name, value)
    if dated != value:
        return TypedFact(FactKind.DATE, value, _words_aloud(dated))
    timed = clock_written(name, value)
    if timed != value and not is_named_code(name):
        return TypedFact(FactKind.WORDS, value, _words_aloud(timed))
    if is_code(name, value) and not is_amount(value):
        said = groups(value)
        return TypedFact(FactKind.CODE, value, code_aloud(said), said)
    return TypedFact(FactKind.WORDS, value, _words_aloud(value))


def _words_aloud(text: str) -> str:
    for short, full in _SHORT.items():
        text = re.sub(rf"(?<!\w){re.escape(short)}(?=\s|$)", full, text)
    text = _WEEKDAY.sub(lambda found: _WEEKDAYS[found[1]], text)
    text = re.sub(r"(?<=day)\s?[-\u2013]\s?(?=[A-Z]\w+day)", " to ", text)
    text = _ORDINAL.sub(lambda found: ordinal_aloud(int(found[1])), text)
    text = MAIL.sub(lambda found: mail_aloud(found[0]), text)
    text = re.sub(r"(?<=\d)-(?=[a-z])", " ", text)
    text = _JOINED.sub(_joined_aloud, text)
    text = amounts_aloud(text)
    return _MIXED.sub(lambda found: code_aloud([found[0]]), text)


def _joined_aloud(found: re.Match[str]) -> str:
    return found[0] if is_amount(found[0]) else code_aloud(re.split("[:-]", found[0]))
