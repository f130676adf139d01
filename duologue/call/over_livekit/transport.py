"""The LiveKit transport: both sides in a room, on a server that is there or is started here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import aiohttp
from livekit import api

from duologue.call.counterpart import LiveKitAgent
from duologue.call.outcome import RETRIED
from duologue.call.over_livekit.admission import FULL, Admission
from duologue.call.over_livekit.agent_log import AgentLog
from duologue.call.over_livekit.agent_worker import TheirAgent, hosted_agent
from duologue.call.over_livekit.call import Loss, hold_call
from duologue.call.transport import Held, Occasion, Watch
from duologue.folder.folder import CallFolder, Clock, TransportName
from duologue.servers import up_state
from duologue.servers.host import find_running, hosted
from duologue.servers.keeper import KeptServer, KeptWorkers, kept_server, kept_workers
from duologue.servers.process import Program
from duologue.servers.worker_processes import READY_TIMEOUT_S, Worker, answers
from shared.address import ServerAddress
from shared.endings import Ending, Fault, Outcome
from shared.errors import PartAway, ServerFailed, ServerUnreachable, UsageError, WorkerFailed
from shared.spec import CallSpec, Role
from shared.steady_time import steady_time

T = TypeVar("T")
Ports = Callable[[], Mapping[Role, int | None]]
"""The health ports of workers, None of one that is not there just now. It may block."""

AGAIN_EVERY_S = 1.0
AWAY_S = 300.0
"""How long a server or worker may be away, while many calls are made, before it is given up."""


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
        workers: Our own that were started here and are registered, as they are at any time.
        server: Our own that is kept running.
        ports: Says at which health ports workers of ours are to answer, wherever they were started.
        kept: What fails when the server or a worker cannot be kept running.
        theirs: Somebody's agent that was started here.
    """

    def __init__(
        self,
        address: ServerAddress,
        occasion: Occasion,
        *,
        workers: Mapping[Role, Worker] = MappingProxyType({}),
        server: KeptServer | None = None,
        ports: Ports = dict,
        kept: Collection[asyncio.Future[Any]] = (),
        theirs: TheirAgent | None = None,
    ) -> None:
        self._address, self._occasion = address, occasion
        self._workers, self._server, self._ports = workers, server, ports
        self._kept, self._theirs = kept, theirs
        self._admission = Admission()
        self._recovering = asyncio.Lock()

    @property
    def last_lines(self) -> Sequence[str]:
        """What somebody's agent that was started here printed last."""
        return self._theirs.last_lines if self._theirs else ()

    async def place(self, spec: CallSpec, folder: CallFolder, watch: Watch) -> Held:
        """Place a call (see `Carrier`)."""
        parts = await self._parts()
        try:
            with steady_time():
                held = await hold_call(
                    spec,
                    self._address,
                    folder,
                    self._occasion.settings,
                    counterpart=self._occasion.counterpart,
                    watch=watch,
                    losses=self._losses(),
                    agent_log=self._theirs.log if self._theirs else None,
                )
        except (ServerUnreachable, api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
            problem = f"the server went away: {str(error) or type(error).__name__}"
            if self._occasion.many:
                raise PartAway(problem) from None
            if isinstance(error, ServerUnreachable):
                raise
            raise ServerFailed(problem) from None
        if self._occasion.many and held.ending.outcome in RETRIED:
            # One that hung may answer again by now.
            gone = held.ending.outcome in {Outcome.SERVER_LOST, Outcome.WORKER_LOST}
            lost = gone or await self._parts() != parts
            return held._replace(part_away=lost or await self._away() is not None)
        return held

    def _losses(self) -> list[Loss]:
        losses: list[Loss] = [partial(_lost, worker) for worker in self._workers.values()]
        if self._theirs and self._theirs.program and self._theirs.log:
            losses.append(partial(_crashed, self._theirs.log))
            losses.append(partial(_ended, self._theirs.program, self._theirs.log))
        return losses

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """Wait until the machine can carry one more call, and the server answers."""
        async with self._admission:
            await self.recover()  # while the server is away, waiting costs no attempt
            yield

    async def recover(self) -> None:
        """Wait until the server answers, and each worker of our own.

        Raises:
            ServerFailed: It stays away.
            WorkerFailed: One of them stays away, or keeps dying.
        """
        async with self._recovering:
            await self.until(self._all_answer())

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

    async def _all_answer(self) -> None:
        away = None
        patience_s = AWAY_S if self._occasion.many else READY_TIMEOUT_S
        try:
            async with asyncio.timeout(patience_s):
                while problem := await self._away():
                    if type(problem) is not type(away):
                        self._occasion.say(f"waiting: {problem}")
                    away = problem
                    await asyncio.sleep(AGAIN_EVERY_S)
        except TimeoutError:
            if isinstance(away, WorkerFailed):
                raise WorkerFailed(
                    away.agent_name, f"it has not answered for {patience_s:.0f} s"
                ) from None
            url = self._address.url
            raise ServerFailed(f"{url} has not answered for {patience_s:.0f} s") from None

    async def _away(self) -> ServerUnreachable | WorkerFailed | None:
        """Why no call can be made now; None if server and workers answer."""
        try:
            await self._address.check()
        except ServerUnreachable as error:
            return error
        for role, port in (await asyncio.to_thread(self._ports)).items():
            if port is None:
                return WorkerFailed(role, "it is not registered yet")
            if not await answers(port):
                return WorkerFailed(role, "it does not answer")
        return None

    async def _parts(self) -> tuple[object, ...]:
        """What is another one for each server and worker of ours that was started anew."""
        server = self._server.current.program.pid if self._server else None
        return server, await asyncio.to_thread(self._ports)


async def _registered(workers: KeptWorkers) -> None:
    """Wait until both were, however often each is started again until then.

    Raises:
        WorkerFailed: One of them never was.
    """
    try:
        async with asyncio.timeout(AWAY_S):
            await workers.ready.wait()
    except TimeoutError:
        missing = next(role for role in Role if role not in workers.current)
        raise WorkerFailed(missing, f"it has not registered for {AWAY_S:.0f} s") from None


async def _crashed(log: AgentLog, room: str) -> Ending:
    """Somebody's code raised in its job for this call."""
    trouble = await log.crash(room)
    detail = f"the agent's own code raised: {trouble.told}"
    return Ending(Outcome.AGENT_CRASHED, Fault.SUPPORT, detail)


async def _ended(program: Program, log: AgentLog, room: str) -> Ending:
    """Somebody's worker has ended."""
    code = await program.wait()
    trouble = log.trouble(room)
    why = f": {trouble.told}" if trouble else ""
    detail = f"the agent's worker ended with exit code {code}{why}"
    return Ending(Outcome.WORKER_LOST, Fault.SYSTEM, detail)


async def _lost(worker: Worker, room: str) -> Ending:
    del room  # it is the worker of all
    return Ending(Outcome.WORKER_LOST, Fault.SYSTEM, f"worker {worker.role}: {await worker.lost()}")


@asynccontextmanager
async def _with_their_agent(
    occasion: Occasion, agent: LiveKitAgent
) -> AsyncIterator[LiveKitCarrier]:
    settings, say = occasion.settings, occasion.say
    async with hosted_agent(agent, settings, say) as theirs:
        yield LiveKitCarrier(theirs.address, occasion, theirs=theirs)


@asynccontextmanager
async def _with_workers(occasion: Occasion) -> AsyncIterator[LiveKitCarrier]:
    """For one call: what dies is its end. Workers of an `up` that has just begun are waited for."""
    async with hosted(
        occasion.settings,
        occasion.say,
        local_workers=occasion.local_workers,
        on_line=occasion.on_line,
        engines=occasion.engines,
    ) as hosts:
        carrier = LiveKitCarrier(
            hosts.address,
            occasion,
            workers=hosts.workers,
            ports=partial(up_state.worker_ports, occasion.settings, hosts.address),
        )
        await carrier.recover()
        yield carrier


@asynccontextmanager
async def _with_kept_workers(occasion: Occasion) -> AsyncIterator[LiveKitCarrier]:
    """For many calls: a server and workers of our own are started again when they die."""
    settings, say = occasion.settings, occasion.say
    if running := await find_running(settings, say):
        ports = partial(up_state.worker_ports, settings, running)
        yield LiveKitCarrier(running, occasion, ports=ports)
        return
    async with kept_server(settings, say) as server:
        address = server.current.address
        say("starting both workers")
        async with kept_workers(
            address, say, on_line=occasion.on_line, calls=occasion.at_once
        ) as workers:
            carrier = LiveKitCarrier(
                address,
                occasion,
                workers=workers.current,
                server=server,
                ports=workers.ports,
                kept=(server.keeper, *workers.keepers),
            )
            await carrier.until(_registered(workers))
            yield carrier
