"""Virtual time: an event loop whose clock jumps to the next timer when nothing is left to do.

Work in executors is done at once, in the loop's own thread, and takes no time on the clock.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

EPOCH_S = 946_684_800.0
"""When virtual time begins, in seconds since the epoch: 2000-01-01. Any would do, but always the
same, since events carry it."""
HELD_AT_MOST_S = 60.0
"""Real seconds for which nothing at all may come from a service before the clock goes on without
it, so that the timeouts that watch over the service strike."""
POLL_S = 0.05

real_monotonic = time.monotonic


class VirtualClock:
    """Seconds since a call began, which only its loop moves on."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.holds = 0
        """How many requests to services are under way; meanwhile the clock stands still."""
        self.stops = 0
        """How many wait for another process that has the same time: as `holds`, however long."""
        self._last_ns = 0

    def time_ns(self) -> int:
        """Nanoseconds since the epoch."""
        return round((EPOCH_S + self.now_s) * 1e9)

    def counter_ns(self) -> int:
        """Nanoseconds since the call began, never the same twice: LiveKit orders speech by it."""
        self._last_ns = max(self._last_ns + 1, round(self.now_s * 1e9))
        return self._last_ns

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the clock stand still, however long what is done meanwhile really takes."""
        self.holds += 1
        try:
            yield
        finally:
            self.holds -= 1

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let the clock stand still until another process has come as far, however long."""
        self.stops += 1
        try:
            yield
        finally:
            self.stops -= 1


class _Selector(selectors.DefaultSelector):
    """Waits for nothing that virtual time can jump over."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            # Something is ready. Signals and sockets have their turn when nothing is.
            return []
        ready = super().select(0)
        if not ready and self._clock.stops:
            return super().select(POLL_S)
        if not ready and self._clock.holds:
            ready = self._wait_for_service()
        if ready:
            return ready
        if timeout is None:
            raise RuntimeError("virtual time has stopped: nothing is ready, and nothing will be")
        self._clock.now_s += timeout
        return []

    def _wait_for_service(self) -> list[tuple[selectors.SelectorKey, int]]:
        deadline_s = real_monotonic() + HELD_AT_MOST_S
        while real_monotonic() < deadline_s:
            # In short waits, since a signal does not end a wait.
            if ready := super().select(POLL_S):
                return ready
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_Selector(clock))
        self._clock = clock

    def time(self) -> float:
        """Virtual seconds since the call began."""
        return self._clock.now_s

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Do the work at once, or, where it waits for this loop, while the clock stands still."""
        if executor and _waits_for_loop(executor):
            return self._in_thread(executor, partial(func, *args))
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the work
            future.set_exception(error)
        return future

    def _in_thread(self, executor: Executor, work: Callable[[], T]) -> asyncio.Future[T]:
        self._clock.holds += 1
        future = asyncio.wrap_future(executor.submit(work), loop=self)

        def on_done(_: asyncio.Future[T]) -> None:
            self._clock.holds -= 1

        future.add_done_callback(on_done)
        return future


def _waits_for_loop(executor: Executor) -> bool:
    """Whether work in it is given its data by the loop bit by bit: LiveKit's decoder of MP3s."""
    return getattr(executor, "_thread_name_prefix", "").startswith("AudioDecoder")
