"""What a metric says: values with their percentiles, a rate, a score, an amount.

Each carries how many events it stands on, so that many calls can be pooled: values by joining
them, rates by adding counts and totals, scores by weighting means with counts.
"""

from collections.abc import Sequence
from typing import Self

import numpy as np

from shared.values import Frozen


class Spread(Frozen):
    """Times in seconds, in the order in which they came about."""

    p50: float | None
    """By linear interpolation; None where there are no values."""
    p95: float | None
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The spread of some values."""
        if not values:
            return cls(p50=None, p95=None, values=())
        p50, p95 = (round(float(np.percentile(values, q)), 3) for q in (50, 95))
        return cls(p50=p50, p95=p95, values=tuple(values))


class Rate(Frozen):
    """How often something happened, of the times it could have."""

    rate: float | None
    """`count` / `total`; None where `total` is 0."""
    count: int
    total: int

    @classmethod
    def of(cls, count: int, total: int) -> Self:
        """`count` of `total`."""
        return cls(rate=round(count / total, 4) if total else None, count=count, total=total)


class Score(Frozen):
    """How well something went, from 0 (badly) to 1."""

    mean: float | None
    """None where nothing was scored."""
    count: int

    @classmethod
    def of(cls, scores: Sequence[float]) -> Self:
        """The mean of some scores."""
        return cls(mean=round(float(np.mean(scores)), 4) if scores else None, count=len(scores))


class Amount(Frozen):
    """How many stretches of time there are of a kind, and how long they are together."""

    count: int
    total_s: float
