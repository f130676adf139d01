"""The shop's refund rule: what was charged twice within three days is refunded, and nothing else.

A cancelled order is another matter: all that was paid for it is paid back (`tools`).
"""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from shared.values import Row

DUPLICATE_WITHIN_DAYS = 3


def refundable(charges: Sequence[Row]) -> list[Row]:
    """The later one of each two paid charges of one amount, made within those days."""
    paid = sorted(
        (row for row in charges if row["status"] == "paid"),
        key=lambda row: (row["amount_cents"], row["charged_on"], row["id"]),
    )
    return [
        later
        for earlier, later in pairwise(paid)
        if earlier["amount_cents"] == later["amount_cents"]
        and _days_between(earlier, later) <= DUPLICATE_WITHIN_DAYS
    ]


def _days_between(earlier: Row, later: Row) -> int:
    first, second = (date.fromisoformat(str(row["charged_on"])) for row in (earlier, later))
    return (second - first).days
