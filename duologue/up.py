"""`duologue up`: a server and both workers that keep running, for calls made by others."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from duologue import state
from duologue.server import running_server
from duologue.server_binary import Say
from duologue.workers import Command, OnLine, Worker, command
from shared.address import ServerAddress
from shared.errors import ServerFailed, UsageError, WorkerFailed
from shared.settings import Settings
from shared.spec import Role

DEATHS = 5
DEATHS_WITHIN_S = 60.0
"""A worker that dies `DEATHS` times within this time is given up."""
LONGEST_PAUSE_S = 8.0


async def up(
    settings: Settings,
    say: Say,
    stop: asyncio.Event,
    *,
    port: int = 0,
    on_line: OnLine | None = None,
    argv: Command = command,
) -> None:
    """Keep a server and both workers running until `stop` is set, then stop them.

    Args:
        settings: Says where the binary and the state are kept.
        say: Told what is being done, and how to use it.
        stop: Set by whoever wants an end.
        port: The server's HTTP port; 0 takes a free one.
        on_line: Gets every line of the workers' logs.
        argv: What starts a worker.

    Raises:
        UsageError: Another one is running, or `port` is in use.
        ServerFailed: The server did not start, or ended.
        WorkerFailed: A worker keeps dying.
    """
    if running := await asyncio.to_thread(state.read, settings):
        raise UsageError(state.already_running(running))
    async with running_server(settings, say, port=port) as server:
        with state.kept(settings, server.address) as file:
            waiting = set(Role)

            def registered(worker: Worker) -> None:
                say(f"worker {worker.role} is registered (process {worker.pid})")
                if waiting == {worker.role}:
                    _explain(server.address, file, say)
                waiting.discard(worker.role)

            def start(role: Role) -> Awaitable[Worker]:
                return Worker.start(role, server.address, on_line=on_line, argv=argv)

            keepers = {
                asyncio.create_task(
                    _keep(partial(start, role), registered, say), name=f"keep {role}"
                )
                for role in Role
            }
            ended = asyncio.create_task(server.program.wait(), name="server ends")
            stopped = asyncio.create_task(stop.wait(), name="stop")
            tasks = {*keepers, ended, stopped}
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if ended in done:
                    raise ServerFailed(f"livekit-server ended by itself ({ended.result()})")
                for keeper in keepers & done:
                    keeper.result()
                say("stopping")
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


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
            problem = await worker.wait()
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


def _explain(address: ServerAddress, file: Path, say: Say) -> None:
    say(
        f"both workers are ready at {address.url}; key and secret are in {file}\n"
        "  a call:            duologue call\n"
        "  one agent:         "
        f"lk --url {address.url} dispatch create --room demo --agent-name support\n"
        "                     (with LIVEKIT_API_KEY and LIVEKIT_API_SECRET set from that file)\n"
        "  talk or listen:    duologue token --room demo\n"
        "  stop:              Ctrl-C"
    )
