"""What metrics of other installed packages say, of one call and of many."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from duologue.labels.metrics import OtherMetric
from duologue.labels.recorded_call import Call
from duologue.report.quantiles import QUANTILES, quantiles


def summarize_others(calls: Sequence[Call]) -> dict[str, Any]:
    """By name of the metric, what it says of all calls together.

    Numbers have their quantiles; whatever else there is, is counted by its JSON.
    """
    found: dict[str, list[OtherMetric]] = {}
    for call in calls:
        for name, measured in call.metrics.others.items():
            found.setdefault(name, []).append(measured)
    return {name: _together(measured) for name, measured in sorted(found.items())}


def _together(measured: Sequence[OtherMetric]) -> dict[str, Any]:
    values = [each.value for each in measured if each.failed is None]
    numbers = [
        value for value in values if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    failures = [each.failed for each in measured if each.failed]
    together: Mapping[str, Any] = (
        quantiles(numbers)
        if len(numbers) == len(values)
        else {"values": dict(Counter(map(json.dumps, values)).most_common())}
    )
    return {
        "description": measured[-1].description,
        **together,
        "failed": len(failures),
        "why": failures[0] if failures else None,
    }


def show_others(others: Mapping[str, Mapping[str, Any]], console: Console) -> None:
    """Print them, a line each; of those that failed, why."""
    for name, figures in others.items():
        if "values" in figures:
            told = ", ".join(f"{value} {number}" for value, number in figures["values"].items())
        else:
            known = {at: figures[at] for at in QUANTILES if figures[at] is not None}
            told = ", ".join(f"{at} {value:g}" for at, value in known.items())
        meaning = f" ({figures['description']})" if figures["description"] else ""
        console.print(escape(f"{name}: {told or 'no value'}{meaning}"), soft_wrap=True)
        if figures["failed"]:
            failed = f"{name} failed in {figures['failed']} calls: {figures['why']}"
            console.print(f"[red]{escape(failed)}[/red]", soft_wrap=True)


def other_figures(others: Mapping[str, OtherMetric]) -> list[tuple[str, str, str]]:
    """Of one call: name, value and description of each."""
    return [
        (name, f"failed: {each.failed}" if each.failed else _plain(each.value), each.description)
        for name, each in others.items()
    ]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
