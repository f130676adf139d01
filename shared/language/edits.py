"""The fewest edits (Levenshtein) that turn one sequence into another: letters or words."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Op(StrEnum):
    """What became of an item, such as a word that was said."""

    EQUAL = "equal"
    SUBSTITUTE = "substitute"
    DELETE = "delete"
    """Said, not heard."""
    INSERT = "insert"
    """Heard, not said."""


class Edit(NamedTuple):
    """One step of an alignment."""

    op: Op
    said: int | None
    """Which item of what was said; None for an insertion."""
    heard: int | None
    """Which item of what was heard; None for a deletion."""


def edit_distance(said: Sequence[str], heard: Sequence[str]) -> int:
    """How many edits there are: "kitten" becomes "sitting" by 3."""
    costs, price = _costs(said, heard)
    return -(-costs[-1][-1] // price)


def align(said: Sequence[str], heard: Sequence[str]) -> list[Edit]:
    """The edits, in order, with what stays as it is.

    Among those with equally few edits, it is an alignment with the most substitutions.
    """
    costs, price = _costs(said, heard)
    edits: list[Edit] = []
    row_at, column_at = len(said), len(heard)
    while row_at or column_at:
        cost, one, two = costs[row_at][column_at], row_at - 1, column_at - 1
        equal = row_at and column_at and said[one] == heard[two]
        if row_at and column_at and cost == costs[one][two] + (0 if equal else price - 1):
            edits.append(Edit(Op.EQUAL if equal else Op.SUBSTITUTE, one, two))
            row_at, column_at = one, two
        elif row_at and cost == costs[one][column_at] + price:
            edits.append(Edit(Op.DELETE, one, None))
            row_at = one
        else:
            edits.append(Edit(Op.INSERT, None, two))
            column_at = two
    return edits[::-1]


def _costs(said: Sequence[str], heard: Sequence[str]) -> tuple[list[list[int]], int]:
    """What it costs to turn the first so many of `said` into the first so many of `heard`.

    Beside it, the price of an edit. A substitution is one cheaper, and an edit costs more than all
    substitutions together can save.
    """
    price = len(said) + len(heard) + 1
    costs = [[column * price for column in range(len(heard) + 1)]]
    for item in said:
        above = costs[-1]
        row = [above[0] + price]
        for column, other in enumerate(heard):
            across = above[column] + (0 if item == other else price - 1)
            row.append(min(across, above[column + 1] + price, row[column] + price))
        costs.append(row)
    return costs, price
