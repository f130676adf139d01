"""Which server and workers a command uses: those named, those that are up, or its own."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import NamedTuple

from duologue.servers import up_state
from duologue.servers.server import running_server
from duologue.servers.server_binary import Say
from duologue.servers.worker_processes import OnLine, Worker, running_workers
from shared.address import ServerAddress
from shared.engines import check as check_engines
from shared.errors import UsageError
from shared.settings import Settings
from shared.spec import Engines, Role


class Hosted(NamedTuple):
    """A server, and the workers on it that were started here."""

    address: ServerAddress
    workers: Mapping[Role, Worker] = MappingProxyType({})


def find_address(settings: Settings) -> ServerAddress:
    """The server that the environment names, else that of a running `duologue up`.

    Raises:
        UsageError: There is neither.
    """
    address = ServerAddress.from_settings(settings) or up_state.read(settings)
    if address is None:
        raise UsageError("no server: set LIVEKIT_URL and its key, or start `duologue up`")
    return address


async def find_running(settings: Settings, say: Say) -> ServerAddress | None:
    """The server that the environment names, else that of a running `duologue up`, if any.

    Raises:
        UsageError: The server that the environment names does not let us in.
    """
    if named := ServerAddress.from_settings(settings):
        await named.check()
        say(f"using the server at {named.url}")
        return named
    if running := await asyncio.to_thread(up_state.read, settings):
        say(f"using the running `duologue up` at {running.url}")
    return running


@asynccontextmanager
async def hosted(
    settings: Settings,
    say: Say,
    *,
    local_workers: bool,
    on_line: OnLine,
    engines: Collection[Engines] = (),
) -> AsyncIterator[Hosted]:
    """A server that knows us and has workers, stopped on leaving if it was started here.

    With LIVEKIT_URL set, nothing is started but the workers, and those only if asked for.

    Args:
        settings: The environment, which workers that are started here have, too.
        say: Tells what is being done.
        local_workers: Whether to start workers beside a server that is named.
        on_line: Called with what they print.
        engines: What they must be able to use. Workers elsewhere have keys of their own.

    Raises:
        EngineUnavailable: Workers that are to be started here cannot use `engines`.
        UsageError: The server that the environment names does not let us in.
        ServerFailed: There is none, and none could be started, or it ended as the workers started.
        WorkerFailed: A worker could not be started.
    """
    if address := await find_running(settings, say):
        if local_workers and settings.livekit_url:
            _check(engines, settings)
            async with running_workers(address, on_line=on_line) as workers:
                yield Hosted(address, workers)
        else:
            yield Hosted(address)
    else:
        _check(engines, settings)
        async with running_server(settings, say) as server:
            say("starting both workers")
            async with running_workers(
                server.address, on_line=on_line, server=server.program
            ) as workers:
                yield Hosted(server.address, workers)


def _check(engines: Collection[Engines], settings: Settings) -> None:
    for each in engines:
        check_engines(each, settings)
