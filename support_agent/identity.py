"""Whether a caller is who a row says, by the name as it was heard.

A name misspelt by the recognizer must do, and yet nobody may be taken for somebody else: not for
one whose code is a digit off, nor for one whose name sounds alike.
"""

from collections.abc import Iterable

from shared.names import SAME, likeness
from shared.values import Row

_MARGIN = 0.1


def is_named(heard: str, name: str, others: Iterable[str] = ()) -> bool:
    """Whether `heard` says `name`, and none of `others` clearly better."""
    fit = likeness(heard, name)
    return fit >= SAME and all(likeness(heard, other) <= fit + _MARGIN for other in others)


def named(heard: str, rows: Iterable[Row]) -> list[Row]:
    """Of `rows`, the one whose `name` was heard; several if it is not clear which, or none."""
    fits = [(likeness(heard, str(row["name"])), row) for row in rows]
    best = max((fit for fit, _ in fits), default=0.0)
    return [row for fit, row in fits if best >= SAME and best - fit < _MARGIN]


def one_digit_apart(one: str, other: str) -> bool:
    """Whether two codes differ in one digit."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1
