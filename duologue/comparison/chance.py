"""What chance does to a difference between two groups of calls.

Calls are compared within their scenarios: a pair of samples for each, the values of BASE and of
NEW. The difference is that of the means, averaged over scenarios. Everything drawn has one seed:
the same calls give the same answer.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

CONFIDENCE = 0.95
DRAWS = 10_000
_SEED = 15
_AT_ONCE = 2_000_000
"""How many values are drawn at once, so that many calls take no more memory than few."""
_EQUAL = 1e-9
"""Means of the same values added up in another order are no further apart."""

Values: TypeAlias = npt.NDArray[np.float64]


class TwoSamples(NamedTuple):
    """The values of one scenario; at least one each."""

    base: Values
    new: Values

    @property
    def difference(self) -> float:
        """Of the means: above 0 if NEW has more."""
        return float(self.new.mean() - self.base.mean())


def interval(scenarios: Sequence[TwoSamples]) -> tuple[float, float] | None:
    """Where the difference lies for calls like these: a percentile bootstrap, at 95 %.

    Scenarios are drawn anew, with replacement, and so are the calls in each. None where nothing
    could come out otherwise: of one scenario with a single call on a side.
    """
    if len(scenarios) == 1 and min(map(len, scenarios[0])) == 1:
        return None
    random = np.random.default_rng(_SEED)
    drawn = np.stack(
        [_redrawn(each.new, random) - _redrawn(each.base, random) for each in scenarios]
    )
    chosen = random.integers(len(scenarios), size=drawn.shape)
    means = np.take_along_axis(drawn, chosen, axis=0).mean(axis=0)
    low, high = np.percentile(means, [50 * (1 - CONFIDENCE), 50 * (1 + CONFIDENCE)])
    return float(low), float(high)


def chance_of_more(scenarios: Sequence[TwoSamples]) -> float:
    """How likely NEW has so much more, or more yet, by chance alone: a permutation test.

    If nothing changed, each call of a scenario could as well be of the other folder.
    """
    random = np.random.default_rng(_SEED)
    seen = sum(each.difference for each in scenarios)
    by_chance = sum(_exchanged(each, random) for each in scenarios)
    return float((1 + np.sum(by_chance >= seen - _EQUAL)) / (1 + DRAWS))


def _redrawn(values: Values, random: np.random.Generator) -> Values:
    """The means of as many values, drawn with replacement."""
    blocks = [
        values[random.integers(len(values), size=(draws, len(values)))].mean(axis=1)
        for draws in _blocks(len(values))
    ]
    return np.concatenate(blocks)


def _exchanged(samples: TwoSamples, random: np.random.Generator) -> Values:
    """The differences when calls are dealt to both sides by chance."""
    together = np.concatenate(samples)
    found: list[Values] = []
    for draws in _blocks(len(together)):
        dealt = random.permuted(np.tile(together, (draws, 1)), axis=1)
        base, new = np.split(dealt, [len(samples.base)], axis=1)
        found.append(new.mean(axis=1) - base.mean(axis=1))
    return np.concatenate(found)


def _blocks(width: int) -> Iterator[int]:
    """How many draws of so many values to make at once, until there are all."""
    at_once = max(1, _AT_ONCE // width)
    for start in range(0, DRAWS, at_once):
        yield min(at_once, DRAWS - start)
