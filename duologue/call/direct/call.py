"""One call in one process: both sides, the pipes between them, and a clock."""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from typing import Any

import structlog

from customer_agent import create_party as create_customer
from duologue.call.direct import services
from duologue.call.direct.clock import VirtualClock, VirtualLoop
from duologue.call.direct.connection import DirectConnection
from duologue.call.direct.patched_time import told_to_this_thread
from duologue.call.direct.pipes import TICK_S
from duologue.call.direct.tape import Tape
from duologue.call.live_audio import Listener
from duologue.call.monitor import Monitor
from duologue.folder.folder import CallFolder, Clock, Recorded, Transport
from duologue.pipeline.filing import ONLY_ATTEMPT, Attempt, CallResult, file_call
from shared import engines
from shared.endings import Ending, Fault, Outcome
from shared.events import CallEnded, RoleTaken, Started
from shared.events.journal import Event, Journal
from shared.settings import Settings
from shared.side.conversation import Factory, converse, load_models, report_crash
from shared.spec import CallSpec, Role
from support_agent import create_party as create_support

log = structlog.get_logger("duologue.call.direct")

LEAVE_TIMEOUT_S = 5.0
"""How long both sides may take to leave once one of them has ended the call."""

FACTORIES: dict[Role, Factory] = {
    Role.CUSTOMER: create_customer,
    Role.SUPPORT: create_support,
}


def place_direct_call(
    spec: CallSpec,
    folder: CallFolder,
    settings: Settings,
    *,
    clock: Clock = Clock.VIRTUAL,
    on_event: Callable[[Event], None] = lambda _: None,
    listeners: Sequence[Listener] = (),
    attempt: Attempt = ONLY_ATTEMPT,
) -> CallResult:
    """Make one call in this process and complete its folder, however the call ends. Blocks.

    SIGINT and SIGTERM, on the main thread, end the call with the outcome `cancelled`.

    Raises:
        UsageError: An engine cannot be used here, or not on this clock.
        CancelledError: The call was cancelled; its folder is complete.
        CallFailed: It ended so that the attempt is not the last.
        DuologueError: The files cannot be written.
    """
    virtual = VirtualClock() if clock is Clock.VIRTUAL else None
    if virtual:
        services.check(spec)
    for role in Role:
        engines.preload(spec.engines[role], settings)
    call = _Call(spec, folder, settings, virtual, on_event=on_event, listeners=listeners)
    with _runner(virtual) as runner:
        ending, recorded = runner.run(call.hold())
    result = file_call(
        folder, spec, ending, recorded, transport=Transport.DIRECT, clock=clock, attempt=attempt
    )
    if ending.outcome is Outcome.CANCELLED:
        raise asyncio.CancelledError
    return result


@contextmanager
def _runner(clock: VirtualClock | None) -> Iterator[asyncio.Runner]:
    """What runs the call, in virtual time or real time."""
    if clock is None:
        with asyncio.Runner() as runner:
            yield runner
    else:
        with (
            told_to_this_thread(clock),
            asyncio.Runner(loop_factory=partial(VirtualLoop, clock)) as runner,
        ):
            yield runner


class _Call:
    """A call while it lasts."""

    def __init__(
        self,
        spec: CallSpec,
        folder: CallFolder,
        settings: Settings,
        clock: VirtualClock | None,
        *,
        on_event: Callable[[Event], None],
        listeners: Sequence[Listener],
    ) -> None:
        self._spec, self._settings, self._clock = spec, settings, clock
        self._folder, self._on_event, self._listeners = folder, on_event, listeners

    async def hold(self) -> tuple[Ending, Recorded]:
        """Hold the call from its first to its last moment."""
        _cancel_on_signals()
        journal = Journal("driver", call_id=self._spec.call_id)
        monitor = Monitor()

        def on_event(event: Event) -> None:
            monitor.on_event(event)
            self._on_event(event)

        tape = Tape(
            self._folder.path,
            journal,
            call_id=self._spec.call_id,
            on_event=on_event,
            listeners=self._listeners,
        )
        try:
            ending = await self._converse(tape, monitor)
        except asyncio.CancelledError:
            ending = Ending(Outcome.CANCELLED, Fault.SYSTEM, "cancelled by the caller")
        journal.emit(CallEnded(**ending._asdict()))
        return ending, tape.close()

    async def _converse(self, tape: Tape, monitor: Monitor) -> Ending:
        """Let both sides talk until the call has ended and both have left."""
        ends = {role: DirectConnection(self._spec.peers[role]) for role in Role}
        ends[Role.CUSTOMER].connect(ends[Role.SUPPORT])
        moving = asyncio.create_task(_move(ends, tape), name="tick")
        sides = [
            asyncio.create_task(self._take_side(role, ends[role], tape), name=f"side-{role}")
            for role in Role
        ]
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

    async def _take_side(self, role: Role, end: DirectConnection, tape: Tape) -> None:
        """Take one side of the call, as its worker would."""
        # It knows what a worker would be told, no more.
        spec = CallSpec.from_metadata(self._spec.to_metadata(role), role)
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
                party = FACTORIES[role](spec, journal, models)
                peer_gone = asyncio.create_task(end.end_with_peer(party.line), name=f"end-{role}")
                stack.callback(peer_gone.cancel)
                await converse(party, end)
            except Exception as error:  # noqa: BLE001 - what a worker reports, too
                report_crash(journal, error)


async def _move(ends: dict[Role, DirectConnection], tape: Tape) -> None:
    """Let each side hear what the other plays, and record it, tick by tick."""
    loop = asyncio.get_running_loop()
    began_s, ticks = loop.time(), 0
    while True:
        played = {role: end.output.tick() for role, end in ends.items()}
        tape.lay(played)
        for role, end in ends.items():
            end.input.push(played[role.peer])
        ticks += 1
        await asyncio.sleep(began_s + ticks * TICK_S - loop.time())


def _cancel_on_signals() -> None:
    """Have a signal cancel the call, so that its folder is completed."""
    if threading.current_thread() is not threading.main_thread():
        return
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
