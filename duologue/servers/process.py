"""Programs that end when we end, however we end.

Each program runs in a process group of its own, led by a guard: a shell that waits on a pipe
whose other end only this process holds. When this process goes, `kill -9` included, the pipe
closes and the guard ends the group: the program, and whatever the program has started.
The program joins the group before it runs, so there is no moment in which it could be missed.
"""

import asyncio
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress

GUARD = "trap '' TERM INT HUP; read -r _; kill -TERM 0; sleep 2; kill -KILL 0"
LINE_LIMIT = 2**20
LAST_LINES = 50
DRAIN_S = 2.0
"""How long what a program has printed is read after it ended."""

OnLine = Callable[[str], None]


class Program:
    """A running program. Its output, errors included, is read line by line as it comes.

    Attributes:
        pid: Its process id.
        last_lines: The last lines it printed, oldest first.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        guard: asyncio.subprocess.Process,
        output: int,
        on_line: OnLine | None,
    ) -> None:
        self._process, self._guard = process, guard
        self.pid = process.pid
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._reading = asyncio.create_task(
            self._read(output, on_line), name=f"output of {process.pid}"
        )
        self._stopped = False

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        on_line: OnLine | None = None,
        told: bool = False,
        inherits: Collection[int] = (),
    ) -> "Program":
        """Start `argv` with the environment `env`; `on_line` gets every line it prints.

        With `told`, it reads what `tell` is given from its standard input; of our open files it
        has those that it `inherits`.

        Raises:
            OSError: It cannot be started.
        """
        guard = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", GUARD, stdin=subprocess.PIPE, process_group=0
        )
        # A pipe of our own: with asyncio's, `wait` waits for whatever else inherited it.
        ours, theirs = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                env=env,
                stdin=subprocess.PIPE if told else subprocess.DEVNULL,
                stdout=theirs,
                stderr=theirs,
                process_group=guard.pid,
                pass_fds=tuple(inherits),
            )
        except BaseException:
            os.close(ours)
            _kill_group(guard.pid)
            await guard.wait()
            raise
        finally:
            os.close(theirs)
        return cls(process, guard, ours, on_line)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def wait(self) -> int:
        """Its exit code, once it has ended and what it printed was read."""
        code = await self._process.wait()
        await asyncio.wait({self._reading}, timeout=DRAIN_S)
        return code

    async def tell(self, line: str) -> None:
        """Write a line to its standard input; nothing happens if it has ended."""
        assert self._process.stdin is not None
        with suppress(ConnectionError):
            self._process.stdin.write(line.encode() + b"\n")
            await self._process.stdin.drain()

    async def stop(self, *, grace_s: float) -> None:
        """End it and all it started: asked first, killed after `grace_s` seconds."""
        if self._stopped:
            return
        self._stopped = True
        try:
            if self.running:
                # The program alone: a worker that drains needs its own children meanwhile.
                with suppress(ProcessLookupError):
                    self._process.terminate()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._process.wait(), grace_s)
        finally:
            _kill_group(self._guard.pid)
        await self._process.wait()
        await self._guard.wait()
        await self._reading

    async def _read(self, output: int, on_line: OnLine | None) -> None:
        reader = asyncio.StreamReader(limit=LINE_LIMIT)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(output, "rb", buffering=0)
        )
        try:
            while True:
                try:
                    raw = await reader.readline()
                except ValueError:  # a line longer than the limit; it was dropped
                    continue
                if not raw:
                    return
                line = raw.decode(errors="replace").rstrip()
                if line:
                    self.last_lines.append(line)
                    if on_line is not None:
                        on_line(line)
        finally:
            transport.close()


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
