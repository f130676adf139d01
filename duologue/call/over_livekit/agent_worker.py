"""Somebody else's agent that is to be called: the server it is called on, and maybe its worker.

Its worker is started, if a command for that is given, with the address and the key of the server in
its environment, and under the name it is to be called by, whatever name its code says.
"""

import asyncio
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from duologue.call.livekit_internals import NAME_VARIABLE, REGISTERED
from duologue.servers.host import find_running
from duologue.servers.process import Program
from duologue.servers.server import running_server
from duologue.servers.server_binary import Say
from shared.address import ServerAddress
from shared.errors import UsageError, WorkerFailed
from shared.settings import Settings, inherited_environment

READY_TIMEOUT_S = 60.0
STOP_GRACE_S = 5.0
SHOWN_LINES = 20


class TheirAgent(NamedTuple):
    """An agent that can be called."""

    address: ServerAddress
    """Of the server it is called on."""
    program: Program | None = None
    """Its worker, if it was started here."""

    @property
    def last_lines(self) -> list[str]:
        """What its worker said last, if it was started here."""
        return list(self.program.last_lines)[-SHOWN_LINES:] if self.program else []


@asynccontextmanager
async def hosted_agent(
    name: str, command: str | None, settings: Settings, say: Say
) -> AsyncIterator[TheirAgent]:
    """The agent `name` on the server that a call would use; `command` starts its worker.

    With a command, and no server to be used, one is started. What was started is stopped on
    leaving.

    Raises:
        UsageError: There is no server, or it does not let us in.
        ServerFailed: None could be started.
        WorkerFailed: The worker could not be started, or did not register.
    """
    argv = _argv(command) if command is not None else None
    async with AsyncExitStack() as stack:
        address = await find_running(settings, say)
        if address is None:
            if argv is None:
                raise UsageError(
                    f"no server on which agent {name!r} could be: set LIVEKIT_URL and its key, "
                    "start `duologue up`, or say by --support-command (`command` "
                    "of a LiveKitAgent) how to start the agent here"
                )
            server = await stack.enter_async_context(running_server(settings, say))
            address = server.address
        if argv is None:
            yield TheirAgent(address)
        else:
            say(f"starting {command}")
            yield await stack.enter_async_context(_started(name, argv, address, say))


@asynccontextmanager
async def _started(
    name: str, argv: Sequence[str], address: ServerAddress, say: Say
) -> AsyncIterator[TheirAgent]:
    registered = asyncio.Event()

    def on_line(line: str) -> None:
        if REGISTERED in line:
            registered.set()

    try:
        program = await Program.start(argv, env=_environment(name, address), on_line=on_line)
    except OSError as error:
        raise UsageError(
            f"the agent's command {argv[0]!r} cannot be run: {error.strerror}"
        ) from None
    try:
        agent = TheirAgent(address, program)
        if problem := await _problem(agent, registered):
            for line in agent.last_lines:
                say(f"agent: {line}")
            raise WorkerFailed(name, problem)
        yield agent
    finally:
        await program.stop(grace_s=STOP_GRACE_S)


async def _problem(agent: TheirAgent, registered: asyncio.Event) -> str | None:
    """Wait until the worker is registered; why it is not, if it ends before or takes too long."""
    assert agent.program
    ended = asyncio.create_task(agent.program.wait(), name="agent ends")
    ready = asyncio.create_task(registered.wait(), name="agent registers")
    try:
        waited: set[asyncio.Future[Any]] = {ended, ready}
        await asyncio.wait(waited, timeout=READY_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return None
        if ended.done():
            return f"it ended with exit code {ended.result()} before it was registered"
        return f"it did not log {REGISTERED!r} within {READY_TIMEOUT_S:g} s"
    finally:
        ended.cancel()
        ready.cancel()


def _argv(command: str) -> list[str]:
    try:
        argv = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"the agent's command {command!r}: {error}") from None
    if not argv:
        raise UsageError("the agent's command is empty; say how its worker is started")
    return argv


def _environment(name: str, address: ServerAddress) -> dict[str, str]:
    return inherited_environment() | {
        "LIVEKIT_URL": address.url,
        "LIVEKIT_API_KEY": address.api_key,
        "LIVEKIT_API_SECRET": address.api_secret.get_secret_value(),
        NAME_VARIABLE: name,
        "PYTHONUNBUFFERED": "1",
    }
