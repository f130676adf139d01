"""One call in one process: both sides, the pipes between them, and a clock."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, TypeAlias

from duologue.call.counterpart import counterpart_of
from duologue.call.direct import services
from duologue.call.direct.agent_process import AgentProcess
from duologue.call.direct.agent_side import AgentSide
from duologue.call.direct.bridge.clock import VirtualClock, VirtualLoop
from duologue.call.direct.connection import DirectConnection
from duologue.call.direct.lent_speech import LentSpeech
from duologue.call.direct.patched_time import told_to_this_thread
from duologue.call.direct.pipes import SILENCE, TICK_S
from duologue.call.direct.recording import DirectRecording
from duologue.call.monitor import Monitor
from duologue.call.over_livekit.causes import true_cause
from duologue.call.transport import UNWATCHED, Held, Watch
from duologue.folder.folder import CallFolder, Clock
from shared import engines
from shared.endings import Ending, Fault, Outcome
from shared.engines.clips import read_clips
from shared.errors import UsageError
from shared.events import CallEnded, RoleTaken, Started
from shared.events.journal import Event, Journal
from shared.logs import get_logger
from shared.settings import Settings
from shared.side.conversation import Factory, converse, load_models, report_crash
from shared.spec import CallSpec, Peer, Role
from shared.steady_time import steady_time

log = get_logger(__name__)

End: TypeAlias = DirectConnection | AgentSide
"""What plays and hears, tick by tick."""
LEAVE_TIMEOUT_S = 5.0
"""How long both sides may take to leave once one of them has ended the call."""


class DirectCall:
    """A call that is held in one thread, and may be cancelled from another.

    Args:
        spec: The call.
        folder: What it is recorded into.
        settings: What engines need.
        clock: The time in which it takes place.
        factories: What builds the party of each role.
        watch: Who follows it, in the call's own thread.
        agent: The process of somebody's agent, if that takes the support side.
    """

    def __init__(
        self,
        spec: CallSpec,
        folder: CallFolder,
        settings: Settings,
        clock: Clock,
        factories: Mapping[Role, Factory],
        *,
        watch: Watch,
        agent: AgentProcess | None = None,
    ) -> None:
        self._agent = agent
        self._spec, self._settings, self._factories = spec, settings, factories
        self._folder, self._watch = folder, watch
        self._clock = VirtualClock() if clock is Clock.VIRTUAL else None
        loop = partial(VirtualLoop, self._clock) if self._clock else asyncio.new_event_loop
        self._runner = asyncio.Runner(loop_factory=loop)
        self._loop = self._runner.get_loop()
        self._holding: asyncio.Task[Held] | None = None
        self._cancelled = False

    def hold(self) -> Held:
        """Hold the call from its first to its last moment. Blocks.

        Raises:
            UsageError: An engine cannot be used here.
            DuologueError: The files cannot be written.
        """
        with self._runner as runner:
            for chosen in self._spec.engines.values():
                engines.preload(chosen, self._settings)
            if self._clock and self._spec.under_test and self._spec.under_test.speech:
                engines.preload(self._spec.under_test.speech, self._settings)
            told = told_to_this_thread(self._clock) if self._clock else steady_time()
            with told:
                return runner.run(self._hold())

    def cancel(self) -> None:
        """End the call with the outcome `cancelled`. Thread-safe."""
        with suppress(RuntimeError):  # its loop is closed: it is over
            self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        if self._holding and not self._cancelled:
            self._holding.cancel()
        self._cancelled = True

    async def _hold(self) -> Held:
        self._holding = asyncio.current_task()
        if self._cancelled and self._holding:  # before it had begun
            self._holding.cancel()
        journal = Journal("driver", call_id=self._spec.call_id)
        monitor = Monitor(counterpart_of(self._spec))

        def on_event(event: Event) -> None:
            monitor.on_event(event)
            self._watch.on_event(event)

        tape = DirectRecording(
            self._folder.path,
            journal,
            call_id=self._spec.call_id,
            on_event=on_event,
            listeners=self._watch.listeners,
        )
        tape.on_failed(
            lambda problem: monitor.settle(Ending(Outcome.RECORDING_FAILED, Fault.SYSTEM, problem))
        )
        try:
            if self._agent:
                ending = await self._call_agent(self._agent, tape, monitor, journal)
            else:
                ending = await self._converse(tape, monitor)
        except UsageError:
            self._watch = UNWATCHED  # nobody is told the end of a call that is not made
            tape.close()
            raise
        except asyncio.CancelledError:
            ending = Ending(Outcome.CANCELLED, Fault.SYSTEM, "cancelled by the caller")
        journal.emit(CallEnded(**ending._asdict()))
        return Held(ending, tape.close())

    async def _converse(self, tape: DirectRecording, monitor: Monitor) -> Ending:
        """Let both sides talk until the call has ended and both have left."""
        ends = {role: DirectConnection(self._spec.peers[role]) for role in Role}
        for role, end in ends.items():
            end.connect(ends[role.peer])
        moving = asyncio.create_task(_move(ends, tape), name="tick")
        sides = [
            asyncio.create_task(
                self._take_side(role, self._spec, ends[role], tape), name=f"side-{role}"
            )
            for role in Role
        ]
        return await _until_over(moving, sides, monitor)

    async def _call_agent(
        self, agent: AgentProcess, tape: DirectRecording, monitor: Monitor, journal: Journal
    ) -> Ending:
        """Let the customer call somebody's agent, until the call and the agent have ended."""
        theirs = self._spec.under_test
        assert theirs
        async with AsyncExitStack() as stack:
            speech = None
            if self._clock:
                speech = LentSpeech(self._spec, self._settings)
                stack.push_async_callback(speech.aclose)
            there = AgentSide(
                self._spec,
                agent,
                speech=speech,
                clock=self._clock,
                journal=journal,
                monitor=monitor,
                deliver=tape.take,
            )
            stack.callback(there.session.finish)
            await stack.enter_async_context(there)
            if not await there.is_loaded():
                if there.refused:
                    raise there.refused
                tape.lay(dict.fromkeys(Role, SILENCE))  # a recording has some length
                return await monitor.ending
            end = DirectConnection(Peer(identity=theirs.name))
            end.connect(there)
            ends: dict[Role, End] = {Role.CUSTOMER: end, Role.SUPPORT: there}
            moving = asyncio.create_task(_move(ends, tape), name="tick")
            calling = asyncio.create_task(
                self._call_once_there(there, end, tape, monitor), name="side-customer"
            )
            ending = await _until_over(moving, [calling], monitor)
            if there.refused:
                raise there.refused
            there.content = ending.outcome is Outcome.COMPLETED
            return true_cause(ending, there.session.error, None)

    async def _call_once_there(
        self, there: AgentSide, end: DirectConnection, tape: DirectRecording, monitor: Monitor
    ) -> None:
        """Take the customer's side, once the agent has a voice."""
        timeout_s = counterpart_of(self._spec).tracks_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                await there.listening.wait()
        except TimeoutError:
            problem = f"the agent published no microphone within {timeout_s:g} s"
            monitor.settle(Ending(Outcome.PEER_NEVER_CAME, Fault.SUPPORT, problem))
            return
        spec = self._spec.model_copy(update={"peers": {Role.CUSTOMER: end.peer}})
        await self._take_side(Role.CUSTOMER, spec, end, tape)

    async def _take_side(
        self, role: Role, spec: CallSpec, end: DirectConnection, tape: DirectRecording
    ) -> None:
        """Take one side of the call, as its worker would."""
        # It knows what a worker would be told, no more.
        spec = CallSpec.from_metadata(spec.to_metadata(role), role)
        journal = Journal(role, call_id=spec.call_id)
        journal.add_sink(tape.take)
        journal.emit(Started())
        journal.emit(RoleTaken(mode=spec.mode))
        async with AsyncExitStack() as stack:
            stack.push_async_callback(end.leave)
            try:
                models = await load_models(role, spec, self._settings, journal)
                stack.push_async_callback(models.aclose)
                if self._clock:
                    services.hold_the_clock(models, self._clock)
                party = self._factories[role](spec, journal, models)
                clips = read_clips(spec.customer)
                party.line.clips = {words: each.samples for words, each in clips.items()}
                peer_gone = asyncio.create_task(end.end_with_peer(party.line), name=f"end-{role}")
                stack.callback(peer_gone.cancel)
                await converse(party, end)
            except Exception as error:  # noqa: BLE001 - what a worker reports, too
                report_crash(journal, error)


async def _until_over(
    moving: asyncio.Task[None], sides: Sequence[asyncio.Task[None]], monitor: Monitor
) -> Ending:
    """Wait until the call has ended, and the sides have left; how it ended."""
    try:
        waited: list[asyncio.Future[Any]] = [moving, monitor.ending]
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if moving.done():
            moving.result()  # raises what went wrong
        _, pending = await asyncio.wait(sides, timeout=LEAVE_TIMEOUT_S)
        if pending:
            log.info("both sides did not leave in time", timeout_s=LEAVE_TIMEOUT_S)
        return monitor.ending.result()
    finally:
        for task in (moving, *sides):
            task.cancel()
        await asyncio.wait([moving, *sides])


async def _move(ends: Mapping[Role, End], tape: DirectRecording) -> None:
    """Let each side hear what the other plays, and record it, tick by tick."""
    loop = asyncio.get_running_loop()
    began_s, ticks = loop.time(), 0
    while True:
        played = {role: await end.play() for role, end in ends.items()}
        tape.lay(played)
        for role, end in ends.items():
            end.hear(played[role.peer])
        ticks += 1
        await asyncio.sleep(began_s + ticks * TICK_S - loop.time())
