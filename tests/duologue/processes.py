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
    """A worker that registers at once; `before` and `after` run before and after that.

    It has a health port as our own do: whoever connects is told that it is well.
    """
    return python(
        f"import json, os, signal, socket, sys, threading, time\n{before}\n"
        "health = socket.create_server(('127.0.0.1', 0))\n"
        "def answer():\n"
        "    while True:\n"
        "        asking = health.accept()[0]\n"
        "        asking.sendall(b'HTTP/1.0 200 OK\\r\\n\\r\\n')\n"
        "        asking.close()\n"
        "threading.Thread(target=answer, daemon=True).start()\n"
        "port = health.getsockname()[1]\n"
        "print(json.dumps({'event': 'REGISTERED', 'port': port}), flush=True)\n"
        f"{after or 'signal.pause()'}"
    )
