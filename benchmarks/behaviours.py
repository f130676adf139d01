"""How the support agent takes barge-ins and backchannels, on both transports side by side.

    python -m benchmarks.behaviours [--calls 12] [--json bench/behaviours.json]

The default scenario with a caller who does both, so often that each happens 30 times. For tau-voice
an agent whose turn ends within a second of a backchannel has yielded to it, although it may have
had no more to say; how many of its turns were cut short says how many times it did.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.batches import batch
from duologue.batch.plan import Plan, Repeated
from duologue.folder.folder import TransportName
from duologue.labels.recorded_call import Call
from duologue.report.summary import read_calls
from duologue.scenarios.scenario_file import ScenarioFile, load_scenario
from shared.customer_sheet import Backchannel, BargeIn, Behaviours
from shared.settings import Settings
from shared.spec import Role

BEHAVIOURS = Behaviours(
    barge_in=BargeIn(probability=0.35, after_s=1.5),
    backchannel=Backchannel(probability=1, after_s=1.0),
)
EVENTS = 30
"""Of each kind are wanted."""


def measure(calls: Sequence[Call]) -> dict[str, Any]:
    """The figures of all calls of a transport together, which are in `out`."""
    panels = [each.metrics.interaction.tau_voice for each in calls]
    yielded = [one.yield_rate for one in panels]
    selective = [one.selectivity_backchannel for one in panels]
    turns = [turn for each in calls for turn in each.transcript.turns]
    latency_s = [value for one in panels for value in one.yield_latency_s.values]
    return {
        "calls": len(calls),
        "task_success": sum(each.metrics.task_success for each in calls),
        "valid": sum(each.metrics.valid for each in calls),
        "barge_ins": sum(rate.total for rate in yielded),
        "yielded": sum(rate.count for rate in yielded),
        "yield_latency_s": {q: float(np.percentile(latency_s, q)) for q in (50, 95)},
        "backchannels": sum(rate.total for rate in selective),
        "talked_over": sum(rate.count for rate in selective),
        "agents_turns_cut_short": sum(
            turn.interrupted for turn in turns if turn.role is Role.SUPPORT
        ),
    }


def show(figures: dict[str, dict[str, Any]]) -> None:
    """Print the figures as a table."""
    table = Table("figure", *figures)
    for name in next(iter(figures.values())):
        values = [one[name] for one in figures.values()]
        if name == "yield_latency_s":
            for q in (50, 95):
                table.add_row(f"yield latency, p{q}", *(f"{value[q]:.2f} s" for value in values))
        else:
            table.add_row(name.replace("_", " "), *map(str, values))
    Console().print(table)


def main() -> None:
    """Make the calls, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Barge-ins and backchannels.")
    parser.add_argument("--calls", type=int, default=12, help="on each transport")
    parser.add_argument("--json", type=Path, default=Path("bench/behaviours.json"))
    options = parser.parse_args()
    jobs = {TransportName.DIRECT: os.cpu_count() or 1, TransportName.LIVEKIT: 1}
    figures: dict[str, dict[str, Any]] = {}
    scenario = load_scenario().model_copy(update={"behaviours": BEHAVIOURS})
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        file = ScenarioFile(name="behaviours", scenarios=(scenario,))
        (place / "file.yaml").write_text(yaml.safe_dump(file.model_dump(mode="json")))
        repeated = Repeated(scenarios=(str(place / "file.yaml"),), repeats=options.calls)
        Plan.of(repeated, Settings()).write(place / "plan.jsonl")
        for transport, number in jobs.items():
            out = place / transport
            subprocess.run(batch(place / "plan.jsonl", out, transport, number), check=True)
            figures[transport] = measure(read_calls(out).calls)
    show(figures)
    for name, one in figures.items():
        if min(one["barge_ins"], one["backchannels"]) < EVENTS:
            Console().print(f"{name}: fewer than {EVENTS} of a kind; make more calls")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
