"""The two workers as child processes of this one, registered before they count as started."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any

from duologue.servers.process import Program
from duologue.servers.worker_log import LONGEST, fields_of, last_error
from shared.address import ServerAddress
from shared.errors import ServerFailed, WorkerFailed
from shared.events import Registered
from shared.settings import inherited_environment
from shared.spec import Role

READY_TIMEOUT_S = 60.0
STOP_GRACE_S = 5.0
"""How long a worker may drain when it is stopped; by then its calls are over."""
FOREIGN = frozenset(
    {
        "LIVEKIT_AGENT_NAME_OVERRIDE",  # would give both workers one name
        "LIVEKIT_AGENT_NAME",
        "HTTP_PROXY",  # the server is asked directly, and needs none
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    }
)

CHECKED_EVERY_S = 5.0
CHECK_TIMEOUT_S = 5.0
HUNG_CHECKS = 4
"""A worker that does not answer so many times in a row hangs: 20 to 40 s, far longer than a busy
machine keeps it from its loop."""

FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM)
"""Whoever ends by these has not said why."""

OnLine = Callable[[Role, str], None]
Command = Callable[[Role], Sequence[str]]


def command(role: Role) -> list[str]:
    """What starts the worker of `role`, with this very Python.

    `-P`: a file in the user's folder may have the name of one of our modules, or of Python's.
    """
    return [sys.executable, "-P", "-m", f"{role}_agent"]


class Worker:
    """A worker process.

    Attributes:
        role: What it is.
        pid: Its process id.
    """

    def __init__(self, role: Role, program: Program, registered: asyncio.Future[int]) -> None:
        self.role, self.pid = role, program.pid
        self._program, self._registered = program, registered

    @classmethod
    async def start(
        cls,
        role: Role,
        address: ServerAddress,
        *,
        on_line: OnLine | None = None,
        argv: Command = command,
        calls: int | None = None,
    ) -> "Worker":
        """Start the worker of `role`, which takes so many `calls`; `on_line` gets its log's lines.

        Raises:
            WorkerFailed: It cannot be started.
        """
        registered: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        def read(line: str) -> None:
            fields = fields_of(line)
            if fields.get("event") == Registered.name and not registered.done():
                registered.set_result(fields["port"])
            if on_line is not None:
                on_line(role, line)

        try:
            program = await Program.start(
                argv(role), env=_environment(address, calls), on_line=read
            )
        except OSError as error:
            raise WorkerFailed(role, str(error)) from None
        return cls(role, program, registered)

    async def ready(self, *, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until it is registered with the server.

        Raises:
            WorkerFailed: It ended before, or did not register in time.
        """
        ended = asyncio.create_task(self.wait(), name=f"{self.role} ends")
        try:
            waited: set[asyncio.Future[Any]] = {ended, self._registered}
            await asyncio.wait(waited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise WorkerFailed(self.role, f"it ended ({ended.result()})")
            if not self._registered.done():
                problem = last_error(self._program.last_lines)
                why = f" ({problem})" if problem else ""
                raise WorkerFailed(self.role, f"it did not register within {timeout_s:g} s{why}")
        finally:
            ended.cancel()

    async def wait(self) -> str:
        """Wait until it has ended; how it ended, and the error that it said last."""
        code = await self._program.wait()
        how = f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
        problem = "" if -code in FROM_OUTSIDE else last_error(self._program.last_lines)
        if code > 0 and not problem:
            problem = self._last_words
        return f"{how}: {problem}" if problem else how

    async def lost(self) -> str:
        """Wait until it has ended, or hangs; what was seen. It must be registered."""
        ended = asyncio.create_task(self.wait(), name=f"{self.role} ends")
        hung = asyncio.create_task(self._hang(), name=f"{self.role} hangs")
        try:
            await asyncio.wait({ended, hung}, return_when=asyncio.FIRST_COMPLETED)
            return ended.result() if ended.done() else "it does not answer any more"
        finally:
            ended.cancel()
            hung.cancel()

    @property
    def _last_words(self) -> str:
        """The last line that is no record, such as of a Python that finds no module."""
        plain = [line for line in self._program.last_lines if not fields_of(line)]
        return plain[-1][:LONGEST] if plain else ""

    @property
    def port(self) -> int:
        """Its health port. It must be registered."""
        return self._registered.result()

    async def _hang(self) -> None:
        """Return once it has not answered at its health port several times in a row."""
        missed = 0
        while missed < HUNG_CHECKS:
            await asyncio.sleep(CHECKED_EVERY_S)
            missed = 0 if await answers(self.port) else missed + 1

    async def stop(self) -> None:
        """End it and its job processes."""
        await self._program.stop(grace_s=STOP_GRACE_S)


@asynccontextmanager
async def running_workers(
    address: ServerAddress,
    *,
    roles: Collection[Role] = tuple(Role),
    on_line: OnLine | None = None,
    argv: Command = command,
    server: Program | None = None,
) -> AsyncIterator[dict[Role, Worker]]:
    """The workers of `roles`, registered with the server at `address`; stopped on leaving.

    Args:
        address: Of their server.
        roles: Which.
        on_line: Gets every line of their logs.
        argv: What starts a worker.
        server: The server itself, where it is our own.

    Raises:
        WorkerFailed: One of them did not start.
        ServerFailed: The server ended before they were registered.
    """
    workers: dict[Role, Worker] = {}
    try:
        for role in roles:
            workers[role] = await Worker.start(role, address, on_line=on_line, argv=argv)
        await _all_ready(workers.values(), server)
        yield workers
    finally:
        await asyncio.gather(*(worker.stop() for worker in workers.values()))


async def _all_ready(workers: Collection[Worker], server: Program | None) -> None:
    ready = asyncio.gather(*(worker.ready() for worker in workers))
    waited: list[asyncio.Future[Any]] = [ready]
    if server:
        waited.append(asyncio.create_task(server.wait(), name="server ends"))
    try:
        done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        for ended in done - {ready}:
            raise ServerFailed(
                f"livekit-server ended by itself ({ended.result()}) as the workers started"
            )
        await ready
    finally:
        for each in waited:
            each.cancel()
        await asyncio.gather(*waited, return_exceptions=True)


async def answers(port: int) -> bool:
    """Whether something answers HTTP at a local port, whatever it says."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET / HTTP/1.0\r\n\r\n")
                return bool(await reader.readline())
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False


def _environment(address: ServerAddress, calls: int | None) -> dict[str, str]:
    inherited = inherited_environment(without=FOREIGN)
    direct = ",".join(filter(None, [inherited.get("NO_PROXY"), "127.0.0.1,localhost"]))
    limit = {} if calls is None else {"DUOLOGUE_WORKER_CALLS": str(calls)}
    return (
        inherited
        | limit
        | {
            "LIVEKIT_URL": address.url,
            "LIVEKIT_API_KEY": address.api_key,
            "LIVEKIT_API_SECRET": address.api_secret.get_secret_value(),
            "NO_PROXY": direct,
            "no_proxy": direct,
            "DUOLOGUE_LOG": "json",
            # Any free port; their log says which.
            "CUSTOMER_PORT": "0",
            "SUPPORT_PORT": "0",
            # There are two on this machine, and their log says that they are registered.
            "DUOLOGUE_READY_PORT": "0",
            "PYTHONUNBUFFERED": "1",
        }
    )
