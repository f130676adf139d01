"""The one way in which calls are made: by `duologue call`, `batch` and `test`, and from Python.

A call is placed by a transport, and then labelled and given its name. Where each of many calls
keeps a core busy, they are made in processes of their own, so that one that crashes takes no other
with it; one that somebody watches is made in this process.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext, suppress
from pathlib import Path
from typing import Protocol

from duologue.batch.call_process import CallProcess
from duologue.batch.orders import ERRORS, Made, Order
from duologue.call.transport import UNWATCHED, Carrier, Occasion, Transport, Watch
from duologue.call.transport_registry import TRANSPORTS
from duologue.folder.folder import CallFolder, is_unlabelled, partial_of, read_call
from duologue.pipeline.filing import ONLY_ATTEMPT, Attempt, CallResult, file_call, finish_kept
from shared.errors import CallFailed, CallTaken, UsageError
from shared.spec import CallSpec


class CallMaker(Protocol):
    """Makes calls; several at a time, if it is asked to."""

    async def call(self, spec: CallSpec, attempt: Attempt = ONLY_ATTEMPT) -> CallResult:
        """Make a call; its folder is complete then.

        Cancelling it ends the call, and completes its folder if that is wanted (`Attempt`).

        Raises:
            CallTaken: It was made or recorded already, or another process makes it now.
            PartAway: A part failed while a server or a worker was away; nothing of it was kept.
            CallFailed: A part failed; nothing of it was kept.
            CallUnfinished: It could not be labelled; the recording is kept.
            UsageError: An engine cannot be used here, or a server does not let us in.
            DuologueError: Its files cannot be written.
        """

    def room(self) -> AbstractAsyncContextManager[None]:
        """Wait until there is room for one more of many calls, and keep it until left.

        Raises:
            DuologueError: There will be none.
        """

    async def recover(self) -> None:
        """Wait, after an attempt that failed, until another one has a chance.

        Raises:
            DuologueError: None will have.
        """

    @property
    def last_lines(self) -> Sequence[str]:
        """What somebody's agent that was started here printed last; empty if there is none."""


class MakerHere:
    """Makes calls in this process.

    Args:
        transport: What they are made over.
        carrier: The same, prepared.
        out: The folder that call folders are made in.
        watch: Who follows them.
    """

    def __init__(
        self, transport: Transport, carrier: Carrier, out: Path, watch: Watch = UNWATCHED
    ) -> None:
        self._transport, self._carrier = transport, carrier
        self._out, self._watch = out, watch

    @property
    def last_lines(self) -> Sequence[str]:
        """What somebody's agent that was started here printed last."""
        return self._carrier.last_lines

    async def call(self, spec: CallSpec, attempt: Attempt = ONLY_ATTEMPT) -> CallResult:
        """Make a call (see `CallMaker`)."""
        task = asyncio.current_task()
        assert task is not None
        self._transport.check(spec)
        kept = partial_of(self._out / spec.call_id)
        if attempt.finishes and is_unlabelled(kept):
            return await asyncio.to_thread(_finish, kept, spec)
        with CallFolder.create(self._out, spec.call_id) as folder:
            held = await self._carrier.place(spec, folder, self._watch)
            filing = asyncio.to_thread(
                file_call,
                folder,
                spec,
                held,
                transport=self._transport.name,
                clock=self._transport.clock,
                attempt=attempt,
            )
            if not task.cancelling():
                return await filing
            with suppress(CallFailed):
                await filing
            raise asyncio.CancelledError

    def room(self) -> AbstractAsyncContextManager[None]:
        """Wait until there is room for one more call."""
        return self._carrier.room()

    async def recover(self) -> None:
        """Wait until another attempt has a chance."""
        await self._carrier.recover()


def _finish(kept: Path, spec: CallSpec) -> CallResult:
    if read_call(kept).spec != spec:
        raise UsageError(f"{kept} was recorded from another specification; move it away")
    return finish_kept(kept)


class MakerInProcesses:
    """Makes calls in processes, each of which makes one after another.

    Args:
        transport: What they are made over.
        out: The folder that call folders are made in.
        started: Processes that are there already.
    """

    def __init__(
        self, transport: Transport, out: Path, started: Collection[CallProcess] = ()
    ) -> None:
        self._transport, self._out = transport, out
        self._idle = [*started]
        self._all = {*started}
        self.last_lines: Sequence[str] = ()

    async def call(self, spec: CallSpec, attempt: Attempt = ONLY_ATTEMPT) -> CallResult:
        """Make a call in a process that has none (see `CallMaker`)."""
        process = self._idle.pop() if self._idle else await CallProcess.start()
        self._all.add(process)
        try:
            order = Order(
                spec=spec,
                out=self._out,
                transport=self._transport.name,
                clock=self._transport.clock,
                attempt=attempt,
            )
            answer = await process.ask(order.model_dump_json(by_alias=True))
            if error := ERRORS.get(answer["reply"]):
                raise error(answer["detail"])
            self.last_lines = answer["last_lines"]
            return Made.model_validate(answer["made"]).to_result()
        finally:
            if process.running:
                self._idle.append(process)
            else:
                self._all.discard(process)
                await process.stop()
                with suppress(CallTaken):
                    CallFolder.create(self._out, spec.call_id).discard()  # what it had begun

    def room(self) -> AbstractAsyncContextManager[None]:
        """Always: what is more than the cores can do takes longer, and is as good."""
        return nullcontext()

    async def recover(self) -> None:
        """Nothing: another attempt has another process."""

    async def stop(self) -> None:
        """End all processes."""
        await asyncio.gather(*(process.stop() for process in self._all))


@asynccontextmanager
async def watched_maker(
    transport: Transport, occasion: Occasion, out: Path, watch: Watch = UNWATCHED
) -> AsyncIterator[CallMaker]:
    """Makes calls in this process, followed by `watch`.

    Raises:
        DuologueError: What calls need is not to be had (see `Transport.prepare`).
    """
    async with transport.prepare(occasion) as carrier:
        yield MakerHere(transport, carrier, out, watch)


@asynccontextmanager
async def maker_of(
    transport: Transport,
    occasion: Occasion,
    out: Path,
    started: Collection[CallProcess] = (),
) -> AsyncIterator[CallMaker]:
    """Makes calls that nobody watches; what was started for them is stopped on leaving.

    Args:
        transport: What they are made over.
        occasion: What they are made for.
        out: The folder that call folders are made in.
        started: Processes that are there already, if this transport uses such.

    Raises:
        DuologueError: What calls need is not to be had (see `Transport.prepare`).
    """
    if not TRANSPORTS[transport.name].isolated:
        async with watched_maker(transport, occasion, out) as here:
            yield here
        return
    processes = MakerInProcesses(transport, out, started)
    try:
        yield processes
    finally:
        await processes.stop()
