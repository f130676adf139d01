"""What the calls of a batch may cost: all together, and at each provider."""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from pydantic import ValidationError

from duologue.batch.store import Store
from duologue.labels import cost, metrics
from duologue.labels.metrics import Metrics
from shared.engines import registry
from shared.errors import UsageError
from shared.settings import Settings, variable_of
from shared.spec import Role


class Cap(NamedTuple):
    """What calls may cost."""

    name: str
    """The option or variable that says so."""
    max_usd: float
    provider: str = ""
    """At which; empty for all of them together."""

    def covers(self, provider: str) -> bool:
        """Whether what `provider` asks is counted."""
        return not self.provider or self.provider == provider


def caps_of(settings: Settings, max_cost_usd: float | None) -> list[Cap]:
    """What `--max-cost` and the settings say.

    Raises:
        UsageError: A setting is wrong.
    """
    given = [("--max-cost", max_cost_usd, "")]
    for provider in registry.names():
        variable = variable_of(provider, "max_cost_usd")
        given.append((variable, settings.provider(provider).max_cost_usd, provider))
    return [Cap(name, usd, whose) for name, usd, whose in given if usd is not None]


class Budget:
    """Counts what calls cost, until there is no more to spend.

    Args:
        caps: What they may cost; the calls that run then are still finished.
    """

    def __init__(self, caps: Iterable[Cap]) -> None:
        self._caps = tuple(caps)
        self._spent_usd: defaultdict[str, float] = defaultdict(float)
        """By provider, as far as it is known."""
        self._unpriced: dict[str, str] = {}
        """By name, what no sum can be kept of, and whose it is."""
        self._untold = 0
        """Calls in which a side was lost before it said what it had used."""

    def count_finished(self, store: Store, ids: Iterable[str]) -> None:
        """Count calls that are there already.

        Raises:
            UsageError: Of one of them it cannot be read what it used.
        """
        for call_id in sorted(ids) if self._caps else ():
            try:
                measured = Metrics.model_validate_json(store.read(call_id, metrics.FILE))
            except (OSError, ValidationError):
                raise UsageError(
                    f"{metrics.FILE} of the finished call {call_id} is missing, damaged or of "
                    "another version, so its cost cannot be counted; `duologue relabel` the call, "
                    f"or leave out {self._caps[0].name}"
                ) from None
            self.count(measured)

    def count(self, measured: Metrics) -> None:
        """Count one call, at today's prices."""
        usage = cost.priced_anew(measured.usage)
        self._untold += len(usage) < len(Role)
        for used in (each for models in usage.values() for each in models):
            self._spent_usd[used.provider] += used.cost_usd or 0.0
            if used.priced is cost.Priced.UNKNOWN:
                self._unpriced[used.name] = used.provider

    @property
    def exhausted(self) -> str:
        """Why no call may be begun any more, and what helps; empty while one may."""
        return next(filter(None, map(self._why_not, self._caps)), "")

    def _why_not(self, cap: Cap) -> str:
        unpriced = [name for name, provider in self._unpriced.items() if cap.covers(provider)]
        if unpriced:
            return (
                f"{cap.name} cannot hold: the price of {', '.join(unpriced)} is not known; "
                f"add it to {cost.FILE}, or leave {cap.name} out"
            )
        spent_usd = sum(usd for each, usd in self._spent_usd.items() if cap.covers(each))
        if spent_usd < cap.max_usd:
            return ""
        untold = f", without {self._untold} calls that did not say all" if self._untold else ""
        return (
            f"${spent_usd:.2f} of {cap.name} {cap.max_usd:g} are spent{untold}; "
            "the same command with a larger one goes on"
        )
