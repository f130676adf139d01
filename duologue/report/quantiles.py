"""How values of many calls are spread."""

from collections.abc import Sequence

import numpy as np

QUANTILES = {"p50": 50, "p90": 90, "p95": 95, "max": 100}
"""By the names they have in a summary, in percent."""


def quantiles(values: Sequence[float]) -> dict[str, float | None]:
    """The quantiles of some values, by name; None if there are no values."""
    if not values:
        return dict.fromkeys(QUANTILES)
    return {name: round(float(np.percentile(values, q)), 3) for name, q in QUANTILES.items()}
