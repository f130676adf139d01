"""A process that makes calls, from outside: started, told what to do, and ended.

What it is told and answers is in `duologue.batch.orders`, which takes seconds to import; here is
only what is needed to start one meanwhile.
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from duologue.servers.process import Program
from shared.errors import CallFailed
from shared.settings import inherited_environment


class CallProcess:
    """A process that makes one call after another."""

    def __init__(self) -> None:
        self._program: Program
        self._reply: asyncio.Future[dict[str, Any]] | None = None

    @classmethod
    async def start(cls) -> "CallProcess":
        """Start one; it takes orders at once, and begins with them when it can."""
        self = cls()
        # -P: whatever modules lie in the user's folder are not ours.
        argv = [sys.executable, "-P", "-m", "duologue.batch"]
        env = inherited_environment()
        self._program = await Program.start(argv, env=env, on_line=self._on_line, told=True)
        return self

    @property
    def running(self) -> bool:
        """Whether it can be given another order."""
        return self._program.running

    async def ask(self, order: str) -> dict[str, Any]:
        """What it answers to an order, which is one line of JSON.

        Raises:
            CallFailed: It ended without an answer.
        """
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._reply = reply
        ended = asyncio.create_task(self._program.wait(), name="process ends")
        try:
            await self._program.tell(order)
            waited: list[asyncio.Future[Any]] = [reply, ended]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if reply.done():
                return reply.result()
            raise CallFailed(f"its process ended: {self._how(ended.result())}")
        except asyncio.CancelledError:
            # Whatever it is doing, nobody wants it any more.
            await self.stop()
            raise
        finally:
            ended.cancel()
            self._reply = None

    async def stop(self) -> None:
        """End it, whatever it is doing."""
        await self._program.stop(grace_s=0)

    def _on_line(self, line: str) -> None:
        if self._reply and not self._reply.done() and line.startswith('{"reply":'):
            self._reply.set_result(json.loads(line))

    def _how(self, code: int) -> str:
        how = f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        lines = self._program.last_lines
        return f"{how}: {lines[-1][:300]}" if lines else how


@asynccontextmanager
async def started_process() -> AsyncIterator[CallProcess]:
    """A process that is ended on leaving."""
    process = await CallProcess.start()
    try:
        yield process
    finally:
        await process.stop()
