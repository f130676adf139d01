"""What processes use: processor seconds, by kind of thread, and memory."""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import psutil

TICKS_PER_S = 100
"""Of /proc/<pid>/task/<tid>/stat, on Linux."""


class Usage(NamedTuple):
    """What one process has used so far."""

    cpu_s: float
    cpu_s_by_thread: Mapping[str, float]
    """By the threads' names, digits left out."""
    pss_mb: float
    """Memory, shared pages in proportion."""

    def since(self, before: "Usage") -> "Usage":
        """What was used since `before`; memory is that of now."""
        threads = {
            name: cpu_s - before.cpu_s_by_thread.get(name, 0.0)
            for name, cpu_s in self.cpu_s_by_thread.items()
        }
        return Usage(self.cpu_s - before.cpu_s, threads, self.pss_mb)


def usage(pid: int) -> Usage:
    """What process `pid` has used so far."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    threads: defaultdict[str, float] = defaultdict(float)
    for task in Path(f"/proc/{pid}/task").iterdir():
        stat = (task / "stat").read_text()
        name = stat[stat.index("(") + 1 : stat.rindex(")")]
        fields = stat[stat.rindex(")") + 2 :].split()
        threads[re.sub(r"[-_ ]?[0-9]+", "", name)] += (
            int(fields[11]) + int(fields[12])
        ) / TICKS_PER_S
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss_kb = int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]  # always there
    return Usage(times.user + times.system, threads, pss_kb / 1024)


def per_call_minute(used: Mapping[str, Usage], call_s: float) -> dict[str, dict[str, object]]:
    """By process: CPU-seconds per minute of call, where they went, and memory in MB."""
    return {
        name: {
            "cpu_s_per_call_minute": round(one.cpu_s * 60 / call_s, 2),
            "pss_mb": round(one.pss_mb),
            "threads_cpu_s_per_call_minute": {
                thread: round(cpu_s * 60 / call_s, 2)
                for thread, cpu_s in sorted(
                    one.cpu_s_by_thread.items(), key=lambda item: item[1], reverse=True
                )[:8]
            },
        }
        for name, one in used.items()
    }
