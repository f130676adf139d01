"""How a worker stops: it lets its calls end, but for those that nobody has come to; or at once."""

import asyncio
import signal
from typing import Any

from livekit.agents import NOT_GIVEN, AgentServer, NotGivenOr

from shared.logs import get_logger
from shared.worker.notice import Notices

log = get_logger("duologue.worker")

ENDING_S = 5.0
"""For so long calls that are told to end at once may take to end."""


class StoppableServer(AgentServer):
    """Tells its jobs when it stops, whichever command runs it."""

    def __init__(self, notices: Notices, **options: Any) -> None:
        super().__init__(**options)
        self._notices = notices

    async def drain(
        self,
        timeout: NotGivenOr[int | None] = NOT_GIVEN,  # noqa: ASYNC109 - it is LiveKit's
    ) -> None:
        """Take no more jobs, and wait until all calls have ended."""
        self._notices.draining.give()
        await super().drain(timeout)

    async def aclose(self) -> None:
        """End now, and the calls with it that are still held."""
        self._notices.draining.give()
        self._notices.closing.give()
        # A job that ends by itself as LiveKit tells it to end may never answer LiveKit, which then
        # waits for ever (`ThreadJobExecutor.aclose`): so jobs end by our notice first.
        loop = asyncio.get_running_loop()
        until_s = loop.time() + ENDING_S
        while self.active_jobs and loop.time() < until_s:  # noqa: ASYNC110 - LiveKit tells nobody
            await asyncio.sleep(0.05)
        await super().aclose()


class StopSignals:
    """What the signals to this process ask for."""

    def __init__(self) -> None:
        self.stop, self.at_once = asyncio.Event(), asyncio.Event()
        self._interrupted = False
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop.set)
        loop.add_signal_handler(signal.SIGINT, self._on_interrupt)

    def _on_interrupt(self) -> None:
        """Only Ctrl-C again is urgent: a first one may come along with a parent's SIGTERM."""
        if self._interrupted:
            self.at_once.set()
        self._interrupted = True
        self.stop.set()


async def serve(server: AgentServer, signals: StopSignals) -> None:
    """Take calls until told to stop, and then let those that run end, unless it is urgent."""
    serving = asyncio.create_task(server.run(), name="worker")
    await _until(serving, signals.stop)
    if not serving.done():
        if calls := len(server.active_jobs):
            log.info("waiting for calls to end; Ctrl-C again ends them", calls=calls)
        draining = asyncio.create_task(_drain(server), name="worker-drain")
        await _until(draining, signals.at_once)
        draining.cancel()
        await asyncio.wait([draining])
        await server.aclose()
    try:
        await serving
    except (OSError, RuntimeError):
        await server.aclose()
        raise


async def _until(work: asyncio.Task[None], event: asyncio.Event) -> None:
    """Wait until the work is done or the event has come."""
    waiting = asyncio.create_task(event.wait(), name=f"{work.get_name()}-until")
    await asyncio.wait([work, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


async def _drain(server: AgentServer) -> None:
    try:
        await server.drain()
    except TimeoutError:
        log.warning("calls go on after the time that they have; they are ended")
