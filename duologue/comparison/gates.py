"""What makes a comparison fail: a measure that is worse beyond noise, or beyond a limit."""

from collections.abc import Iterator, Mapping

from duologue.comparison.comparison import Change, Comparison, Difference
from duologue.comparison.measures import MEASURES, Measure, MeasureName
from shared.errors import UsageError


def read_margins(text: str) -> dict[MeasureName, float]:
    """The measures of `--fail-on`: "success,latency=0.1" is 0 and 0.1 s.

    Raises:
        UsageError: It names something else, or a margin below 0.
    """
    margins = {name: value or 0.0 for name, value in _read(text, "--fail-on")}
    if wrong := [name for name, margin in margins.items() if margin < 0]:
        raise UsageError(f"--fail-on {wrong[0]}: by how much it may be worse is 0 or more")
    return margins


def read_limits(text: str) -> dict[MeasureName, float]:
    """The limits of `--limit`: "success=0.9,latency=1.5".

    Raises:
        UsageError: It names something else, or a measure without its limit.
    """
    limits: dict[MeasureName, float] = {}
    for name, value in _read(text, "--limit"):
        if value is None:
            raise UsageError(f"--limit {name} has no value; write it as {name}=0.9")
        limits[name] = value
    return limits


def _read(text: str, option: str) -> Iterator[tuple[MeasureName, float | None]]:
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, given, value = part.partition("=")
        if name not in {*MeasureName}:
            raise UsageError(
                f"{option}: no measure is called {name!r}, but {', '.join(MeasureName)}"
            )
        try:
            yield MeasureName(name), float(value) if given else None
        except ValueError:
            raise UsageError(f"{option} {name}: {value!r} is no number") from None


def failures(
    comparison: Comparison,
    margins: Mapping[MeasureName, float],
    limits: Mapping[MeasureName, float],
) -> list[str]:
    """What fails, in a line each."""
    measures = {measure.name: measure for measure in MEASURES}
    return [
        *(line for name in margins for line in _worse(comparison, measures[name])),
        *(
            line
            for name, limit in limits.items()
            for line in _beyond(measures[name], comparison.all[name], limit)
        ),
    ]


def _worse(comparison: Comparison, measure: Measure) -> Iterator[str]:
    whole = comparison.all[measure.name]
    if whole.change is Change.WORSE:
        yield f"{measure.name} is worse beyond noise: {told(measure, whole)}"
    for scenario in comparison.scenarios:
        found = scenario.measures[measure.name]
        if found.change is Change.WORSE:
            yield f"{measure.name} is worse in {scenario.label}: {told(measure, found)}"
        elif found.new is None and found.base is not None:
            yield f"{measure.name} is not known of NEW in {scenario.label}: no valid call has it"


def _beyond(measure: Measure, found: Difference, limit: float) -> Iterator[str]:
    if found.new is None:
        yield f"{measure.name} is not known of NEW: no valid call has it"
    elif (found.new - limit) * measure.sign > 0:
        yield f"{measure.name} of NEW is {measure.show(found.new)}, limit {measure.show(limit)}"


def told(measure: Measure, found: Difference) -> str:
    """Both values and the difference: "0.62 s, then 0.80 s (+0.18 s, 95 % from ... to ...)"."""
    both = f"{measure.show(found.base)}, then {measure.show(found.new)}"
    if found.difference is None:
        return both
    return f"{both} ({measure.show_change(found.difference)}{_around(measure, found)})"


def _around(measure: Measure, found: Difference) -> str:
    if found.interval is None:
        return ""
    low, high = map(measure.show_change, found.interval)
    return f"; 95\N{NO-BREAK SPACE}% from {low} to {high}"
