"""Word errors between what was said and what was heard."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.language.edits import Op, align


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
