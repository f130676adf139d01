"""A session's connections to services: made when an engine needs one, closed when it is over.

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
from typing import Any

import aiohttp

from shared.settings import Settings

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


class Links:
    """The connections of one session.

    Args:
        settings: How often each provider may be asked, and how long it may say nothing.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._closing: list[Callable[[], Awaitable[None]]] = []

    def session(self, provider: str) -> aiohttp.ClientSession:
        """For plugins that speak HTTP and websockets by aiohttp."""
        if provider not in self._sessions:
            trace = aiohttp.TraceConfig()

            async def on_request(*_: object) -> None:
                await self._turn(provider)

            trace.on_request_start.append(on_request)
            session = aiohttp.ClientSession(trust_env=True, trace_configs=[trace])
            self._sessions[provider] = session
            self._closing.append(session.close)
        return self._sessions[provider]

    def openai(self, key: str, url: str) -> Any:
        """An `openai.AsyncClient`. LiveKit's plugin waits for 30 s where it says nothing."""
        import openai  # noqa: PLC0415 - only where a service is chosen

        timeout_s = self._settings.duologue_service_timeout_s

        async def on_request(request: Any) -> None:
            limits = request.extensions["timeout"]
            limits["read"] = min(limits["read"] or timeout_s, timeout_s)
            await self._turn("openai")

        client = openai.AsyncClient(
            api_key=key,
            base_url=url,
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"request": [on_request]}),
        )
        self._closing.append(client.close)
        return client

    async def aclose(self) -> None:
        """Close them all."""
        for close in self._closing:
            await close()

    async def _turn(self, provider: str) -> None:
        if per_minute := getattr(self._settings, f"{provider}_requests_per_minute"):
            waiting = cap_of(provider, per_minute).wait
            await asyncio.get_running_loop().run_in_executor(_WAITING, waiting)
