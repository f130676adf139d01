"""Timeouts that this process must have been there for.

One that was stopped, be it by Ctrl-Z, by a debugger, with its machine or for want of a processor,
finds all its timeouts run out when it goes on, and what it waited for may lie before it unread. So
these begin anew then.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

AWAY_S = 2.0
"""A process that does not come to look for so long was away."""
LOOK_EVERY_S = 0.5


class Patience:
    """Counts the seconds since it was made, or since this process was away; look at it often."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began_s = self._looked_s = self._loop.time()

    def seconds(self) -> float:
        """How long it lasts."""
        self.away_s()
        return self._looked_s - self._began_s

    def away_s(self) -> float:
        """How long the process was away since it last looked; 0 if it was there."""
        now_s = self._loop.time()
        gap_s, self._looked_s = now_s - self._looked_s, now_s
        if gap_s < AWAY_S:
            return 0.0
        self._began_s = now_s
        return gap_s


class Alarm:
    """Calls back after so many seconds of patience, unless cancelled."""

    def __init__(self, seconds: float, callback: Callable[[], object]) -> None:
        self._seconds, self._callback = seconds, callback
        self._patience = Patience()
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_later(min(LOOK_EVERY_S, seconds), self._look)

    def cancel(self) -> None:
        """Never call back."""
        self._handle.cancel()

    def _look(self) -> None:
        left_s = self._seconds - self._patience.seconds()
        if left_s > 0:
            self._handle = self._loop.call_later(min(LOOK_EVERY_S, left_s), self._look)
        else:
            self._callback()


@asynccontextmanager
async def patient_timeout(seconds: float) -> AsyncIterator[None]:
    """Raise TimeoutError, as `asyncio.timeout` does, after so many seconds of patience."""
    async with asyncio.timeout(None) as limit:
        loop = asyncio.get_running_loop()
        alarm = Alarm(seconds, lambda: limit.reschedule(loop.time()))
        try:
            yield
        finally:
            alarm.cancel()
