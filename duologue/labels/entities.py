"""Names, numbers, codes, dates and amounts of money in what was said: what must not be misheard.

They are found in the text as `shared.language.as_heard.normalize` writes it, in which every number
is its single digits. A pattern that is not sure leaves the words out: "one" alone may be a pronoun.
"""

import calendar
import re
from collections.abc import Iterator
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from shared.language.as_heard import MONTHS, normalize, sentences
from shared.spec import CallSpec


class EntityKind(StrEnum):
    """What must not be misheard."""

    NAME = "name"
    NUMBER = "number"
    CODE = "code"
    """Four digits or more, or what is spelled: "4 7 2 1 9", "n w 4 8", "p a t e l"."""
    DATE = "date"
    """A day with its month."""
    MONEY = "money"


class Found(NamedTuple):
    """An entity in a text."""

    kind: EntityKind
    begin: int
    """Its first word, of those of `normalize`."""
    end: int
    """The word after its last."""


_COINS = "dollars?|pounds?|euros?|cents?|pence|penny"
_PATTERNS = (
    (
        EntityKind.DATE,
        rf"(?:\d ){{1,2}}(?:th )?(?:of )?(?:{MONTHS}) (?:th )?(?:(?:1 9|2 0) \d \d )?",
    ),
    (EntityKind.MONEY, rf"(?:\d )+(?:{_COINS}) (?:(?:and )?(?:\d )+(?:cents?|pence) )?"),
    # At least three letters, or letters and digits; "a" and "i" before digits are words.
    (EntityKind.CODE, r"(?:[a-z] ){3,}(?:\d )*|(?:(?:[a-z] ){2}|[b-hj-z] )(?:\d ){2,}"),
    (EntityKind.CODE, r"(?:\d ){4,}"),
    (EntityKind.NUMBER, r"(?!1 (?!\d))(?:\d )+(?:th )?"),
)
_ANY = re.compile(
    "|".join(rf"(?P<{kind}_{n}>(?<= )(?:{pattern}))" for n, (kind, pattern) in enumerate(_PATTERNS))
)
_NO_NAMES = frozenset(
    normalize(" ".join([*calendar.month_name, *calendar.day_name, "I Mr Mrs Ms Dr OK"]))
)


def find(text: str, names: frozenset[str] = frozenset()) -> list[Found]:
    """The entities of a text, in order; `names` are normalized words that are names."""
    words = normalize(text)
    line = f" {' '.join(words)} "
    found: list[Found] = []
    for match in _ANY.finditer(line):
        begin = line.count(" ", 0, match.start()) - 1
        kind = EntityKind((match.lastgroup or "").partition("_")[0])
        found.append(Found(kind, begin, begin + match[0].count(" ")))
    taken = {at for each in found for at in range(each.begin, each.end)}
    capitals = names | _capitals(text)
    named = [word in capitals and at not in taken for at, word in enumerate(words)]
    for is_name, run in groupby(enumerate(named), key=lambda each: each[1]):
        if is_name:
            places = [at for at, _ in run]
            found.append(Found(EntityKind.NAME, places[0], places[-1] + 1))
    return sorted(found, key=lambda each: each.begin)


def names_in(spec: CallSpec) -> frozenset[str]:
    """The words of the names that a call is known to be about: the caller's."""
    if spec.customer is None:
        return frozenset()
    return frozenset(normalize(spec.customer.persona.name)) - _NO_NAMES


def _capitals(text: str) -> frozenset[str]:
    """Words with a capital letter that does not come from a sentence's beginning."""
    return frozenset(_named(text)) - _NO_NAMES


def _named(text: str) -> Iterator[str]:
    for sentence in sentences(text):
        for word in sentence.split()[1:]:
            letters = word.strip("\"'(),.;:!?")
            if len(letters) > 1 and letters[0].isupper() and not letters.isupper():
                yield from normalize(letters)
