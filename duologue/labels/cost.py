"""What a call has cost: what its engines were used for, at the prices in `prices.yaml`.

A price that is not in there, nor brought by the provider's package, is not known, which is another
thing than nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Self, TypeAlias

import yaml
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from duologue.folder import event_log
from shared.errors import UsageError, wrong_field
from shared.events import EnginesUsed
from shared.events.usage import EngineKind, Used
from shared.spec import Role
from shared.values import Frozen

FILE = Path(__file__).with_name("prices.yaml")

AMOUNTS = ("input_tokens", "cached_tokens", "output_tokens", "characters", "audio_s")
MILLION = 1e6
MINUTE_S = 60.0


class Price(Frozen):
    """What a provider asks for some of its models, in US dollars; None where it asks nothing."""

    kind: EngineKind
    provider: str
    models: tuple[str, ...]
    """Patterns as of a shell."""
    dated: date
    """For this day, `source` has the price."""
    source: str
    input_tokens: float | None = Field(None, ge=0)
    """Per million; so are the next three."""
    cached_tokens: float | None = Field(None, ge=0)
    """Of the input; at the price of any other input if not given."""
    output_tokens: float | None = Field(None, ge=0)
    characters: float | None = Field(None, ge=0)
    audio_minute: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if all(rate is None for rate, _ in self._billed(_NOTHING)):
            raise ValueError("a price needs an amount")
        return self

    def covers(self, used: Used) -> bool:
        """Whether this is the price of what was used."""
        return (self.kind, self.provider) == (used.kind, used.provider) and any(
            fnmatchcase(used.model, pattern) for pattern in self.models
        )

    def of(self, used: Used) -> float | None:
        """What it costs, in US dollars; None if nobody counted what is billed."""
        billed = [(rate, amount) for rate, amount in self._billed(used) if rate is not None]
        if not any(amount for _, amount in billed):
            return None
        return round(sum(rate * amount for rate, amount in billed), 6)

    def _billed(self, used: Used) -> list[tuple[float | None, float]]:
        """Rates, each with how much of it was used."""
        cached = self.input_tokens if self.cached_tokens is None else self.cached_tokens
        return [
            (self.input_tokens, (used.input_tokens - used.cached_tokens) / MILLION),
            (cached, used.cached_tokens / MILLION),
            (self.output_tokens, used.output_tokens / MILLION),
            (self.characters, used.characters / MILLION),
            (self.audio_minute, used.audio_s / MINUTE_S),
        ]


_NOTHING = Used(kind=EngineKind.LLM, provider="", model="", local=False)


class Priced(StrEnum):
    """What is known of a price."""

    LOCAL = "local"
    """The engine ran on a machine of ours, and costs nothing."""
    LISTED = "listed"
    UNKNOWN = "unknown"
    """The table has no price, or nobody counted what is billed."""


class Billed(Used):
    """What one model was used for, and what that cost."""

    priced: Priced
    dated: date | None
    """Of a listed price."""
    cost_usd: float | None
    """None if it is not known."""

    @classmethod
    def at(cls, prices: Iterable[Price], used: Used) -> "Billed":
        """At the first of `prices` that fits."""
        price = next((each for each in prices if each.covers(used)), None)
        asked = price.of(used) if price else None
        cost = 0.0 if used.local else asked
        known = Priced.UNKNOWN if cost is None else Priced.LISTED
        return cls(
            **used.model_dump(),
            priced=Priced.LOCAL if used.local else known,
            dated=price.dated if price and known is Priced.LISTED and not used.local else None,
            cost_usd=cost,
        )

    def plus(self, other: Self) -> Self:
        """The same model in two calls."""
        amounts = {name: getattr(self, name) + getattr(other, name) for name in AMOUNTS}
        costs = (self.cost_usd, other.cost_usd)
        known = None if None in costs else round(sum(cost or 0.0 for cost in costs), 6)
        return self.model_copy(
            update={
                **amounts,
                "audio_s": round(amounts["audio_s"], 3),
                "cost_usd": known,
                "priced": Priced.UNKNOWN if known is None else self.priced,
            }
        )

    @property
    def name(self) -> str:
        """What was used, for people."""
        return f"{self.kind} {self.provider}/{self.model}"


Usage: TypeAlias = Mapping[Role, tuple[Billed, ...]]
"""By role; one of which nothing is known is not in it."""


@cache
def read_prices(file: Path = FILE) -> tuple[Price, ...]:
    """The rows of a table of prices.

    Raises:
        UsageError: It cannot be read, or is none.
    """
    try:
        rows = yaml.safe_load(file.read_text("utf-8"))
        return tuple(TypeAdapter(list[Price]).validate_python(rows))
    except ValidationError as error:
        wrong = wrong_field(error)
        raise UsageError(f"{file}: {wrong.field}: {wrong.problem}") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(f"{file} is no table of prices: {str(error).splitlines()[0]}") from None


@cache
def prices_of(provider: str) -> tuple[Price, ...]:
    """What a provider asks: the rows of our table, or else of the one that it brings.

    Raises:
        UsageError: It is another package's, and it or its table cannot be used.
    """
    ours = tuple(price for price in read_prices() if price.provider == provider)
    if ours:
        return ours
    from shared.engines import registry  # noqa: PLC0415 - takes a while, and is rarely needed

    found = registry.find(provider)
    return read_prices(found.prices) if found and found.prices else ()


def read(folder: Path) -> dict[Role, tuple[Billed, ...]]:
    """What the engines of a call were used for, from the events in its folder."""
    told = {entry.role: entry.payload.models for entry in event_log.read(folder, EnginesUsed)}
    return {role: tuple(_billed(each) for each in told[role]) for role in Role if role in told}


def priced_anew(usage: Usage) -> Usage:
    """The same at the prices that are in the table now."""
    counted = set(Used.model_fields)
    return {
        role: tuple(_billed(Used(**each.model_dump(include=counted))) for each in models)
        for role, models in usage.items()
    }


def _billed(used: Used) -> Billed:
    return Billed.at(() if used.local else prices_of(used.provider), used)


def total_usd(usage: Usage) -> float | None:
    """What a whole call cost, in US dollars; None unless all of it is known."""
    whole = len(usage) == len(Role) and not unpriced(usage)
    return known_usd(usage) if whole else None


def known_usd(usage: Usage) -> float:
    """What is known of the cost of a call, in US dollars."""
    return round(sum(each.cost_usd or 0.0 for models in usage.values() for each in models), 6)


def unpriced(usage: Usage) -> list[str]:
    """What was used at a price that is not known."""
    models = [each for role in Role for each in usage.get(role, ())]
    return [each.name for each in models if each.priced is Priced.UNKNOWN]


def added(usages: Iterable[Usage]) -> list[tuple[Role, Billed]]:
    """What all calls together used, by role and model; a price unknown in one is so for all."""
    sums: dict[tuple[Role, str], Billed] = {}
    for usage in usages:
        for role, models in usage.items():
            for each in models:
                key = (role, each.name)
                sums[key] = sums[key].plus(each) if key in sums else each
    return [(role, each) for (role, _), each in sorted(sums.items())]
