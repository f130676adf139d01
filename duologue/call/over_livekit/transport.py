"""The LiveKit transport: both sides in a room, on a server that is there or is started here."""

import asyncio
from collections.abc import AsyncIterator, Collection, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import aiohttp
from livekit import api

from duologue.call.counterpart import LiveKitAgent
from duologue.call.over_livekit.admission import FULL, Admission
from duologue.call.over_livekit.agent_worker import TheirAgent, hosted_agent
from duologue.call.over_livekit.call import hold_call
from duologue.call.transport import Held, Occasion, Watch
from duologue.folder.folder import CallFolder, Clock, TransportName
from duologue.servers.host import find_running, hosted
from duologue.servers.keeper import kept_server, kept_workers
from duologue.servers.worker_processes import Worker
from shared.address import ServerAddress
from shared.errors import CallFailed, ServerFailed, ServerUnreachable, UsageError
from shared.spec import CallSpec, Role

T = TypeVar("T")

AGAIN_EVERY_S = 1.0
AWAY_S = 300.0
"""How long a server may be away, while many calls are made, before it is given up."""


class LiveKit:
    """Carries calls over the server that the settings name, a running `duologue up`'s, or its own.

    Its own server and workers are stopped when the calls are over.
    """

    name = TransportName.LIVEKIT
    clock = Clock.REAL
    cpu_s_per_minute = 30.0

    def in_time(self, clock: Clock) -> "LiveKit":
        """The same: rooms know one time.

        Raises:
            UsageError: Another is asked for.
        """
        if clock is not Clock.REAL:
            raise UsageError("--clock is for --transport direct")
        return self

    def check(self, spec: CallSpec) -> None:
        """It carries every call."""

    def prepare(self, occasion: Occasion) -> "AbstractAsyncContextManager[LiveKitCarrier]":
        """A server with workers, or with somebody's agent (see `Transport`)."""
        if isinstance(occasion.counterpart, LiveKitAgent):
            return _with_their_agent(occasion, occasion.counterpart)
        return _with_kept_workers(occasion) if occasion.many else _with_workers(occasion)

    def at_once(self, cores: int) -> int:
        """As many as keep up with real time; more would not be slower but broken."""
        return max(1, int(cores * FULL * 60 / self.cpu_s_per_minute))


class LiveKitCarrier:
    """Places calls on one server.

    Args:
        address: Of the server.
        occasion: What calls are made for.
        kept: What fails when the server or a worker cannot be kept running.
        theirs: Somebody's agent that was started here.
    """

    def __init__(
        self,
        address: ServerAddress,
        occasion: Occasion,
        *,
        kept: Collection[asyncio.Future[Any]] = (),
        theirs: TheirAgent | None = None,
    ) -> None:
        self._address, self._occasion = address, occasion
        self._kept, self._theirs = kept, theirs
        self._admission = Admission()
        self._recovering = asyncio.Lock()

    @property
    def last_lines(self) -> Sequence[str]:
        """What somebody's agent that was started here printed last."""
        return self._theirs.last_lines if self._theirs else ()

    async def place(self, spec: CallSpec, folder: CallFolder, watch: Watch) -> Held:
        """Place a call (see `Carrier`)."""
        try:
            return await hold_call(
                spec,
                self._address,
                folder,
                self._occasion.settings,
                counterpart=self._occasion.counterpart,
                watch=watch,
            )
        except (ServerUnreachable, api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
            if not self._occasion.many:
                raise
            problem = str(error) or type(error).__name__
            raise CallFailed(f"the server went away: {problem}") from None

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """Wait until the machine can carry one more call, and the server answers."""
        async with self._admission:
            await self.recover()  # while the server is away, waiting costs no attempt
            yield

    async def recover(self) -> None:
        """Wait until the server answers.

        Raises:
            ServerFailed: It stays away.
            WorkerFailed: A worker of our own keeps dying.
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
                            self._occasion.say(f"waiting for the server: {error}")
                        said = True
                        await asyncio.sleep(AGAIN_EVERY_S)
        except TimeoutError:
            url = self._address.url
            raise ServerFailed(f"{url} has not answered for {AWAY_S:.0f} s") from None


@asynccontextmanager
async def _with_their_agent(
    occasion: Occasion, agent: LiveKitAgent
) -> AsyncIterator[LiveKitCarrier]:
    settings, say = occasion.settings, occasion.say
    async with hosted_agent(agent.name, agent.command, settings, say) as theirs:
        yield LiveKitCarrier(theirs.address, occasion, theirs=theirs)


@asynccontextmanager
async def _with_workers(occasion: Occasion) -> AsyncIterator[LiveKitCarrier]:
    """For one call: what dies is its end."""
    async with hosted(
        occasion.settings,
        occasion.say,
        local_workers=occasion.local_workers,
        on_line=occasion.on_line,
        engines=occasion.engines,
    ) as address:
        yield LiveKitCarrier(address, occasion)


@asynccontextmanager
async def _with_kept_workers(occasion: Occasion) -> AsyncIterator[LiveKitCarrier]:
    """For many calls: a server and workers of our own are started again when they die."""
    settings, say = occasion.settings, occasion.say
    if running := await find_running(settings, say):
        yield LiveKitCarrier(running, occasion)
        return
    async with kept_server(settings, say) as (address, server):
        say("starting both workers")
        missing, ready = set(Role), asyncio.Event()

        def registered(worker: Worker) -> None:
            missing.discard(worker.role)
            if not missing:
                ready.set()

        async with kept_workers(
            address,
            say,
            registered=registered,
            on_line=occasion.on_line,
            calls=occasion.at_once,
        ) as workers:
            carrier = LiveKitCarrier(address, occasion, kept=(server, *workers))
            await carrier.until(ready.wait())
            yield carrier
