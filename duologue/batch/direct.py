"""Direct calls in processes of their own, so that one that crashes takes no other with it."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from duologue.batch.maker import ERRORS, Made, Order
from duologue.batch.makers import Maker
from duologue.folder.folder import CallFolder
from duologue.pipeline.filing import Attempt, CallResult
from shared.errors import CallTaken
from shared.spec import CallSpec


class DirectCaller:
    """Processes that each make one direct call after another.

    Args:
        out: The folder that call folders are made in.
        started: Processes that are there already.
    """

    def __init__(self, out: Path, started: Collection[Maker] = ()) -> None:
        self._out = out
        self._idle = [*started]
        self._all = {*started}

    async def call(self, spec: CallSpec, attempt: Attempt) -> CallResult:
        """Make a call in a process that has none (see `Caller`)."""
        maker = self._idle.pop() if self._idle else await Maker.start()
        self._all.add(maker)
        try:
            order = Order(spec=spec, out=self._out, attempt=attempt)
            answer = await maker.ask(order.model_dump_json(by_alias=True))
            if error := ERRORS.get(answer["reply"]):
                raise error(answer["detail"])
            return Made.model_validate(answer["made"]).to_result()
        finally:
            if maker.running:
                self._idle.append(maker)
            else:
                self._all.discard(maker)
                await maker.stop()
                with suppress(CallTaken):
                    CallFolder.create(self._out, spec.call_id).discard()  # what it had begun

    async def recover(self) -> None:
        """Nothing: another attempt has another process."""

    async def stop(self) -> None:
        """End all processes."""
        await asyncio.gather(*(maker.stop() for maker in self._all))


@asynccontextmanager
async def direct_caller(out: Path, started: Collection[Maker] = ()) -> AsyncIterator[DirectCaller]:
    """Makes direct calls; its processes are ended on leaving."""
    caller = DirectCaller(out, started)
    try:
        yield caller
    finally:
        await caller.stop()
