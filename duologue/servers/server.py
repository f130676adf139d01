"""A livekit-server of our own: on loopback, on free ports, with a key nobody else knows."""

import asyncio
import http.client
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from pydantic import SecretStr

from duologue.servers.ports import UDP, free_ports, is_free
from duologue.servers.process import Program
from duologue.servers.server_binary import Say, find_server
from shared.address import ServerAddress
from shared.errors import ServerFailed, UsageError
from shared.settings import Settings, inherited_environment

HEALTH_TIMEOUT_S = 15.0
HEALTH_POLL_S = 0.05
ANSWER_TIMEOUT_S = 1.0
STOP_GRACE_S = 0.5
"""It keeps nothing that matters, waits for every participant to leave when asked to stop, and
does not hear it at all in its first moments."""
ATTEMPTS = 3
"""How often other ports are tried when one was taken between finding and using it."""
TARGET_LOAD = 2.0
"""Of a machine whose load is 1 when it is wholly busy: each worker has room, always."""
FOREIGN = frozenset(
    {"LIVEKIT_KEYS", "LIVEKIT_REGION", "NODE_IP", "UDP_PORT", "REDIS_HOST", "REDIS_PASSWORD"}
)
"""Variables that livekit-server would take over our configuration."""


class Server(NamedTuple):
    """A running livekit-server."""

    address: ServerAddress
    program: Program


@asynccontextmanager
async def running_server(
    settings: Settings, say: Say, *, port: int = 0, address: ServerAddress | None = None
) -> AsyncIterator[Server]:
    """A livekit-server on 127.0.0.1 that answers, stopped on leaving.

    Args:
        settings: Says where the binary is kept.
        say: Told what is being done.
        port: The HTTP port; 0 takes a free one.
        address: Of one that ended, to be at the same place and known by the same key.

    Raises:
        UsageError: `port` is in use.
        ServerFailed: There is no binary to be had, or it did not start.
    """
    if port and not is_free(port):
        raise UsageError(f"port {port} is in use; choose another, or 0 for a free one")
    binary = await find_server(settings.duologue_cache, say)
    server = await _started(binary, port, address)
    try:
        say(f"livekit-server answers at {server.address.url}")
        yield server
    finally:
        await server.program.stop(grace_s=STOP_GRACE_S)


async def _started(binary: Path, port: int, former: ServerAddress | None) -> Server:
    for attempt in range(1, ATTEMPTS + 1):
        address = former or ServerAddress(
            url=f"ws://127.0.0.1:{port or free_ports(1)[0]}",
            api_key=f"local-{secrets.token_hex(4)}",
            api_secret=SecretStr(secrets.token_urlsafe(36)),
        )
        # The configuration is in the environment: neither on disk nor in a list of processes.
        env = inherited_environment(without=FOREIGN) | {"LIVEKIT_CONFIG": _configuration(address)}
        program = await Program.start([str(binary)], env=env)
        try:
            await _healthy(program, address)
        except BaseException as problem:
            await program.stop(grace_s=0)
            taken = any("address already in use" in line for line in program.last_lines)
            if isinstance(problem, ServerFailed) and taken and attempt < ATTEMPTS:
                continue
            raise
        return Server(address, program)
    raise AssertionError("the last attempt returns or raises")


def _configuration(address: ServerAddress) -> str:
    """The server's configuration; JSON, which is YAML too."""
    return json.dumps(
        {
            "port": urlsplit(address.url).port,
            "bind_addresses": ["127.0.0.1"],
            "rtc": {
                "udp_port": free_ports(1, kind=UDP)[0],
                # None, for it would be on all interfaces (livekit-server 1.13.5).
                "tcp_port": 0,
                "node_ip": "127.0.0.1",
                "ips": {"includes": ["127.0.0.1/32"]},
                "enable_loopback_candidate": True,
                "use_external_ip": False,
                "stun_servers": [],
            },
            "keys": {address.api_key: address.api_secret.get_secret_value()},
            # By default an agent on a machine that is 70 % busy is passed over; a test makes it so.
            "agents": {"target_load": TARGET_LOAD},
            "logging": {"level": "warn"},
        }
    )


async def _healthy(program: Program, address: ServerAddress) -> None:
    try:
        async with asyncio.timeout(HEALTH_TIMEOUT_S):
            while not await asyncio.to_thread(answers, address.url):
                if not program.running:
                    await program.wait()
                    last = program.last_lines[-1] if program.last_lines else "it said nothing"
                    raise ServerFailed(f"livekit-server ended at once: {last}")
                await asyncio.sleep(HEALTH_POLL_S)
    except TimeoutError:
        raise ServerFailed(
            f"livekit-server did not answer at {address.url} within {HEALTH_TIMEOUT_S:.0f} s"
        ) from None


def answers(url: str) -> bool:
    """Whether a healthy livekit-server answers at `url` now; blocks up to `ANSWER_TIMEOUT_S`."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(
        where.hostname or "", where.port, timeout=ANSWER_TIMEOUT_S
    )
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
