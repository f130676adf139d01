"""Programs for tests to start, and ways to see when processes are gone."""

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).parents[2]


def python(code: str) -> list[str]:
    """What runs `code` in a Python of its own."""
    return [sys.executable, "-c", textwrap.dedent(code)]


def in_another_process(code: str) -> subprocess.Popen[str]:
    """Run `code`, which may import this project, in a process that a test may kill."""
    return subprocess.Popen(
        python(code),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
    )


async def all_gone(pids: Iterable[int], *, within_s: float) -> bool:
    """Whether every process in `pids` has ended within `within_s` seconds."""
    watched = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    _, alive = await asyncio.to_thread(psutil.wait_procs, watched, within_s)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


def fake_worker(*, before: str = "", after: str = "") -> list[str]:
    """A worker that registers at once; `before` and `after` run before and after that."""
    return python(
        f"import json, os, signal, sys, time\n{before}\n"
        "print(json.dumps({'event': 'REGISTERED'}), flush=True)\n"
        f"{after or 'signal.pause()'}"
    )
