"""A business's own rows, as CSV files, and codes and names easily mistaken for those of a call.

A desk of unlike rows would forgive an agent that mishears. All that is made up here is made by a
fixed rule, so that one call finds the same desk every time.
"""

import csv
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from importlib.resources import files

from shared.language.likeness import likeness
from shared.values import Row
from support_agent.desk import Rows

_ALIKE = str.maketrans("bpdtgkcfvszmnyjaeiou", "pbtdkggvfzsnmjyeaeuo")
_UNLIKE = 0.4


def read_stock(package: str, tables: Iterable[str]) -> Rows:
    """The rows of each `<table>.csv` in a package; an empty field is NULL, numbers are text.

    The desk's columns make numbers of them where the schema says so.
    """
    return {table: tuple(_read(package, table)) for table in tables}


def made_up_code(seed: str, length: int) -> str:
    """A code of so many digits, the same for the same `seed`."""
    first = 10 ** (length - 1)
    return str(first + zlib.crc32(seed.encode()) % (9 * first))


def one_digit_off(code: str, taken: Collection[str]) -> str:
    """`code` with one digit changed, another than any in `taken`; empty if there is none."""
    seed = zlib.crc32(code.encode())
    places = [index for index, char in enumerate(code) if char.isdecimal()]
    for step in range(9 * len(places)):
        place = places[(seed + step) % len(places)]
        digit = (int(code[place]) + 1 + step % 9) % 10
        off = f"{code[:place]}{digit}{code[place + 1 :]}"
        if off not in taken:
            return off
    return ""


def unlike(name: str, names: Sequence[str], seed: str) -> str:
    """One of `names` that nobody takes for `name`."""
    start = zlib.crc32(seed.encode()) % len(names)
    return next(
        other for other in (*names[start:], *names[:start]) if likeness(name, other) < _UNLIKE
    )


def sound_alike(name: str) -> str:
    """`name` with a neighbouring sound at the start: "Yash Patel" becomes "Jash Patel"."""
    first = name[0].lower()
    changed = first.translate(_ALIKE)
    return f"{changed.upper()}{name[1:]}" if changed != first else f"{name}son"


def _read(package: str, table: str) -> Iterator[Row]:
    text = (files(package) / f"{table}.csv").read_text(encoding="utf-8")
    for line in csv.DictReader(text.splitlines()):
        yield {name: value or None for name, value in line.items()}
