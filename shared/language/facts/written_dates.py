"""Dates as people write them, in words or in figures, in a text or alone."""

import re
from datetime import datetime
from typing import NamedTuple

from dateutil import parser

from shared.language.facts.unclear import UnclearFact
from shared.language.to_say import ordinal_aloud, year_aloud

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?\b"
_YEAR = r"(?:,?\s+(?P<year{n}>\d{{4}})\b)"
_TO = r"\s?(?:-|\N{EN DASH}|\bto\b)\s?"
_MONTH_FIRST = re.compile(
    rf"\b(?P<month>{_MONTH})\s+(?:the\s+)?(?P<day>{_DAY})(?:{_TO}(?P<last>{_DAY})(?!\s+{_MONTH}))?"
    rf"{_YEAR.format(n='')}?",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(
    rf"\b(?:the\s+)?(?P<day>{_DAY})(?:{_TO}(?:the\s+)?(?P<last>{_DAY}))?\s+(?:of\s+)?"
    rf"(?P<month>{_MONTH}){_YEAR.format(n='')}?",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"\b(?P<month>{_MONTH}){_YEAR.format(n='')}", re.IGNORECASE)
_ISO = re.compile(r"\b(\d{4}-\d\d-\d\d)(?![\d-])(?:T(?=\d))?(\s?)")
_FIGURES = re.compile(r"(?<![\d/.-])\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})(?![\d/.-])")
_DASHED = re.compile(rf"\b(\d{{1,2}})-({_MONTH})-(\d{{4}})\b", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(?P<year>(?:19|20)\d\d)[/.]?(?P<month>\d\d)[/.]?(?P<day>\d\d)")
_YEAR_ALONE = re.compile(r"(?:19|20)\d\d")
_NO_YEAR = re.compile(r"\d{1,2}([/.])\d{1,2}")
_BETWEEN = re.compile(rf"\s?[-\N{{EN DASH}}]\s?(?=(?:the\b|{_MONTH}))")
_MONTH_IN_FIGURES = re.compile(r"(?P<month>0?[1-9]|1[0-2])\s?[/-]\s?(?P<year>(?:19|20)?\d\d)")
_OF_DATES = frozenset({
    "date", "dob", "birthday", "birth", "born", "arrival", "departure", "check", "due", "day",
})  # fmt: skip
"""Words in the names of facts that are dates."""
_OF_EXPIRY = frozenset({"expiry", "expires", "expiration", "valid"})
_ANY_YEAR = datetime(2000, 1, 1)  # noqa: DTZ001 - a day, at no place


class _Day(NamedTuple):
    day: int
    month: int
    year: int = 0


def dates_aloud(name: str, text: str) -> str:
    """A text with its dates in words.

    Args:
        name: Of the fact; of one that is a date, "25/12" is one too.
        text: As it is written.

    Raises:
        UnclearFact: One of them can be two dates, or is none.
    """
    words = set(name.lower().split("_"))
    if words & (_OF_DATES | _OF_EXPIRY) and (
        said := _short_aloud(text.strip(), expiry=bool(words & _OF_EXPIRY))
    ):
        return said
    text = _DASHED.sub(r"\1 \2 \3", text)
    text = _ISO.sub(lambda found: f"{_day_first(_read(found[1]))}{found[2] or ' '}", text).strip()
    text = _FIGURES.sub(lambda found: _day_first(_figures(found[0])), text)
    text = _MONTH_FIRST.sub(_month_first_aloud, text)
    text = _DAY_FIRST.sub(_day_first_aloud, text)
    text = _MONTH_YEAR.sub(lambda found: f"{_month(found)}{_year(found)}", text)
    return _BETWEEN.sub(" to ", text)


def _short_aloud(text: str, *, expiry: bool) -> str:
    """A date that only its name tells from a number: "25/12", "19900504", "1951"."""
    found = _MONTH_IN_FIGURES.fullmatch(text)
    if found and (expiry or len(found["year"]) > 2):
        month, year = _ANY_YEAR.replace(month=int(found["month"])), int(found["year"])
        return f"{month:%B} {year_aloud(year if year > 99 else 2000 + year)}"
    if found := _YEAR_FIRST.fullmatch(text):
        return _day_first(_read(f"{found['year']}-{found['month']}-{found['day']}"))
    if found := _NO_YEAR.fullmatch(text):
        return _day_first(_figures(f"{text}{found[1]}{_ANY_YEAR.year}", written=text))
    return year_aloud(int(text)) if _YEAR_ALONE.fullmatch(text) else ""


def _read(written: str, *, day_first: bool = False) -> _Day:
    """A date that can be read in one way.

    Raises:
        UnclearFact: There is no such day.
    """
    try:
        found = parser.parse(written, dayfirst=day_first, default=_ANY_YEAR)
    except (ValueError, OverflowError):
        raise UnclearFact(f"{written!r} is no date: write one such as 1980-04-03") from None
    return _Day(found.day, found.month, found.year)


def _figures(text: str, written: str = "") -> _Day:
    """A date in figures, in which day and month cannot be exchanged.

    Args:
        text: With a year.
        written: The same as it was written without one.

    Raises:
        UnclearFact: They can, or the century is open, or there is no such day.
    """
    first, second = _read(text), _read(text, day_first=True)
    ways = [first, second] if first != second else [first]
    if not re.search(r"\d{4}$", text):
        problem = "does not say of which century it is"
        ways = [one._replace(year=1900 + one.year % 100) for one in ways]
    elif len(ways) > 1:
        problem = "can be two dates"
    else:
        return first._replace(year=0) if written else first
    form = "{1:%B} {0.day}" if written else "{0.year}-{0.month:02}-{0.day:02}"
    told = [form.format(one, _ANY_YEAR.replace(month=one.month)) for one in ways]
    raise UnclearFact(f"{written or text!r} {problem}: write {' or '.join(told)}")


def _day_first(day: _Day) -> str:
    said = f"the {ordinal_aloud(day.day)} of {_ANY_YEAR.replace(month=day.month):%B}"
    return f"{said} {year_aloud(day.year)}" if day.year else said


def _month_first_aloud(found: re.Match[str]) -> str:
    _day, last = _days(found)
    to = f" to {last}" if last else ""
    return f"{_month(found)} {_day}{to}{_year(found)}"


def _day_first_aloud(found: re.Match[str]) -> str:
    day, last = _days(found)
    to = f" to the {last}" if last else ""
    return f"the {day}{to} of {_month(found)}{_year(found)}"


def _days(found: re.Match[str]) -> tuple[str, str]:
    """The days of a date, or of a range of dates, as they are said.

    Raises:
        UnclearFact: A month has no such day.
    """
    said: list[str] = []
    for day in (found["day"], found["last"]):
        if day is None:
            return said[0], ""
        _read(" ".join(filter(None, (found["month"].rstrip("."), day, found["year"]))))
        said.append(ordinal_aloud(int(re.sub(r"\D", "", day))))
    return said[0], said[1]


def _month(found: re.Match[str]) -> str:
    return f"{parser.parse(found['month'].rstrip('.'), default=_ANY_YEAR):%B}"


def _year(found: re.Match[str]) -> str:
    return f" {year_aloud(int(found['year']))}" if found["year"] else ""
