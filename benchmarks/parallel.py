"""How many calls at once the machine holds over LiveKit before turns break.

    python -m benchmarks.parallel [--most 5] [--rounds 2] [--json bench/parallel.json]

For each number of calls, so many are made at the same time, `rounds` times, without admission. A
number is held when no call of it has a broken turn and replies come within 1.2 s (p95).
"""

import argparse
import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.usage import per_call_minute, usage
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario_file import load_scenario
from duologue.servers.server import running_server
from duologue.servers.worker_processes import running_workers
from shared import logs
from shared.address import ServerAddress
from shared.settings import Settings
from shared.spec import Role
from tests.making import call_over

GAP_P95_S = 1.2
BETWEEN_S = 4.0
"""From one call's beginning to the next's, so that they do not take turns in step."""

console = Console(highlight=False)


async def measure(most: int, rounds: int, out: Path) -> list[dict[str, Any]]:
    """The figures of 1, 2, ... up to `most` calls at a time."""
    settings = Settings()
    figures = []
    async with (
        running_server(settings, console.print) as server,
        running_workers(server.address) as workers,
    ):
        pids = {"driver": os.getpid(), "livekit-server": server.program.pid}
        pids |= {f"{role} worker": worker.pid for role, worker in workers.items()}
        for number in range(1, most + 1):
            before = {name: usage(pid) for name, pid in pids.items()}
            results: list[CallResult] = []
            for turn in range(rounds):
                calls = (
                    _call(server.address, settings, out, f"{number}-{turn}-{each}", each)
                    for each in range(number)
                )
                results += await asyncio.gather(*calls)
            used = {name: usage(pid).since(before[name]) for name, pid in pids.items()}
            figures.append(summary(number, results, used))
            console.print(_told(figures[-1]))
    return figures


async def _call(
    address: ServerAddress, settings: Settings, out: Path, name: str, place: int
) -> CallResult:
    await asyncio.sleep(place * BETWEEN_S)
    engines = {role: settings.engines(role) for role in Role}
    spec = load_scenario().to_spec(
        call_id=f"parallel-{name}", seed=place, engines=engines, recorder=IDENTITY
    )
    return await call_over(address, spec, out, settings)


def summary(number: int, results: list[CallResult], used: dict[str, Any]) -> dict[str, Any]:
    """The figures of calls that were made `number` at a time."""
    metrics = [result.metrics for result in results]
    gaps = [gap for one in metrics for each in one.reply_gap_s.values() for gap in each.values]
    broken = sum(one.turn_cut_off + one.flawed_turns for one in metrics)
    p95_s = round(float(np.percentile(gaps, 95)), 3)
    success = sum(one.task_success for one in metrics)
    return {
        "at_once": number,
        "calls": len(results),
        "task_success": success,
        "broken_turns": broken,
        "gap_p50_s": round(float(np.percentile(gaps, 50)), 3),
        "gap_p95_s": p95_s,
        "held": broken == 0 and success == len(results) and p95_s <= GAP_P95_S,
        "pss_mb": round(sum(one.pss_mb for one in used.values())),
        "processes": per_call_minute(used, sum(one.duration_s for one in metrics)),
    }


def _told(figures: dict[str, Any]) -> str:
    held = "held" if figures["held"] else "NOT held"
    return f"{figures['at_once']} at once: {held}, gap p95 {figures['gap_p95_s']:.2f} s"


def show(figures: list[dict[str, Any]]) -> None:
    """Print the figures as a table."""
    table = Table(title="calls at once over LiveKit: at least 3, goal 5")
    for column in ("at once", "success", "broken turns", "gap p50", "p95", "CPU s/min", "PSS MB"):
        table.add_column(column, justify="right")
    for one in figures:
        cpu_s = sum(each["cpu_s_per_call_minute"] for each in one["processes"].values())
        table.add_row(
            f"{one['at_once']}{'' if one['held'] else ' (broken)'}",
            f"{one['task_success']}/{one['calls']}",
            str(one["broken_turns"]),
            f"{one['gap_p50_s']:.2f} s",
            f"{one['gap_p95_s']:.2f} s",
            f"{cpu_s:.1f}",
            str(one["pss_mb"]),
        )
    console.print(table)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Calls at the same time over LiveKit.")
    parser.add_argument("--most", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path, default=Path("bench/parallel.json"))
    options = parser.parse_args()
    os.environ["DUOLOGUE_WORKER_CALLS"] = str(options.most + 1)
    logs.configure("console", level=40)
    with tempfile.TemporaryDirectory() as temporary:
        figures = asyncio.run(measure(options.most, options.rounds, Path(temporary)))
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
