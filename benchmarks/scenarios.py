"""Every bundled scenario, a few times each: are they completed, valid, and solved?

    python -m benchmarks.scenarios [--seeds 3] [--transport direct] [--keep FOLDER] [--json FILE]

Per business: completion, task success, validity, turns, duration, and what went wrong.
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.batches import make_calls
from duologue.folder.folder import TransportName
from duologue.labels.recorded_call import Call
from duologue.scenarios.scenario_file import bundled_scenarios
from shared.endings import Outcome

VALID, SUCCESS = 0.97, 0.95
"""Shares that are aimed at."""


def measure(calls: Sequence[Call]) -> dict[str, Any]:
    """The figures of some calls."""
    return {
        "calls": len(calls),
        "completed": mean(each.outcome == Outcome.COMPLETED for each in calls),
        "valid": mean(each.metrics.valid for each in calls),
        "task_success": mean(each.metrics.task_success for each in calls),
        "turns": mean(sum(each.metrics.turns.values()) for each in calls),
        "duration_s": mean(each.metrics.duration_s for each in calls),
        "turns_cut_off": sum(each.metrics.turn_cut_off for each in calls),
        "findings": Counter(
            f"{each.scenario}: {finding}" for each in calls for finding in each.metrics.findings
        ),
    }


def show(figures: dict[str, dict[str, Any]]) -> None:
    """Print the figures as a table, and what went wrong."""
    console = Console()
    columns = ("calls", "completed", "valid", "success", "turns", "length", "cut off")
    table = Table("business", *columns, caption=f"aim: {VALID:.0%} valid, {SUCCESS:.0%} success")
    for name, one in figures.items():
        table.add_row(
            name,
            f"{one['calls']}",
            *(f"{one[share]:.1%}" for share in ("completed", "valid", "task_success")),
            f"{one['turns']:.1f}",
            f"{one['duration_s']:.0f} s",
            f"{one['turns_cut_off']}",
        )
    console.print(table)
    for finding, times in figures["all"]["findings"].most_common():
        console.print(f"{times} x {finding}", soft_wrap=True, highlight=False, markup=False)


def main() -> None:
    """Make the calls, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Every bundled scenario.")
    parser.add_argument("--seeds", type=int, default=3, help="calls of each scenario")
    parser.add_argument("--transport", type=TransportName, default=TransportName.DIRECT)
    parser.add_argument("--keep", type=Path, help="keep the call folders here")
    parser.add_argument("--json", type=Path, default=Path("bench/scenarios.json"))
    options = parser.parse_args()
    business = {each.label: each.userdata.business for each in bundled_scenarios()}
    jobs = os.cpu_count() or 1
    calls = make_calls(tuple(business), options.seeds, options.transport, jobs, options.keep)
    of = {
        name: [each for each in calls if business[each.scenario] == name]
        for name in sorted(set(filter(None, business.values())))
    }
    figures = {name: measure(some) for name, some in of.items()} | {"all": measure(calls)}
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
