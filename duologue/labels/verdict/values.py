"""Values of sheets and desks as they are told on the phone."""

import re
from collections.abc import Iterator

from shared.language.as_heard import MONTHS, normalize, phrase
from shared.language.to_say import date_aloud, full_date_aloud, money_aloud
from shared.values import Value

CODE_LENGTHS = tuple(range(4, 17))
"""Digits in what is taken for a code, not an amount or a time."""

AMOUNT_OR_DATE = re.compile(rf"(?<= )(?:\d (?:\d )*dollars?|\d (?:\d )?(?:{MONTHS}))(?= )")
"""In normalized words: "4 9 dollars", "3 may"."""


def aloud(value: Value) -> Iterator[str]:
    """How a value is said, as normalized words: 4950 is "4 9 dollars and 5 0 cents"."""
    if isinstance(value, int) and value >= 100:
        yield phrase(money_aloud(value))
    elif isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            yield " ".join(["", *normalize(date_aloud(value))[1:], ""])  # without the day of week
            yield phrase(full_date_aloud(value))
        elif len(value.split()) > 1 or re.fullmatch(r"\d{4,}", value):
            yield phrase(value)
