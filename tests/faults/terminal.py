"""A command as a user starts it: in a terminal of its own, with all that it starts in view."""

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from tests.duologue.processes import REPOSITORY


def _own_terminal() -> None:
    """Be the terminal's, as a shell's command is; a `nohup` around the tests counts for nothing."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A running `duologue` command."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.started: dict[int, psutil.Process] = {}
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "duologue", *arguments],
            cwd=REPOSITORY,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            # No threads run here, and nothing else makes a terminal the one that hangs up.
            preexec_fn=_own_terminal,  # noqa: PLW1509
        )
        os.close(slave)

    def look(self) -> None:
        """Read what it printed, and see what it has started."""
        while self._master >= 0 and select.select([self._master], [], [], 0)[0]:
            try:
                read = os.read(self._master, 65536)
            except OSError:  # nobody holds the other end any more
                break
            if not read:
                break
            self.output += read.decode(errors="replace")
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                self.started.setdefault(child.pid, child)

    def until(self, seen: Callable[[], bool], within_s: float) -> bool:
        """Look until something is `seen`; whether it was, before it ended and within the time."""
        end = time.monotonic() + within_s
        while time.monotonic() < end:
            self.look()
            if seen():
                return True
            if self.process.poll() is not None:
                return seen()
            time.sleep(0.02)
        return False

    def child(self, name: str) -> int | None:
        """The first process it has started with `name` in its command line."""
        for pid, process in self.started.items():
            with suppress(psutil.Error):
                if name in " ".join(process.cmdline()):
                    return pid
        return None

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._master, b"\x03")

    def close(self) -> None:
        """Close the window."""
        os.close(self._master)
        self._master = -1

    def left(self, within_s: float) -> list[str]:
        """What it has started and is still there after so long."""
        _, alive = psutil.wait_procs(list(self.started.values()), within_s)
        found = []
        for each in alive:
            with suppress(psutil.Error):
                if each.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"{each.pid} {' '.join(each.cmdline())[:80]}")
        return found

    def end(self) -> None:
        """End it and whatever it has left, without mercy."""
        self.look()
        for process in [*self.started.values()]:
            with suppress(psutil.Error):
                process.kill()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self._master >= 0:
            self.close()


def events(out: Path) -> str:
    """What the call that is being made in `out` has written down so far."""
    for log in (*out.glob(".*.partial/events.jsonl"), *out.glob("*/events.jsonl")):
        with suppress(OSError):
            return log.read_text(encoding="utf-8")
    return ""
