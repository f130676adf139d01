"""A server and workers that are kept running: what dies is started again."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from duologue.servers.server import running_server
from duologue.servers.server_binary import Say
from duologue.servers.worker_processes import Command, OnLine, Worker, command
from shared.address import ServerAddress
from shared.errors import WorkerFailed
from shared.settings import Settings
from shared.spec import Role

DEATHS = 5
DEATHS_WITHIN_S = 60.0
"""A worker that dies `DEATHS` times within this time is given up."""
LONGEST_PAUSE_S = 8.0


@asynccontextmanager
async def kept_server(
    settings: Settings, say: Say
) -> AsyncIterator[tuple[ServerAddress, asyncio.Future[None]]]:
    """A livekit-server, started again at the same address when it ends; stopped on leaving.

    Yields:
        Its address, and what fails with ServerFailed when it cannot be started again.
    """
    started: asyncio.Future[ServerAddress] = asyncio.get_running_loop().create_future()

    async def keep() -> None:
        address = None
        while True:
            async with running_server(settings, say, address=address) as server:
                address = server.address
                if not started.done():
                    started.set_result(address)
                code = await server.program.wait()
            say(f"livekit-server ended by itself ({code}); it is started again")

    keeping = asyncio.create_task(keep(), name="keep server")
    try:
        waited: list[asyncio.Future[Any]] = [keeping, started]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if keeping.done():
            keeping.result()
        yield started.result(), keeping
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@asynccontextmanager
async def kept_workers(
    address: ServerAddress,
    say: Say,
    *,
    registered: Callable[[Worker], None],
    on_line: OnLine | None = None,
    argv: Command = command,
    calls: int | None = None,
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Both workers, started again when they die; stopped on leaving.

    Args:
        address: Of their server.
        say: Told of deaths.
        registered: Called whenever a worker has registered.
        on_line: Gets every line of the workers' logs.
        argv: What starts a worker.
        calls: How many each takes at a time; None leaves it to the environment.

    Yields:
        What keeps each of them, and fails with WorkerFailed when it keeps dying.
    """

    def start(role: Role) -> Awaitable[Worker]:
        return Worker.start(role, address, on_line=on_line, argv=argv, calls=calls)

    keepers = [
        asyncio.create_task(_keep(partial(start, role), registered, say), name=f"keep {role}")
        for role in Role
    ]
    try:
        yield keepers
    finally:
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)


async def _keep(
    start: Callable[[], Awaitable[Worker]], registered: Callable[[Worker], None], say: Say
) -> None:
    """Keep one worker running; returns only by raising."""
    deaths: deque[float] = deque(maxlen=DEATHS)
    clock = asyncio.get_running_loop()
    while True:
        worker = await start()
        try:
            await worker.ready()
            registered(worker)
            problem = await worker.lost()
        except WorkerFailed as failure:
            problem = failure.problem
        finally:
            await worker.stop()
        deaths.append(clock.time())
        if len(deaths) == DEATHS and deaths[-1] - deaths[0] < DEATHS_WITHIN_S:
            raise WorkerFailed(
                worker.role, f"it died {DEATHS} times within {DEATHS_WITHIN_S:.0f} s ({problem})"
            )
        recent = sum(deaths[-1] - death < DEATHS_WITHIN_S for death in deaths)
        pause_s = min(0.25 * 2**recent, LONGEST_PAUSE_S)
        say(f"worker {worker.role} died ({problem}); it is started again in {pause_s:g} s")
        await asyncio.sleep(pause_s)
