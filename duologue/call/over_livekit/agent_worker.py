"""Somebody else's agent that is to be called: the server it is called on, and maybe its worker.

Its worker is started, if a command for that is given, with the address and the key of the server in
its environment, and under the name it is to be called by, whatever name its code says.
"""

import asyncio
import shlex
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from duologue.call.counterpart import LiveKitAgent
from duologue.call.livekit_internals import NAME_VARIABLE, REGISTERED, UNLIMITED
from duologue.call.over_livekit.agent_log import AgentLog
from duologue.servers.host import find_running
from duologue.servers.process import Program
from duologue.servers.server import running_server
from duologue.servers.server_binary import Say
from shared.address import ServerAddress
from shared.errors import UsageError, WorkerFailed
from shared.settings import Settings, inherited_environment

STOP_GRACE_S = 5.0
SHOWN_LINES = 20


class TheirAgent(NamedTuple):
    """An agent that can be called."""

    address: ServerAddress
    """Of the server it is called on."""
    program: Program | None = None
    """Its worker, if it was started here."""
    log: AgentLog | None = None
    """What its worker says went wrong, if it was started here."""

    @property
    def last_lines(self) -> list[str]:
        """What its worker said last, if it was started here."""
        return list(self.program.last_lines)[-SHOWN_LINES:] if self.program else []


@asynccontextmanager
async def hosted_agent(
    agent: LiveKitAgent, settings: Settings, say: Say
) -> AsyncIterator[TheirAgent]:
    """The agent on the server that a call would use; its command starts its worker.

    With a command, and no server to be used, one is started. What was started is stopped on
    leaving.

    Raises:
        UsageError: There is no server, or it does not let us in.
        ServerFailed: None could be started.
        WorkerFailed: The worker could not be started, or did not register.
    """
    argv = _argv(agent.command) if agent.command is not None else None
    async with AsyncExitStack() as stack:
        address = await find_running(settings, say)
        if address is None:
            if argv is None:
                raise UsageError(
                    f"no server on which agent {agent.name!r} could be: set LIVEKIT_URL and its "
                    "key, start `duologue up`, or say by --support-command (`command` "
                    "of a LiveKitAgent) how to start the agent here"
                )
            server = await stack.enter_async_context(running_server(settings, say))
            address = server.address
        if argv is None:
            yield TheirAgent(address)
        else:
            say(f"starting {agent.command}")
            env = _environment(agent.name, address, settings)
            program, log = await _registered(agent, argv, env, say)
            stack.push_async_callback(program.stop, grace_s=STOP_GRACE_S)
            yield TheirAgent(address, program, log)


async def _registered(
    agent: LiveKitAgent, argv: Sequence[str], env: Mapping[str, str], say: Say
) -> tuple[Program, AgentLog]:
    """Its worker, registered; without a limit of load, if it is one that knows how."""
    unlimited = [*argv, UNLIMITED] if argv[-1] == "start" else argv
    for command in (unlimited, argv):
        started = _Starting()
        try:
            program = await Program.start(command, env=env, on_line=started.on_line)
        except OSError as error:
            raise UsageError(
                f"the agent's command {argv[0]!r} cannot be run: {error.strerror}"
            ) from None
        try:
            problem = await started.problem(program, agent.start_timeout_s)
        except BaseException:
            await program.stop(grace_s=STOP_GRACE_S)
            raise
        if not problem:
            return program, started.log
        await program.stop(grace_s=STOP_GRACE_S)
        if command is argv or not any(UNLIMITED in line for line in program.last_lines):
            break
    for line in list(program.last_lines)[-SHOWN_LINES:]:
        say(f"agent: {line}")
    raise WorkerFailed(agent.name, problem)


class _Starting:
    """A worker on its way to be registered."""

    def __init__(self) -> None:
        self.log = AgentLog()
        self._registered = asyncio.Event()

    def on_line(self, line: str) -> None:
        """Take a line that it prints."""
        self.log.on_line(line)
        if REGISTERED in line:
            self._registered.set()

    async def problem(self, program: Program, timeout_s: float) -> str:
        """Wait until it is registered; why it is not, if it ends before or takes too long."""
        ended = asyncio.create_task(program.wait(), name="agent ends")
        ready = asyncio.create_task(self._registered.wait(), name="agent registers")
        try:
            waited: set[asyncio.Future[Any]] = {ended, ready}
            await asyncio.wait(waited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                return ""
            trouble = self.log.trouble()
            why = f": {trouble.told}" if trouble else ""
            if ended.done():
                code = ended.result()
                return f"it ended with exit code {code} before it was registered{why}"
            return f"it did not log {REGISTERED!r} within {timeout_s:g} s{why}"
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


def _environment(name: str, address: ServerAddress, settings: Settings) -> dict[str, str]:
    # What it asks of LiveKit Inference is signed with keys of its own, not with this server's.
    return (
        settings.inference_keys()
        | inherited_environment()
        | {
            "LIVEKIT_URL": address.url,
            "LIVEKIT_API_KEY": address.api_key,
            "LIVEKIT_API_SECRET": address.api_secret.get_secret_value(),
            NAME_VARIABLE: name,
            "PYTHONUNBUFFERED": "1",
        }
    )
