"""How fast calls on the direct transport are: seconds of call per second, and what costs them.

    python -m benchmarks.direct [--processes 2] [--calls 5] [--customer piper/joe] [--json FILE]

Every process makes calls of the default scenario one after the other, with a seed of its own each,
and caches nothing. Start-up is everything from starting Python to the first moment of the first
call. A load of the machine by others shows in the figures.
"""

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import psutil
from rich.console import Console
from rich.table import Table

T = TypeVar("T")

process_time = time.process_time
wall_time = time.perf_counter


class Costs:
    """CPU-seconds by component; what is called inside another counts for itself alone."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}
        self._inner: list[float] = []

    @contextmanager
    def count(self, component: str) -> Iterator[None]:
        """Count what is done meanwhile."""
        began_s = process_time()
        self._inner.append(0.0)
        try:
            yield
        finally:
            took_s = process_time() - began_s
            own_s = took_s - self._inner.pop()
            self.cpu_s[component] = self.cpu_s.get(component, 0.0) + own_s
            if self._inner:
                self._inner[-1] += took_s

    def watch(self, owner: Any, name: str, component: str | Callable[[Any], str]) -> None:
        """Count what a method costs."""
        method = getattr(owner, name)

        @wraps(method)
        def counted(this: Any, *args: Any, **options: Any) -> Any:
            with self.count(component if isinstance(component, str) else component(this)):
                return method(this, *args, **options)

        setattr(owner, name, counted)


def work(number: int, calls: int, engines: dict[str, str], started_at: float) -> dict[str, Any]:
    """Make calls in this process; what each took."""
    from duologue.batch import call_maker  # noqa: PLC0415 - imported in the process
    from duologue.call.direct.pipes import PipeInput  # noqa: PLC0415
    from duologue.scenarios.scenario_file import load_scenario  # noqa: PLC0415
    from shared import logs  # noqa: PLC0415
    from shared.engines import local_tts, preload, silero, whisper  # noqa: PLC0415
    from shared.settings import Settings  # noqa: PLC0415
    from shared.spec import Role  # noqa: PLC0415
    from tests.making import call_directly  # noqa: PLC0415

    logs.configure("console", level=40)
    costs = Costs()
    settings = Settings.model_validate(engines)
    chosen = {role: settings.engines(role) for role in Role}
    for role in Role:
        preload(chosen[role], settings)
    startup = {"wall_s": time.time() - started_at, "cpu_s": process_time()}
    costs.watch(local_tts.Voice, "speak", lambda voice: f"synthesis, {voice.provider}")
    costs.watch(whisper.Whisper, "transcribe", "recognition")
    costs.watch(silero.SileroStream, "_probability", "voice activity detection")
    costs.watch(PipeInput, "push", "pipes")
    filed = vars(call_maker)["file_call"]
    vars(call_maker)["file_call"] = lambda *args, **options: _counted(
        costs, filed, *args, **options
    )
    results = []
    with tempfile.TemporaryDirectory() as temporary:
        for call in range(calls):
            seed = 1000 * number + call
            spec = load_scenario().to_spec(call_id=f"bench-{seed}", seed=seed, engines=chosen)
            began_s, began_cpu_s = wall_time(), process_time()
            with costs.count("sessions and event loop"):
                result = call_directly(spec, Path(temporary), settings)
            results.append(
                {
                    "call_s": result.metrics.duration_s,
                    "wall_s": wall_time() - began_s,
                    "cpu_s": process_time() - began_cpu_s,
                    "task_success": result.metrics.task_success,
                }
            )
    memory_mb = psutil.Process().memory_full_info().uss / 2**20
    return {
        "startup": startup,
        "calls": results,
        "cpu_s": costs.cpu_s,
        "uss_mb": memory_mb,
        "ended_at": time.time(),
    }


def _counted(costs: Costs, file_call: Callable[..., T], *args: Any, **options: Any) -> T:
    with costs.count("labelling and filing"):
        return file_call(*args, **options)


def measure(processes: int, calls: int, engines: dict[str, str]) -> dict[str, Any]:
    """Make `calls` calls in each of `processes` processes at once."""
    began_at = time.time()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        jobs = [pool.submit(work, number, calls, engines, began_at) for number in range(processes)]
        workers = [job.result() for job in jobs]
    made = [call for worker in workers for call in worker["calls"]]
    call_s = sum(call["call_s"] for call in made)
    cpu_s: dict[str, float] = {}
    for worker in workers:
        for component, used_s in worker["cpu_s"].items():
            cpu_s[component] = cpu_s.get(component, 0.0) + used_s
    steady = sum(
        sum(call["call_s"] for call in worker["calls"])
        / sum(call["wall_s"] for call in worker["calls"])
        for worker in workers
    )
    whole_s = max(worker["ended_at"] for worker in workers) - began_at
    return {
        "processes": processes,
        "calls": len(made),
        "engines": engines,
        "task_success": sum(call["task_success"] for call in made),
        "call_s_per_wall_s": {"steady": steady, "with_startup": call_s / whole_s},
        "call_s_per_cpu_s": call_s / sum(cpu_s.values()),
        "startup": [worker["startup"] for worker in workers],
        "uss_mb": max(worker["uss_mb"] for worker in workers),
        "cpu_s_per_call_minute": {
            component: 60 * used_s / call_s
            for component, used_s in sorted(cpu_s.items(), key=lambda item: -item[1])
        },
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    table = Table(title=f"{figures['calls']} direct calls in {figures['processes']} processes")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("target", justify="right")
    speed = figures["call_s_per_wall_s"]
    table.add_row("seconds of call per second, steady", f"{speed['steady']:.1f}", "25, goal 40")
    table.add_row("with start-up", f"{speed['with_startup']:.1f}", "")
    table.add_row("per CPU-second", f"{figures['call_s_per_cpu_s']:.1f}", "")
    startup_s = max(one["wall_s"] for one in figures["startup"])
    startup_cpu_s = max(one["cpu_s"] for one in figures["startup"])
    table.add_row("start-up of a process", f"{startup_s:.1f} s", "3 s")
    table.add_row("start-up of a process, CPU", f"{startup_cpu_s:.1f} s", "")
    table.add_row("task success", f"{figures['task_success']}", f"{figures['calls']}")
    table.add_row("memory of a process", f"{figures['uss_mb']:.0f} MB", "")
    for component, used_s in figures["cpu_s_per_call_minute"].items():
        table.add_row(f"CPU per minute of call: {component}", f"{used_s:.2f} s", "")
    Console().print(table)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="The speed of calls on the direct transport.")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--calls", type=int, default=5, help="in each process")
    parser.add_argument("--customer", default="hibari/heart-low", help="the customer's voice")
    parser.add_argument("--support", default="hibari/heart", help="the support agent's voice")
    parser.add_argument("--json", type=Path, default=Path("bench/direct.json"))
    options = parser.parse_args()
    engines = {"customer_tts": options.customer, "support_tts": options.support}
    figures = measure(options.processes, options.calls, engines)
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
