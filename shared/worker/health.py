"""A worker's health, told over HTTP: whether it lives, and whether it is registered.

The health port is LiveKit's own: 8082 of the customer, 8081 of the support agent, others by
`CUSTOMER_PORT` and `SUPPORT_PORT` (`shared.settings`). It answers 200 from the moment the process
runs, with no server in sight (livekit-agents 1.8.9, worker.py, `health_check`): it tells that a
worker lives, not that it is offered calls. For whatever rolls workers out, `DUOLOGUE_READY_PORT`
tells that. Both are on loopback, unless `DUOLOGUE_HEALTH_HOST` says otherwise, as in our images.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import web
from livekit.agents import AgentServer

from shared.livekit_internals import is_connected

UNREGISTERED = "unregistered"
"""The id of a worker that no server has given one."""


def is_registered(server: AgentServer) -> bool:
    """Whether the LiveKit server knows this worker now and offers it calls."""
    return server.id != UNREGISTERED and is_connected(server) and not server.draining


@asynccontextmanager
async def told_at(host: str, port: int, server: AgentServer) -> AsyncIterator[None]:
    """Answer `GET /` at `host` and `port`, 0 for nowhere: 200 while registered, else 503.

    Raises:
        OSError: The port is in use.
    """
    if not port:
        yield
        return

    async def answer(_: web.Request) -> web.Response:
        if is_registered(server):
            return web.Response(text=server.id)
        return web.Response(text=UNREGISTERED, status=HTTPStatus.SERVICE_UNAVAILABLE)

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield
    finally:
        await runner.cleanup()
