"""Text that any synthesizer reads right: numbers, money and dates in words."""

import re
from datetime import date

UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_IRREGULAR_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip


def digits_aloud(code: str) -> str:
    """A code character by character: "47219" is "four seven two one nine"."""
    return " ".join(
        UNITS[int(char)] if char.isdecimal() else char.upper() for char in code if char.isalnum()
    )


def number_aloud(number: int) -> str:
    """A whole number below a million, in words.

    Raises:
        ValueError: It is negative or a million or more.
    """
    if not 0 <= number < 1_000_000:
        raise ValueError(f"{number} is not between 0 and 999999")
    if number < 20:
        return UNITS[number]
    if number < 100:
        tens, unit = divmod(number, 10)
        return f"{TENS[tens - 2]} {UNITS[unit]}" if unit else TENS[tens - 2]
    size, word = (1000, "thousand") if number >= 1000 else (100, "hundred")
    count, rest = divmod(number, size)
    head = f"{number_aloud(count)} {word}"
    return f"{head} {number_aloud(rest)}" if rest else head


def money_aloud(cents: int) -> str:
    """An amount in cents: 4950 is "forty nine dollars and fifty cents"."""
    whole, rest = divmod(cents, 100)
    said = []
    if whole or not rest:
        said.append(f"{number_aloud(whole)} {'dollar' if whole == 1 else 'dollars'}")
    if rest:
        said.append(f"{number_aloud(rest)} {'cent' if rest == 1 else 'cents'}")
    return " and ".join(said)


def ordinal_aloud(number: int) -> str:
    """27 is "twenty seventh"."""
    *head, last = number_aloud(number).split()
    if last in _IRREGULAR_ORDINALS:
        last = _IRREGULAR_ORDINALS[last]
    else:
        last = re.sub(r"y$", "ie", last) + "th"
    return " ".join((*head, last))


def date_aloud(day: str) -> str:
    """An ISO date: "2026-11-27" is "Friday the twenty seventh of November"."""
    parsed = date.fromisoformat(day)
    return f"{parsed:%A} the {ordinal_aloud(parsed.day)} of {parsed:%B}"


def full_date_aloud(day: str) -> str:
    """An ISO date with its year: "1990-05-04" is "the fourth of May nineteen ninety"."""
    parsed = date.fromisoformat(day)
    return f"the {ordinal_aloud(parsed.day)} of {parsed:%B} {_year_aloud(parsed.year)}"


def time_aloud(time: str) -> str:
    """A time of day: "14:30" is "two thirty in the afternoon"."""
    hour, minute = map(int, time.split(":"))
    part = "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"
    said = UNITS[(hour - 1) % 12 + 1]
    if minute:
        said += f" {'oh ' if minute < 10 else ''}{number_aloud(minute)}"
    return f"{said} {part}"


def _year_aloud(year: int) -> str:
    century, rest = divmod(year, 100)
    if century == 20 and rest < 10:
        return number_aloud(year)
    if not rest:
        return f"{number_aloud(century)} hundred"
    return f"{number_aloud(century)} {'oh ' if rest < 10 else ''}{number_aloud(rest)}"


def letters_aloud(word: str) -> str:
    """A word letter by letter: "Patel" is "P A T E L"."""
    return " ".join(char.upper() for char in word if char.isalpha())


def speakable(text: str) -> str:
    """`text` as written by a person, with its dates, amounts and long numbers in words."""
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", lambda match: date_aloud(match[0]), text)
    text = re.sub(
        r"\$(\d+)(?:\.(\d\d))?",
        lambda match: money_aloud(int(match[1]) * 100 + int(match[2] or 0)),
        text,
    )
    return re.sub(
        r"\b\d+\b",
        lambda match: digits_aloud(match[0]) if len(match[0]) > 3 else number_aloud(int(match[0])),
        text,
    )
