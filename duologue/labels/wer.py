"""Word errors between what was said and what was heard."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Op(StrEnum):
    """What became of a word."""

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
    """Which word of what was said; None for an insertion."""
    heard: int | None
    """Which word of what was heard; None for a deletion."""


class WordErrors(NamedTuple):
    """How many words were said, and how they were misheard."""

    words: int = 0
    """Words said."""
    substitutions: int = 0
    insertions: int = 0
    deletions: int = 0

    @property
    def errors(self) -> int:
        """All of them."""
        return self.substitutions + self.insertions + self.deletions

    @property
    def rate(self) -> float | None:
        """The word error rate: errors per word said; None when nothing was said."""
        return self.errors / self.words if self.words else None

    @classmethod
    def of(cls, ops: Sequence[Op]) -> "WordErrors":
        """The errors in an alignment."""
        insertions = ops.count(Op.INSERT)
        return cls(
            len(ops) - insertions, ops.count(Op.SUBSTITUTE), insertions, ops.count(Op.DELETE)
        )


def word_errors(said: Sequence[str], heard: Sequence[str]) -> WordErrors:
    """The fewest edits that turn `said` into `heard`, words compared as they are."""
    return WordErrors.of([edit.op for edit in align(said, heard)])


def align(said: Sequence[str], heard: Sequence[str]) -> list[Edit]:
    """The edits of a cheapest alignment (Levenshtein), in order.

    Among those with equally few edits, it is one with the most substitutions.
    """
    # An edit costs more than all substitutions together can save.
    edit = len(said) + len(heard) + 1
    costs = [[column * edit for column in range(len(heard) + 1)]]
    for word in said:
        above = costs[-1]
        row = [above[0] + edit]
        for column, other in enumerate(heard):
            across = above[column] + (0 if word == other else edit - 1)
            row.append(min(across, above[column + 1] + edit, row[column] + edit))
        costs.append(row)
    edits: list[Edit] = []
    row_at, column_at = len(said), len(heard)
    while row_at or column_at:
        cost, one, two = costs[row_at][column_at], row_at - 1, column_at - 1
        equal = row_at and column_at and said[one] == heard[two]
        if row_at and column_at and cost == costs[one][two] + (0 if equal else edit - 1):
            edits.append(Edit(Op.EQUAL if equal else Op.SUBSTITUTE, one, two))
            row_at, column_at = one, two
        elif row_at and cost == costs[one][column_at] + edit:
            edits.append(Edit(Op.DELETE, one, None))
            row_at = one
        else:
            edits.append(Edit(Op.INSERT, None, two))
            column_at = two
    return edits[::-1]
