"""What a batch costs beside its calls, and how soon it goes on.

    python -m benchmarks.batches [--direct 100] [--livekit 20] [--resume 100000] [--json FILE]

Overhead is the share of the jobs' wall time in which no call is made: from the command's start to
its end, start-up and waiting for room included. How much of it is labelling the calls is told.
Resuming is timed from the command's start to the first new call's folder, in a folder with so many
finished ones: the first time, when what each was made from is read, and again.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from duologue.batch.plan import Plan, Repeated
from duologue.cli.batch_run import BatchExit
from duologue.folder.folder import CALL
from duologue.labels.recorded_call import Call
from duologue.report.summary import read_calls
from shared.settings import Settings

SCENARIO = "late-and-charged-twice"


def written(path: Path, calls: int) -> Plan:
    """A plan of so many calls, written to `path`."""
    plan = Plan.of(Repeated(scenarios=(SCENARIO,), repeats=calls), Settings())
    plan.write(path)
    return plan


def batch(plan: Path, out: Path, transport: str, jobs: int) -> Sequence[str]:
    """The command."""
    argv = [sys.executable, "-m", "duologue", "batch", str(plan), "--out", str(out)]
    return [*argv, "--transport", transport, "--jobs", str(jobs)]


def make_calls(
    scenarios: Sequence[str], seeds: int, transport: str, jobs: int, keep: Path | None
) -> Sequence[Call]:
    """Make some calls of each scenario in one batch, kept in `keep`/calls if that is given."""
    plan = Plan.of(Repeated(scenarios=tuple(scenarios), repeats=seeds), Settings())
    with tempfile.TemporaryDirectory() as temporary:
        place = keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        path = place / "plan.jsonl"
        plan.write(path)
        command = batch(path, place / "calls", transport, jobs)
        ended = subprocess.run(command, check=False).returncode
        if ended not in tuple(BatchExit):
            raise SystemExit(ended)
        return read_calls(place / "calls").calls


def overhead(calls: int, transport: str, jobs: int, place: Path) -> dict[str, Any]:
    """Make a batch, and compare how long it took with how long its calls took."""
    plan, out = place / f"{transport}.jsonl", place / transport
    written(plan, calls)
    began_s = time.monotonic()
    # A call that failed is told by the figures; it costs no other figure.
    subprocess.run(batch(plan, out, transport, jobs), check=False)
    wall_s = time.monotonic() - began_s
    calls_made = read_calls(out).calls
    runs = [each.record.run for each in calls_made]
    jobs_s = jobs * wall_s
    return {
        "calls": len(calls_made),
        "goals": sum(each.metrics.task_success for each in calls_made),
        "jobs": jobs,
        "wall_s": round(wall_s, 1),
        "call_s_per_wall_s": round(sum(each.metrics.duration_s for each in calls_made) / wall_s, 2),
        "overhead": round(1 - sum(run.wall_s for run in runs) / jobs_s, 4),
        "labels": round(sum(run.labels_s or 0.0 for run in runs) / jobs_s, 4),
    }


def resume(finished: int, place: Path) -> dict[str, float]:
    """Seconds until the first new call begins, by start and by what the plan is written in."""
    out = place / "resumed"
    out.mkdir()
    plan = written(place / "resumed.jsonl", finished + 1)
    (place / "resumed.yaml").write_text(f"scenarios: [{SCENARIO}]\nrepeats: {finished + 1}\n")
    for index, call_id in enumerate(plan.ids[:finished]):
        (out / call_id).mkdir()
        spec = plan.spec(index).model_dump_json(by_alias=True)
        (out / call_id / CALL).write_text(f'{{"spec": {spec}}}')
    begun = out / f".{plan.ids[finished]}.partial"
    took: dict[str, float] = {}
    for kind, start in product(("jsonl", "yaml"), ("first", "next")):
        began_s = time.monotonic()
        command = batch(place / f"resumed.{kind}", out, "direct", 1)
        cached = {"DUOLOGUE_CACHE": str(place / "cache")}
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | cached)
        while not begun.exists():
            if running.poll() is not None:
                sys.exit(f"the batch ended ({running.returncode})")
            time.sleep(0.005)
        took[f"{start} start, plan in {kind}"] = round(time.monotonic() - began_s, 2)
        running.kill()
        running.wait()
        shutil.rmtree(begun)
    return took


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    table = Table("figure", "value", "goal", title="batches")
    for transport, one in figures["overhead"].items():
        table.add_row(f"{transport}: calls, goals reached", f"{one['calls']}, {one['goals']}", "")
        table.add_row(f"{transport}: seconds of call per second", f"{one['call_s_per_wall_s']}", "")
        table.add_row(f"{transport}: overhead", f"{one['overhead']:.1%}", "5%")
        table.add_row(f"{transport}: of it labels", f"{one['labels']:.1%}", "")
    for start, took_s in figures["resume_s"].items():
        calls = f"{figures['finished']:,} finished calls"
        goal = "3 s" if start.startswith("next") else ""
        table.add_row(f"going on beside {calls}, {start}", f"{took_s} s", goal)
    Console().print(table)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="The overhead of batches.")
    parser.add_argument("--direct", type=int, default=100, help="direct calls; 0 for none")
    parser.add_argument("--livekit", type=int, default=20, help="calls over LiveKit; 0 for none")
    parser.add_argument("--resume", type=int, default=100_000, help="finished calls; 0 for none")
    parser.add_argument("--keep", type=Path, help="keep the call folders here")
    parser.add_argument("--json", type=Path, default=Path("bench/batches.json"))
    options = parser.parse_args()
    jobs = {"direct": os.cpu_count() or 1, "livekit": 3}
    figures: dict[str, Any] = {"overhead": {}, "finished": options.resume, "resume_s": {}}
    with tempfile.TemporaryDirectory() as temporary:
        place = options.keep or Path(temporary)
        place.mkdir(parents=True, exist_ok=True)
        for transport, number in jobs.items():
            if calls := getattr(options, transport):
                figures["overhead"][transport] = overhead(calls, transport, number, place)
        if options.resume:
            figures["resume_s"] = resume(options.resume, Path(temporary))
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
