"""How a displayed word may be spoken: "47219" digit by digit, in pairs, or as one number.

Which of them it was depends on the synthesizer; the audio decides.
"""

import calendar
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from functools import lru_cache
from typing import TypeAlias

from shared.language.to_say import UNITS, number_aloud, ordinal_aloud

Reading: TypeAlias = tuple[str, ...]
"""Words in lower case, one after the other."""
Readings: TypeAlias = tuple[Reading, ...]
"""Readings of which one was spoken."""

_SPOKEN_SIGNS = {
    "@": "at", "&": "and", "+": "plus", "%": "percent", "=": "equals", "/": "slash", ".": "dot",
    "-": "dash", "_": "underscore", "#": "number",
}  # fmt: skip
_SILENT_SIGNS = frozenset("-/.#_")
"""Signs that may be passed over inside a word."""
_CURRENCIES = {
    "$": (("dollar", "dollars"), ("cent", "cents")),
    "£": (("pound", "pounds"), ("penny", "pence")),
    "€": (("euro", "euros"), ("cent", "cents")),
}
_SPELLED_UP_TO = 6
"""How long a word in capitals is that may be spelled."""
_MILLION = 1_000_000

_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
_PIECES = re.compile(
    rf"(?P<money>[$£€](?:{_NUMBER})(?:\.\d\d)?)"
    r"|(?P<iso>\d{4}-\d\d-\d\d)|(?P<date>\d{1,2}/\d{1,2}/\d{4})|(?P<time>\d{1,2}:\d\d)"
    rf"|(?P<ordinal>\d+)(?:st|nd|rd|th)\b|(?P<decimal>\d+\.\d+)|(?P<number>{_NUMBER})"
    r"|(?P<letters>[^\W\d_]+(?:'[^\W\d_]+)*'?)|(?P<sign>[@&+%=/.#_-])"
)


def displayed(text: str) -> list[str]:
    """The words of `text` as they stand there; a sign without sound belongs to the word before."""
    words: list[str] = []
    for word in text.split():
        if words and not any(char.isalnum() for char in word) and not parts(word):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words


@lru_cache(maxsize=4096)
def parts(word: str) -> tuple[Readings, ...]:
    """What a displayed word is spoken as, part by part; nothing if it is not spoken."""
    word = word.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").strip("'\"()[]")
    # A full stop ends the sentence, or an abbreviation.
    word = word.rstrip(".,;:!?\N{HORIZONTAL ELLIPSIS}\N{EM DASH}\N{EN DASH}-'\"()[]")
    found = [
        part
        for match in _PIECES.finditer(word)
        if (part := _part(match.lastgroup or "", match[match.lastgroup or 0], alone=len(word) == 1))
    ]
    if re.fullmatch(r"[A-Z]?[a-z]+(?:-[a-z]+)+", word):
        # "wi-fi" and "mm-hm" are not said as their halves are.
        return ((tuple(word.lower().split("-")), (word.lower(),)),)
    return tuple(found)


def _part(kind: str, text: str, *, alone: bool) -> Readings:
    if kind != "sign":
        return tuple(dict.fromkeys(_READERS[kind](text)))
    said = (_SPOKEN_SIGNS[text],)
    if text in _SILENT_SIGNS:
        return () if alone else ((), said)
    return (said,)


def _word(text: str) -> Readings:
    whole = (text.lower(),)
    if text.isupper() and 1 < len(text) <= _SPELLED_UP_TO:
        return tuple(text.lower()), whole
    return (whole,)


def _number(text: str) -> Iterator[Reading]:
    """47219 as a code, a quantity, a year, a day of the month."""
    text = text.replace(",", "")
    yield from _digits(text)
    value = int(text)
    if text[0] != "0":
        yield from _cardinal(value)
    if 2 < len(text) <= 6:
        yield from _pairs(text)
    if value <= 31 and len(text) < 3:
        yield from _ordinal(value)


def _digits(text: str) -> Readings:
    said = tuple(UNITS[int(char)] for char in text if char.isdecimal())
    return tuple(dict.fromkeys([said, tuple("oh" if word == "zero" else word for word in said)]))


