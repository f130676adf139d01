"""`duologue up`: a server and both workers that keep running, for calls made by others."""

import asyncio
from pathlib import Path
from typing import Any

from duologue.servers import up_state
from duologue.servers.keeper import kept_workers
from duologue.servers.server import running_server
from duologue.servers.server_binary import Say
from duologue.servers.worker_processes import Command, OnLine, Worker, command
from shared.address import ServerAddress
from shared.errors import ServerFailed, UsageError
from shared.settings import Settings
from shared.spec import Role


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
    if running := await asyncio.to_thread(up_state.read, settings):
        raise UsageError(up_state.already_running(running))
    async with running_server(settings, say, port=port) as server:
        with up_state.kept(settings, server.address) as file:
            ports = dict[Role, int | None].fromkeys(Role)

            def registered(worker: Worker) -> None:
                say(f"worker {worker.role} is registered (process {worker.pid})")
                first = ports[worker.role] is None
                ports[worker.role] = worker.port
                up_state.tell_workers(file, server.address, ports)
                if first and all(ports.values()):
                    _explain(server.address, file, say)

            async with kept_workers(
                server.address, say, registered=registered, on_line=on_line, argv=argv
            ) as workers:
                ended = asyncio.create_task(server.program.wait(), name="server ends")
                stopped = asyncio.create_task(stop.wait(), name="stop")
                try:
                    waited: list[asyncio.Future[Any]] = [*workers.keepers, ended, stopped]
                    done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
                    if ended in done:
                        raise ServerFailed(f"livekit-server ended by itself ({ended.result()})")
                    for keeper in done.intersection(workers.keepers):
                        keeper.result()
                    say("stopping")
                finally:
                    ended.cancel()
                    stopped.cancel()


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
