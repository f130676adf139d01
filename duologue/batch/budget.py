"""What the calls of a batch may cost together."""

from collections.abc import Iterable

from duologue import cost, metrics
from duologue.batch.store import Store
from duologue.metrics import Metrics
from shared.spec import Role


class Budget:
    """Counts what calls cost, until there is no more to spend.

    Args:
        max_usd: What they may cost, in US dollars; the calls that run then are still finished.
    """

    def __init__(self, max_usd: float) -> None:
        self.max_usd = max_usd
        self.spent_usd = 0.0
        """As far as it is known."""
        self._unpriced: dict[str, None] = {}
        """What no sum can be kept of."""
        self._untold = 0
        """Calls in which a side was lost before it said what it had used."""

    def count_finished(self, store: Store, ids: Iterable[str]) -> None:
        """Count calls that are there already."""
        for call_id in sorted(ids):
            self.count(Metrics.model_validate_json(store.read(call_id, metrics.FILE)))

    def count(self, measured: Metrics) -> None:
        """Count one call, at today's prices."""
        usage = cost.priced_anew(measured.usage)
        self.spent_usd += cost.known_usd(usage)
        self._unpriced |= dict.fromkeys(cost.unpriced(usage))
        self._untold += len(usage) < len(Role)

    @property
    def exhausted(self) -> str:
        """Why no call may be begun any more, and what helps; empty while one may."""
        if self._unpriced:
            return (
                f"--max-cost cannot hold: the price of {', '.join(self._unpriced)} is not known; "
                f"add it to {cost.FILE}, or leave --max-cost out"
            )
        if self.spent_usd < self.max_usd:
            return ""
        untold = f", without {self._untold} calls that did not say all" if self._untold else ""
        return (
            f"${self.spent_usd:.2f} of --max-cost {self.max_usd:g} are spent{untold}; "
            "the same command with a larger one goes on"
        )
