"""Calls of the default scenario, one after another, on a real server.

Do they hold, how fast do both sides answer, how well do they hear, and what does it cost?

    python -m benchmarks.calls [--calls 20] [--json bench/calls.json]
"""

import argparse
import asyncio
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.usage import Usage, per_call_minute, usage
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario_file import DEFAULT, load_scenario
from duologue.servers.server import running_server
from duologue.servers.worker_processes import running_workers
from shared import logs
from shared.settings import Settings
from shared.spec import Role
from tests.making import call_over

console = Console(highlight=False)


async def measure(calls: int, out: Path) -> dict[str, Any]:
    """Make `calls` calls into `out`, and measure them."""
    settings = Settings()
    scenario = load_scenario(DEFAULT)
    engines = {role: settings.engines(role) for role in Role}
    results: list[CallResult] = []
    async with (
        running_server(settings, console.print) as server,
        running_workers(server.address) as workers,
    ):
        pids = {"driver": os.getpid(), "livekit-server": server.program.pid}
        pids |= {f"{role} worker": worker.pid for role, worker in workers.items()}
        before = {name: usage(pid) for name, pid in pids.items()}
        for number in range(1, calls + 1):
            spec = scenario.to_spec(
                call_id=f"bench-{number:03}", seed=number, engines=engines, recorder=IDENTITY
            )
            result = await call_over(server.address, spec, out, settings)
            results.append(result)
            goal = "goal reached" if result.metrics.task_success else "goal NOT reached"
            console.print(f"{number:3}/{calls} {result.ending.outcome}, {goal}")
        used = {name: usage(pid).since(before[name]) for name, pid in pids.items()}
    return summary(results, used)


def summary(results: list[CallResult], used: dict[str, Usage]) -> dict[str, Any]:
    """The figures of all calls together."""
    metrics = [result.metrics for result in results]
    seconds = sum(one.duration_s for one in metrics)
    gaps = {
        direction: [gap for one in metrics for gap in one.reply_gap_s[direction].values]
        for direction in metrics[0].reply_gap_s
    }
    return {
        "calls": len(results),
        "outcomes": Counter(result.ending.outcome.value for result in results),
        "task_success": sum(one.task_success for one in metrics),
        "problems": Counter(str(finding) for one in metrics for finding in one.findings),
        "turns_cut_off": sum(one.turn_cut_off for one in metrics),
        "interruptions": sum(sum(one.interruptions.values()) for one in metrics),
        "flawed_turns": sum(one.flawed_turns for one in metrics),
        "duration_s": round(seconds, 1),
        "inserted_s": {role: round(sum(m.inserted_s[role] for m in metrics), 3) for role in Role},
        "reply_gap_s": {
            direction: {
                "p50": round(float(np.percentile(values, 50)), 3),
                "p95": round(float(np.percentile(values, 95)), 3),
                "max": max(values),
                "count": len(values),
            }
            for direction, values in gaps.items()
        },
        "wer": {
            role: round(
                sum(one.wer[role].errors for one in metrics)
                / max(1, sum(one.wer[role].words for one in metrics)),
                4,
            )
            for role in Role
        },
        "processes": per_call_minute(used, seconds),
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as tables."""
    calls = Table(title=f"{figures['calls']} calls, {figures['duration_s']} s")
    calls.add_column("figure")
    calls.add_column("value", justify="right")
    calls.add_column("target", justify="right")
    calls.add_row("outcomes", str(dict(figures["outcomes"])), "all completed")
    calls.add_row("task success", str(figures["task_success"]), str(figures["calls"]))
    calls.add_row("turns cut off", str(figures["turns_cut_off"]), "0")
    for direction, gap in figures["reply_gap_s"].items():
        calls.add_row(f"reply gap {direction}, p50", f"{gap['p50']:.2f} s", "0.70 s")
        calls.add_row(f"reply gap {direction}, p95", f"{gap['p95']:.2f} s", "1.00 s")
    for role, rate in figures["wer"].items():
        calls.add_row(f"word error rate, {role}'s words", f"{rate:.1%}", "8.0%")
    console.print(calls)
    costs = Table(title="processes")
    for column in ("process", "CPU s per call minute", "PSS MB", "most by threads"):
        costs.add_column(column)
    for name, cost in figures["processes"].items():
        threads = list(cost["threads_cpu_s_per_call_minute"].items())[:4]
        costs.add_row(
            name,
            f"{cost['cpu_s_per_call_minute']:.2f}",
            str(cost["pss_mb"]),
            ", ".join(f"{thread} {cpu_s}" for thread, cpu_s in threads),
        )
    console.print(costs)


def main() -> None:
    """Measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(description="Calls of the default scenario, measured.")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--json", type=Path, default=Path("bench/calls.json"))
    parser.add_argument("--keep", type=Path, help="keep the call folders here")
    options = parser.parse_args()
    logs.configure("console", level=40)
    with tempfile.TemporaryDirectory() as temporary:
        figures = asyncio.run(measure(options.calls, options.keep or Path(temporary)))
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
