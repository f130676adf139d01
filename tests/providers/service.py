"""What the providers' local servers share: a server on loopback, and the ways in which it fails."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum

from aiohttp import web

from shared.engines.pcm import Samples

Hear = Callable[[Samples, int], str]
"""Samples and their rate to words."""
Speak = Callable[[str, str, int], bytes]
"""A text in a voice of Hibari's, as PCM at a rate."""


class Fault(StrEnum):
    """A way in which a provider fails."""

    UNAUTHORIZED = "401"
    RATE_LIMITED = "429"
    BROKEN = "500"
    CUT = "cut"
    """The connection is cut in the middle of an answer."""
    SILENT = "silent"
    """The server takes the request and says nothing, or nothing more."""
    GARBAGE = "garbage"
    """It answers with something that is not of its protocol."""


RETRY_AFTER_S = 1
GARBAGE = b"<html><body>Bad gateway</body></html>\n\n"
STATUSES: dict[Fault | None, int] = {
    Fault.UNAUTHORIZED: 401,
    Fault.RATE_LIMITED: 429,
    Fault.BROKEN: 500,
}


class Refused(Exception):
    """A request that the real provider would refuse, too: the status, and why."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class Faults:
    """Which requests fail, and how: none, until told."""

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.left = 0
        """Requests that are still to fail."""
        self.failed = 0

    def fail(self, fault: Fault, times: int = 1_000_000) -> None:
        """Let the next requests fail."""
        self.fault, self.left = fault, times

    def heal(self) -> None:
        """Let no more of them fail."""
        self.left = 0

    def next(self) -> Fault | None:
        """How the request that has just come fails."""
        if not self.left:
            return None
        self.left -= 1
        self.failed += 1
        return self.fault


async def break_off(request: web.Request, fault: Fault | None) -> None:
    """In the middle of an answer: cut the connection, or say no more until the client has gone."""
    if fault is Fault.CUT:
        assert request.transport
        request.transport.abort()
        raise asyncio.CancelledError  # of what aiohttp does where a client has gone
    if fault is Fault.SILENT:
        while request.transport:  # noqa: ASYNC110 - aiohttp tells nobody
            await asyncio.sleep(0.05)
        raise asyncio.CancelledError


@contextmanager
def served(routes: Iterable[web.RouteDef]) -> Iterator[str]:
    """A server with these routes, in a thread of its own; its address, such as 127.0.0.1:1234.

    In a thread, it serves tests with and without a loop, those with a clock of their own, and the
    workers of other processes alike.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="provider")
    thread.start()
    running = _running(routes)
    try:
        host, port = asyncio.run_coroutine_threadsafe(running.__aenter__(), loop).result()
        yield f"{host}:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(running.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@asynccontextmanager
async def _running(routes: Iterable[web.RouteDef]) -> AsyncIterator[tuple[str, int]]:
    app = web.Application(client_max_size=64 << 20)
    app.add_routes(routes)
    # Nobody waits for the answers that are still due.
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield host, port
    finally:
        await runner.cleanup()
