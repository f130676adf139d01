"""A session's way to a service: connections are made when an engine needs one, and closed with it.

LiveKit's plugins take a client of ours, so that both transports, in a job and without one, use the
same; so that it is closed; and so that no service is asked more often than is allowed.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import aiohttp

MINUTE_S = 60.0
_WAITING = ThreadPoolExecutor(32, thread_name_prefix="rate")
"""Who waits for a turn does not keep the threads in which speech is recognized."""


class RateCap:
    """So many requests a minute, of all sessions of this process together; thread-safe."""

    def __init__(self, per_minute: int) -> None:
        self._lock = threading.Lock()
        self._last: deque[float] = deque([-MINUTE_S] * per_minute, maxlen=per_minute)
        """When the last ones were, or are to be, made."""

    def wait(self) -> None:
        """Wait for a turn, in real time: a service does not go by a virtual clock. Blocks."""
        with self._lock:
            due_s = max(time.monotonic(), self._last[0] + MINUTE_S)
            self._last.append(due_s)
        time.sleep(max(0.0, due_s - time.monotonic()))


@cache
def cap_of(provider: str, per_minute: int) -> RateCap:
    """The one cap of a provider in this process."""
    del provider
    return RateCap(per_minute)


class ServiceClient:
    """One session's connections to one provider.

    Args:
        provider: Its name.
        key: Its key, which never leaves the process but to `base_url`.
        base_url: Where it answers, without a slash at the end.
        requests_per_minute: What this process may ask of it; None for no limit.
        timeout_s: How long it may say nothing.
    """

    def __init__(
        self,
        provider: str,
        *,
        key: str,
        base_url: str,
        requests_per_minute: int | None,
        timeout_s: float,
    ) -> None:
        self.key, self.base_url, self.timeout_s = key, base_url, timeout_s
        self._cap = cap_of(provider, requests_per_minute) if requests_per_minute else None
        self._http: aiohttp.ClientSession | None = None
        self._closing: list[Callable[[], Awaitable[None]]] = []

    @property
    def http(self) -> aiohttp.ClientSession:
        """For what speaks HTTP and websockets by aiohttp; each request waits for its turn."""
        if self._http is None:
            trace = aiohttp.TraceConfig()

            async def on_request(*_: object) -> None:
                await self.wait_turn()

            trace.on_request_start.append(on_request)
            self._http = aiohttp.ClientSession(trust_env=True, trace_configs=[trace])
            self.close_with(self._http.close)
        return self._http

    async def wait_turn(self) -> None:
        """Wait until the provider may be asked again: before a request not made by `http`."""
        if self._cap:
            await asyncio.get_running_loop().run_in_executor(_WAITING, self._cap.wait)

    def close_with(self, close: Callable[[], Awaitable[None]]) -> None:
        """Have `close` called when the session is over, for a client of another library."""
        self._closing.append(close)

    async def aclose(self) -> None:
        """Close all connections."""
        for close in self._closing:
            await close()
