"""Direct calls in processes of their own, so that one that crashes takes no other with it."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from duologue.batch.maker import ERRORS, Made, Order
from duologue.filing import Attempt, CallResult
from duologue.folder import CallFolder
from duologue.process import Program
from shared.errors import CallFailed, CallTaken
from shared.settings import inherited_environment
from shared.spec import CallSpec


class DirectCaller:
    """Processes that each make one direct call after another.

    Args:
        out: The folder that call folders are made in.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._idle: list[_Maker] = []
        self._all: set[_Maker] = set()

    async def call(self, spec: CallSpec, attempt: Attempt) -> CallResult:
        """Make a call in a process that has none (see `Caller`)."""
        maker = self._idle.pop() if self._idle else await _Maker.start()
        self._all.add(maker)
        try:
            return await maker.make(Order(spec=spec, out=self._out, attempt=attempt))
        finally:
            if maker.running:
                self._idle.append(maker)
            else:
                self._all.discard(maker)
                await maker.stop()
                with suppress(CallTaken):
                    CallFolder.create(self._out, spec.call_id).discard()  # what it had begun

    async def recover(self) -> None:
        """Nothing: another attempt has another process."""

    async def stop(self) -> None:
        """End all processes."""
        await asyncio.gather(*(maker.stop() for maker in self._all))


@asynccontextmanager
async def direct_caller(out: Path) -> AsyncIterator[DirectCaller]:
    """Makes direct calls; its processes are ended on leaving."""
    caller = DirectCaller(out)
    try:
        yield caller
    finally:
        await caller.stop()


class _Maker:
    """A process that makes calls (see `duologue.batch.maker`)."""

    def __init__(self) -> None:
        self._program: Program
        self._reply: asyncio.Future[CallResult] | None = None

    @classmethod
    async def start(cls) -> "_Maker":
        self = cls()
        argv = [sys.executable, "-m", "duologue.batch.maker"]
        env = inherited_environment()
        self._program = await Program.start(argv, env=env, on_line=self._on_line, told=True)
        return self

    @property
    def running(self) -> bool:
        return self._program.running

    async def make(self, order: Order) -> CallResult:
        reply: asyncio.Future[CallResult] = asyncio.get_running_loop().create_future()
        self._reply = reply
        ended = asyncio.create_task(self._program.wait(), name="maker ends")
        try:
            await self._program.tell(order.model_dump_json(by_alias=True))
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
        await self._program.stop(grace_s=0)

    def _on_line(self, line: str) -> None:
        reply: dict[str, Any] = json.loads(line) if line.startswith('{"reply":') else {}
        if not self._reply or self._reply.done() or not reply:
            return
        if error := ERRORS.get(reply["reply"]):
            self._reply.set_exception(error(reply["detail"]))
        else:
            self._reply.set_result(Made.model_validate(reply["made"]).to_result())

    def _how(self, code: int) -> str:
        how = f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        lines = self._program.last_lines
        return f"{how}: {lines[-1][:300]}" if lines else how
