"""Lets calls begin only while the machine has room for them.

Local engines and WebRTC must keep up with real time. Too many calls at once would not be slower,
but broken: turns cut off, words lost. So a call waits until the load that is measured leaves room
for what a call has been seen to cost.
"""

import asyncio
import time

import psutil

SETTLED_S = 8.0
"""After which a call that began shows in the load."""
SAMPLE_S = 1.0
SMOOTHING = 0.3
"""The share of the newest sample."""
FULL = 0.85
"""The share of all cores up to which calls are let in. What is above it is needed when several
sides end their turns at the same time."""
LEAST_COST = 0.05
"""The share of all cores that one more call is taken to cost at least."""


class Admission:
    """Lets calls in one by one; used as `async with admission: ...` around each."""

    def __init__(self) -> None:
        self._calls = 0
        self._load = self._base = 0.0
        self._last_s = -SETTLED_S
        self._turn = asyncio.Lock()
        self._measuring: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        async with self._turn:
            if self._measuring is None:
                psutil.cpu_percent()
                await asyncio.sleep(SAMPLE_S)
                self._load = self._base = psutil.cpu_percent() / 100
                self._measuring = asyncio.create_task(self._measure(), name="load")
            while self._calls and not self._has_room():  # noqa: ASYNC110 - measured, not told
                await asyncio.sleep(SAMPLE_S)
            self._calls += 1
            self._last_s = time.monotonic()

    async def __aexit__(self, *_: object) -> None:
        self._calls -= 1
        if not self._calls and self._measuring:
            self._measuring.cancel()
            self._measuring = None

    def _has_room(self) -> bool:
        if time.monotonic() - self._last_s < SETTLED_S:
            return False
        cost = (self._load - self._base) / self._calls
        return self._load + max(cost, LEAST_COST) <= FULL

    async def _measure(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            sample = psutil.cpu_percent() / 100
            self._load += SMOOTHING * (sample - self._load)
