"""Word errors between what was said and what was heard."""

from collections.abc import Sequence
from typing import NamedTuple


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

    def plus(self, other: "WordErrors") -> "WordErrors":
        """The errors of both together."""
        return WordErrors(*(one + two for one, two in zip(self, other, strict=True)))


def word_errors(said: Sequence[str], heard: Sequence[str]) -> WordErrors:
    """The fewest edits that turn `said` into `heard`, words compared as they are.

    Among alignments with equally few edits, one with the most substitutions is counted.
    """
    # One row of the Levenshtein table at a time: (edits, substitutions, insertions, deletions).
    row = [(n, 0, n, 0) for n in range(len(heard) + 1)]
    for word in said:
        left_over = row
        edits, subs, ins, dels = left_over[0]
        row = [(edits + 1, subs, ins, dels + 1)]
        for column, other in enumerate(heard):
            diagonal, above, left = left_over[column], left_over[column + 1], row[column]
            if word == other:
                row.append(diagonal)
                continue
            best = min(diagonal, above, left, key=lambda cell: cell[0])
            edits, subs, ins, dels = best
            if best is diagonal:
                row.append((edits + 1, subs + 1, ins, dels))
            elif best is above:
                row.append((edits + 1, subs, ins, dels + 1))
            else:
                row.append((edits + 1, subs, ins + 1, dels))
    _, subs, ins, dels = row[-1]
    return WordErrors(len(said), subs, ins, dels)
