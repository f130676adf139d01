"""A server and workers that are kept running: what dies is started again."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from duologue.servers.server import Server, running_server
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


class KeptServer:
    """A livekit-server that is started again when it ends.

    Attributes:
        keeper: What keeps it, and fails with ServerFailed when it cannot be started again.
        current: The one that answered last.
    """

    keeper: asyncio.Task[None]
    current: Server


class KeptWorkers:
    """Both workers, each started again when it dies.

    Attributes:
        keepers: What keeps each of them, and fails with WorkerFailed when it keeps dying.
        current: Those that are registered and have not died, by role.
        ready: Set once both were.
    """

    keepers: Sequence[asyncio.Task[None]]

    def __init__(self) -> None:
        self.current: dict[Role, Worker] = {}
        self.ready = asyncio.Event()

    def ports(self) -> dict[Role, int | None]:
        """The health port of each; None while it is not registered."""
        ports = {role: worker.port for role, worker in self.current.items()}
        return {role: ports.get(role) for role in Role}


@asynccontextmanager
async def kept_server(settings: Settings, say: Say) -> AsyncIterator[KeptServer]:
    """A livekit-server, started again at the same address when it ends; stopped on leaving."""
    kept, started = KeptServer(), asyncio.Event()

    async def keep() -> None:
        address = None
        while True:
            async with running_server(settings, say, address=address) as server:
                kept.current, address = server, server.address
                started.set()
                code = await server.program.wait()
            say(f"livekit-server ended by itself ({code}); it is started again")

    kept.keeper = keeping = asyncio.create_task(keep(), name="keep server")
    starting = asyncio.create_task(started.wait(), name="server starts")
    try:
        waited: list[asyncio.Future[Any]] = [keeping, starting]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if keeping.done():
            keeping.result()
        yield kept
    finally:
        starting.cancel()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


@asynccontextmanager
async def kept_workers(
    address: ServerAddress,
    say: Say,
    *,
    registered: Callable[[Worker], None] = lambda _: None,
    on_line: OnLine | None = None,
    argv: Command = command,
    calls: int | None = None,
) -> AsyncIterator[KeptWorkers]:
    """Both workers, started again when they die; stopped on leaving.

    Args:
        address: Of their server.
        say: Told of deaths.
        registered: Called whenever a worker has registered.
        on_line: Gets every line of the workers' logs.
        argv: What starts a worker.
        calls: How many each takes at a time; None leaves it to the environment.
    """
    kept = KeptWorkers()

    def start(role: Role) -> Awaitable[Worker]:
        return Worker.start(role, address, on_line=on_line, argv=argv, calls=calls)

    kept.keepers = [
        asyncio.create_task(_keep(kept, partial(start, role), registered, say), name=f"keep {role}")
        for role in Role
    ]
    try:
        yield kept
    finally:
        for keeper in kept.keepers:
            keeper.cancel()
        await asyncio.gather(*kept.keepers, return_exceptions=True)


async def _keep(
    kept: KeptWorkers,
    start: Callable[[], Awaitable[Worker]],
    registered: Callable[[Worker], None],
    say: Say,
) -> None:
    """Keep one worker running; returns only by raising."""
    deaths: deque[float] = deque(maxlen=DEATHS)
    clock = asyncio.get_running_loop()
    while True:
        worker = await start()
        try:
            await worker.ready()
            kept.current[worker.role] = worker
            if len(kept.current) == len(Role):
                kept.ready.set()
            registered(worker)
            problem = await worker.lost()
        except WorkerFailed as failure:
            problem = failure.problem
        finally:
            kept.current.pop(worker.role, None)
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
