"""Calls over LiveKit, as many at once as the machine has room for."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from livekit import api

from duologue.call.over_livekit.admission import Admission
from duologue.call.over_livekit.call import place_call
from duologue.folder.folder import CallFolder
from duologue.pipeline.filing import Attempt, CallResult
from duologue.servers.host import find_running
from duologue.servers.keeper import kept_server, kept_workers
from duologue.servers.server_binary import Say
from duologue.servers.workers import OnLine, Worker
from shared.address import ServerAddress
from shared.errors import CallFailed, ServerFailed, ServerUnreachable
from shared.settings import Settings
from shared.spec import CallSpec, Role

T = TypeVar("T")

AGAIN_EVERY_S = 1.0
AWAY_S = 300.0
"""How long a server may be away before the batch gives it up."""


class LiveKitCaller:
    """Makes calls over one server.

    Args:
        address: Of the server.
        out: The folder that call folders are made in.
        settings: The environment.
        say: Told when the server is waited for.
        kept: What fails when the server or a worker cannot be kept running.
    """

    def __init__(
        self,
        address: ServerAddress,
        out: Path,
        settings: Settings,
        say: Say,
        kept: tuple[asyncio.Future[Any], ...] = (),
    ) -> None:
        self._address, self._out, self._settings = address, out, settings
        self._say, self._kept = say, kept
        self._admission = Admission()
        self._recovering = asyncio.Lock()

    async def call(self, spec: CallSpec, attempt: Attempt) -> CallResult:
        """Make a call as soon as there is room for it (see `Caller`)."""
        async with self._admission:
            await self.recover()  # while the server is away, waiting costs no attempt
            try:
                with CallFolder.create(self._out, spec.call_id) as folder:
                    return await place_call(
                        spec,
                        self._address,
                        folder,
                        self._settings,
                        on_event=lambda _: None,
                        attempt=attempt,
                    )
            except (ServerUnreachable, api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
                problem = str(error) or type(error).__name__
                raise CallFailed(f"the server went away: {problem}") from None

    async def recover(self) -> None:
        """Wait until the server answers.

        Raises:
            ServerFailed: It stays away.
            WorkerFailed: A worker of the batch's own keeps dying.
        """
        async with self._recovering:
            await self.until(self._answers())

    async def until(self, what: Coroutine[Any, Any, T]) -> T:
        """Wait for something that needs the server and the workers.

        Raises:
            DuologueError: One of them cannot be kept running.
        """
        waiting = asyncio.create_task(what, name="recovery")
        try:
            waited: list[asyncio.Future[Any]] = [waiting, *self._kept]
            done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()  # raises what went wrong
            return waiting.result()
        finally:
            waiting.cancel()

    async def _answers(self) -> None:
        said = False
        try:
            async with asyncio.timeout(AWAY_S):
                while True:
                    try:
                        return await self._address.check()
                    except ServerUnreachable as error:
                        if not said:
                            self._say(f"waiting for the server: {error}")
                        said = True
                        await asyncio.sleep(AGAIN_EVERY_S)
        except TimeoutError:
            url = self._address.url
            raise ServerFailed(f"{url} has not answered for {AWAY_S:.0f} s") from None


@asynccontextmanager
async def livekit_caller(
    settings: Settings, out: Path, say: Say, *, jobs: int, on_line: OnLine
) -> AsyncIterator[LiveKitCaller]:
    """Makes calls over the server that the environment names, or a running `duologue up`'s.

    If there is neither, over a server and workers of its own, which are started again when they
    die, and stopped on leaving.

    Raises:
        UsageError: The server that the environment names does not let us in.
        ServerFailed: None could be started.
        WorkerFailed: A worker could not be started.
    """
    if running := await find_running(settings, say):
        yield LiveKitCaller(running, out, settings, say)
    else:
        async with kept_server(settings, say) as (address, server):
            say("starting both workers")
            missing, ready = set(Role), asyncio.Event()

            def registered(worker: Worker) -> None:
                missing.discard(worker.role)
                if not missing:
                    ready.set()

            async with kept_workers(
                address, say, registered=registered, on_line=on_line, calls=jobs
            ) as workers:
                caller = LiveKitCaller(address, out, settings, say, kept=(server, *workers))
                await caller.until(ready.wait())
                yield caller
