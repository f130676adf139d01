"""Two folders of calls, scenario by scenario, and whether NEW is worse than chance explains."""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from math import comb
from typing import NamedTuple

import numpy as np

from duologue.comparison.chance import CONFIDENCE, TwoSamples, Values, chance_of_more, interval
from duologue.comparison.measures import MEASURES, Measure, MeasureName
from duologue.labels.recorded_call import Call
from shared.errors import UsageError
from shared.values import Frozen

NOISE = (1 - CONFIDENCE) / 2
"""How likely chance alone may make a change, one way, that is still called one."""
MOST_K = 8
"""Of pass^k."""


class Change(StrEnum):
    """What is to be said of a measure."""

    WORSE = "worse"
    BETTER = "better"
    NOISE = "noise"
    """Chance alone makes such a difference, or none is seen."""
    UNKNOWN = "unknown"
    """One side has no value."""


class Difference(Frozen):
    """One measure of both sides; means of calls in a scenario, or of scenarios."""

    base: float | None
    new: float | None
    difference: float | None = None
    """NEW less BASE."""
    interval: tuple[float, float] | None = None
    """Where it lies for calls like these, at 95 %; None if there are too few to say."""
    change: Change = Change.UNKNOWN


class PassPower(Frozen):
    """pass^k: how likely k calls of a scenario all reach their goal."""

    k: int
    base: float
    new: float


class ComparedScenario(Frozen):
    """One scenario on both sides."""

    label: str
    base_calls: int
    new_calls: int
    measures: dict[MeasureName, Difference]


class Comparison(Frozen):
    """All of it."""

    scenarios: tuple[ComparedScenario, ...]
    """Those of both sides."""
    all: dict[MeasureName, Difference]
    """Means over scenarios, of those that have a value on both sides."""
    pass_power: tuple[PassPower, ...]
    """For each k up to 8, or to the valid calls that every scenario has on both sides."""
    notes: tuple[str, ...]
    """What keeps both sides from being compared in full."""


class Matched(NamedTuple):
    """The calls of one scenario."""

    label: str
    base: tuple[Call, ...]
    new: tuple[Call, ...]


def match(base: Sequence[Call], new: Sequence[Call]) -> tuple[Matched, ...]:
    """The calls of both folders by the scenarios that both have, in order of their labels.

    Raises:
        UsageError: They have none in common.
    """
    sides = [_by_scenario(base), _by_scenario(new)]
    if found := sorted(sides[0].keys() & sides[1].keys()):
        return tuple(Matched(label, sides[0][label], sides[1][label]) for label in found)
    few = [", ".join(sorted(side)[:3]) + (", ..." if len(side) > 3 else "") for side in sides]
    raise UsageError(
        f"the folders have no scenario in common: {few[0]} in one, {few[1]} in the other"
    )


def compare(
    base: Sequence[Call], new: Sequence[Call], margins: Mapping[MeasureName, float]
) -> Comparison:
    """Compare two folders' calls.

    Args:
        base: The calls that were there before.
        new: Those that may be worse.
        margins: By how much more than nothing a measure must be worse to be called so.

    Raises:
        UsageError: They have no scenario in common.
    """
    matched = match(base, new)
    samples = {
        measure.name: {
            each.label: TwoSamples(_values(measure, each.base), _values(measure, each.new))
            for each in matched
        }
        for measure in MEASURES
    }

    def of(measure: Measure, labels: Sequence[str], noise: float) -> Difference:
        found = [samples[measure.name][label] for label in labels]
        return _difference(measure, found, margins.get(measure.name, 0.0), noise)

    labels = [each.label for each in matched]
    return Comparison(
        scenarios=tuple(
            ComparedScenario(
                label=each.label,
                base_calls=len(each.base),
                new_calls=len(each.new),
                # So many looks at chance: each must be the surer.
                measures={m.name: of(m, [each.label], NOISE / len(matched)) for m in MEASURES},
            )
            for each in matched
        ),
        all={measure.name: of(measure, labels, NOISE) for measure in MEASURES},
        pass_power=tuple(_pass_power([*samples[MeasureName.SUCCESS].values()])),
        notes=tuple(_notes(base, new)),
    )


def _by_scenario(calls: Sequence[Call]) -> dict[str, tuple[Call, ...]]:
    ordered = sorted(calls, key=lambda call: (call.scenario, call.seed, call.id))
    return {label: tuple(found) for label, found in groupby(ordered, lambda call: call.scenario)}


def _values(measure: Measure, calls: Sequence[Call]) -> Values:
    counted = [call for call in calls if call.valid or measure.name is MeasureName.VALID]
    found = [measure.value(call) for call in counted]
    return np.array([value for value in found if value is not None])


def _difference(
    measure: Measure, scenarios: Sequence[TwoSamples], margin: float, noise: float
) -> Difference:
    known = [each for each in scenarios if len(each.base) and len(each.new)]
    if not known:
        return Difference(
            base=_mean([each.base for each in scenarios]),
            new=_mean([each.new for each in scenarios]),
        )
    base, new = (_mean([each[side] for each in known]) for side in (0, 1))
    seen = float(np.mean([each.difference for each in known]))
    worse = [TwoSamples(s.base * measure.sign, s.new * measure.sign - margin) for s in known]
    better = [TwoSamples(s.base * -measure.sign, s.new * -measure.sign) for s in known]
    change = Change.NOISE
    if chance_of_more(worse) <= noise:
        change = Change.WORSE
    elif chance_of_more(better) <= noise:
        change = Change.BETTER
    around = interval(known)
    return Difference(
        base=base,
        new=new,
        difference=round(seen, 6),
        interval=around and (round(around[0], 6), round(around[1], 6)),
        change=change,
    )


def _mean(samples: Sequence[Values]) -> float | None:
    means = [float(each.mean()) for each in samples if len(each)]
    return round(float(np.mean(means)), 6) if means else None


def _pass_power(scenarios: Sequence[TwoSamples]) -> Iterator[PassPower]:
    """Without bias, as tau-bench has it: of all ways to pick k calls, those in which all passed."""
    known = [each for each in scenarios if len(each.base) and len(each.new)]
    fewest = min((len(side) for each in known for side in each), default=0)
    for k in range(1, min(MOST_K, fewest) + 1):
        base, new = (
            np.mean([comb(int(each[side].sum()), k) / comb(len(each[side]), k) for each in known])
            for side in (0, 1)
        )
        yield PassPower(k=k, base=round(float(base), 4), new=round(float(new), 4))


def _notes(base: Sequence[Call], new: Sequence[Call]) -> Iterator[str]:
    sides = {"BASE": base, "NEW": new}
    labels = [{call.scenario for call in calls} for calls in sides.values()]
    for name, alone in zip(sides, (labels[0] - labels[1], labels[1] - labels[0]), strict=True):
        if alone:
            yield f"only in {name}, and not compared: {', '.join(sorted(alone))}"
    carried = {name: sorted({call.transport for call in calls}) for name, calls in sides.items()}
    if carried["BASE"] != carried["NEW"]:
        told = " and ".join(f"{name} by {', '.join(found)}" for name, found in carried.items())
        yield f"{told}: reply gaps of different transports are no measure of the agent"