def _cardinal(value: int) -> Iterator[Reading]:
    if value < _MILLION:
        said = tuple(number_aloud(value).split())
        yield said
        if value > 100 and value % 100:
            # "three hundred and eight"; of a small rest, the tens are one word or two.
            rest = len(number_aloud(value % 100).split())
            yield (*said[:-rest], "and", *said[-rest:])


def _pairs(text: str) -> Iterator[Reading]:
    """4821 as "forty eight twenty one", 1905 as "nineteen oh five"; 219 as "two nineteen"."""
    head = len(text) % 2
    pairs = [text[:head]] if head else []
    pairs += [text[at : at + 2] for at in range(head, len(text), 2)]
    said: list[str] = []
    for index, pair in enumerate(pairs):
        if pair == "00" and index:
            said.append("hundred")
        elif len(pair) == 2 and pair[0] == "0":
            said += ["oh", UNITS[int(pair[1])]]
        else:
            said += number_aloud(int(pair)).split()
    yield tuple(said)


def _decimal(text: str) -> Iterator[Reading]:
    whole, _, rest = text.partition(".")
    for tail in _digits(rest):
        yield from ((*head, "point", *tail) for head in _cardinal(int(whole)))


def _ordinal(value: int) -> Iterator[Reading]:
    if 0 < value < _MILLION:
        said = tuple(ordinal_aloud(value).split())
        yield said
        if value <= 31:
            yield ("the", *said)
            yield (*said, "of")
            yield ("the", *said, "of")


def _money(text: str) -> Iterator[Reading]:
    (one, many), (cent, cents) = _CURRENCIES[text[0]]
    whole, _, rest = text[1:].replace(",", "").partition(".")
    # As espeak reads it: "dollar twelve point five zero".
    yield from ((one, *said) for said in (_decimal(f"{whole}.{rest}") if rest else _number(whole)))
    for amount in _cardinal(int(whole)):
        said = (*amount, one if int(whole) == 1 else many)
        if not int(rest or 0):
            yield said
            continue
        for small in _cardinal(int(rest)):
            coins = (*small, cent if int(rest) == 1 else cents)
            if not int(whole):
                yield coins
            yield from ((*said, "and", *coins), (*said, *coins), (*said, *small), (*amount, *small))


def _either_date(text: str) -> Iterator[Reading]:
    """5/4/1990, the month first or the day."""
    first, second, year = text.split("/")
    yield from _date(year, first, second)
    yield from _date(year, second, first)


def _date(year: str, month: str, day: str) -> Iterator[Reading]:
    with suppress(ValueError):
        read = date(int(year), int(month), int(day))
        years = list(dict.fromkeys([*_pairs(year), *_cardinal(read.year)]))
        name = calendar.month_name[read.month].lower()
        weekday = calendar.day_name[read.weekday()].lower()
        for said in (
            (name, *ordinal_aloud(read.day).split()),
            ("the", *ordinal_aloud(read.day).split(), "of", name),
        ):
            yield said
            yield (weekday, *said)
            yield from ((*said, *each) for each in years)
    yield from _digits(year + month + day)


def _time(text: str) -> Iterator[Reading]:
    hour, minute = map(int, text.split(":"))
    after = tuple(number_aloud(minute).split()) if minute else ()
    if 0 < minute < 10:
        after = ("oh", *after)
    for said in dict.fromkeys([hour, (hour - 1) % 12 + 1]):
        yield (*number_aloud(said).split(), *after)
        if not minute:
            yield (*number_aloud(said).split(), "o'clock")
            yield (*number_aloud(said).split(), "hundred")


_READERS: dict[str, Callable[[str], Iterable[Reading]]] = {
    "money": _money,
    "iso": lambda text: _date(*text.split("-")),
    "date": _either_date,
    "time": _time,
    "ordinal": lambda text: _ordinal(int(text)),
    "decimal": _decimal,
    "number": _number,
    "letters": _word,
}
"""By the groups of `_PIECES`."""
