"""The process of somebody's agent: this project's bridge, run by the Python of the agent's own.

It is started in real time, beside the call's own clock, and ends when we end, however we end
(`duologue.servers.process`).
"""

import asyncio
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from math import inf
from pathlib import Path
from typing import Any

from duologue.call.direct import bridge
from duologue.call.direct.bridge.clock import real_monotonic
from duologue.call.direct.bridge.wire import Message, send_now
from duologue.call.simulation_dispatch import simulation_attributes
from duologue.folder.folder import Clock
from duologue.servers.process import Program
from shared.errors import UsageError
from shared.settings import inherited_environment
from shared.spec import AgentUnderTest, CallSpec

MAIN = Path(bridge.__file__).with_name("__main__.py")
SHOWN_LINES = 20
ENDS_WITHIN_S = 5.0
"""How long the process may take to end once its call is over."""
WATCHED_EVERY_S = 0.5
ENVIRONMENT = {
    # Else a set of an agent's has another order each time.
    "PYTHONHASHSEED": "0",
    "PYTHONUNBUFFERED": "1",
}


class AgentProcess:
    """A process that is there for one call.

    Attributes:
        end: Our end of the line to it.
    """

    def __init__(self, program: Program, end: socket.socket) -> None:
        self._program, self.end = program, end
        self._loop = asyncio.get_running_loop()
        self._deadline_s = inf
        """Until when it is waited for, by the real clock."""
        self._hung = False

    @property
    def last_lines(self) -> Sequence[str]:
        """What it printed last."""
        return list(self._program.last_lines)[-SHOWN_LINES:]

    async def how_it_ended(self) -> str:
        """Wait until it has, from any loop; how, and what it said last."""
        ended = asyncio.run_coroutine_threadsafe(self._program.wait(), self._loop)
        code = await asyncio.wrap_future(ended)
        if self._hung:
            return "it did not answer any more, and was killed"
        how = f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        lines = self.last_lines
        return f"{how}: {lines[-1][:300]}" if lines else how

    @contextmanager
    def awaited(self, limit_s: float) -> Iterator[None]:
        """Have it ended if this takes longer, in real time; to be used in any thread."""
        self._deadline_s = real_monotonic() + limit_s
        try:
            yield
        finally:
            self._deadline_s = inf

    async def watch(self) -> None:
        """End it when it is waited for in vain."""
        while real_monotonic() < self._deadline_s:  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(WATCHED_EVERY_S)
        self._hung = True
        await self._program.stop(grace_s=0)


@asynccontextmanager
async def started_agent(
    spec: CallSpec, agent: AgentUnderTest, clock: Clock
) -> AsyncIterator[AgentProcess]:
    """The process of `agent`, loading its file for the call; gone on leaving.

    Raises:
        UsageError: There is no such file, or no such Python.
    """
    assert agent.file
    if not agent.file.is_file():
        raise UsageError(f"there is no agent file {agent.file}")
    python = _program(agent.python)
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            try:
                program = await Program.start(
                    [python, "-P", str(MAIN), str(theirs.fileno())],
                    env=inherited_environment() | ENVIRONMENT,
                    inherits=[theirs.fileno()],
                )
            except OSError as error:
                raise UsageError(f"{python} cannot be run: {error.strerror}") from None
        try:
            with suppress(BrokenPipeError):  # it ended at once, and will be asked why
                send_now(ours, Message("order", _order(spec, agent, clock)))
            process = AgentProcess(program, ours)
            watching = asyncio.create_task(process.watch(), name="watch agent")
            try:
                yield process
            finally:
                watching.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(program.wait(), ENDS_WITHIN_S)
        finally:
            await program.stop(grace_s=0)


def _program(python: Path | None) -> str:
    if python is None:
        return sys.executable
    found = shutil.which(python)
    if found is None:
        raise UsageError(f"there is no Python {python}; name that of the agent's environment")
    return found


def _order(spec: CallSpec, agent: AgentUnderTest, clock: Clock) -> dict[str, Any]:
    assert agent.file
    assert spec.customer
    return {
        "file": str(agent.file.resolve()),
        "name": agent.name,
        "room": spec.call_id,
        "metadata": agent.metadata,
        "attributes": simulation_attributes(spec),
        "caller": spec.customer.persona.name,
        "seed": spec.seed,
        "virtual": clock is Clock.VIRTUAL,
        "follow_clock": agent.follow_clock,
    }
