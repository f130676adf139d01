"""Scenarios written from the documentation alone: do they come to the end that was written down?

    python -m benchmarks.unseen [first|second] [--seeds 3] [--keep FOLDER] [--json FILE]

`tests/scenarios/unseen/expected.csv` says, per scenario, whether the caller gets what it rang for
and whether it must be told nothing. A call came to its right end if it is valid, its task was done,
nothing was disclosed to whom nothing may be told, and the caller said goodbye content; where it is
not to get what it rings for, it may also have given up.
"""

import argparse
import csv
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.batches import make_calls
from duologue.folder.folder import TransportName
from duologue.labels.recorded_call import Call
from duologue.scenarios.scenario_file import load_scenarios
from shared.endings import Outcome

UNSEEN = Path(__file__).parents[1] / "tests" / "scenarios" / "unseen"
RIGHT_END = 0.85
"""Share that is aimed at; of callers who must be told nothing, all."""


def expected(part: str) -> dict[str, dict[str, str]]:
    """What was written down, by label."""
    with (UNSEEN / "expected.csv").open(encoding="utf-8", newline="") as rows:
        return {row["label"]: row for row in csv.DictReader(rows) if row["file"].startswith(part)}


def wrong_with(call: Call, row: Mapping[str, str]) -> str | None:
    """Why a call did not come to its right end; None if it did."""
    metrics = call.metrics
    findings = ", ".join(sorted({finding.check for finding in metrics.findings})) or "no finding"
    ends = {Outcome.COMPLETED}
    if row["goal_should_be_reached"] == "no":
        ends.add(Outcome.GAVE_UP)
    if call.outcome not in ends:
        return f"{call.outcome} ({findings})"
    if not metrics.valid:
        return f"invalid ({findings})"
    if row["must_be_told_nothing"] == "yes" and "disclosed" in findings:
        return f"told a wrong caller ({findings})"
    if not metrics.task_success:
        return f"task failed, fault {metrics.fault} ({findings})"
    return None


def score(calls: Iterable[Call], rows: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Right ends per kind, and what is wrong with the rest."""
    right: Counter[str] = Counter()
    made: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    for call in calls:
        row = rows[call.scenario]
        why = wrong_with(call, row)
        for kind in (row["kind"], "all"):
            made[kind] += 1
            right[kind] += why is None
        if why:
            wrong[call.id] = why
    return {"made": dict(made), "right": {kind: right[kind] for kind in made}, "wrong": wrong}


def show(figures: dict[str, Any]) -> None:
    """Print the table, and a line for each call that came to another end."""
    console = Console()
    table = Table("kind", "calls", "right end", caption=f"aim: {RIGHT_END:.0%}")
    for kind, made in sorted(figures["made"].items()):
        right = figures["right"][kind]
        table.add_row(kind, f"{made}", f"{right} ({right / made:.0%})")
    console.print(table)
    for name, why in sorted(figures["wrong"].items()):
        console.print(f"{name}: {why}", soft_wrap=True, highlight=False, markup=False)


def main() -> None:
    """Make the calls, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Scenarios written from the documentation alone.")
    parser.add_argument("part", nargs="?", choices=("first", "second"), default="first")
    parser.add_argument("--seeds", type=int, default=3, help="calls of each scenario")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, help="keep the call folders here")
    parser.add_argument("--json", type=Path, default=Path("bench/unseen.json"))
    options = parser.parse_args()
    labels = [
        f"{file}#{scenario.label}"
        for file in sorted((UNSEEN / options.part).glob("*.yaml"))
        for scenario in load_scenarios(str(file))
    ]
    direct = TransportName.DIRECT
    calls = make_calls(labels, options.seeds, direct, options.jobs, options.keep)
    figures = score(calls, expected(options.part))
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
