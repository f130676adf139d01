import asyncio
import socket
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from pydantic import SecretStr

from duologue.servers import server as server_module
from duologue.servers.ports import free_ports, is_free
from duologue.servers.server import Server, answers, running_server
from shared.errors import ServerFailed, UsageError
from shared.settings import Settings
from tests.duologue.processes import all_gone, in_another_process


def ignore(_: str) -> None:
    pass


async def test_it_answers_and_accepts_its_key(server: Server) -> None:
    assert answers(server.address.url)
    await server.address.check()


async def test_it_refuses_another_secret(server: Server) -> None:
    wrong = server.address.model_copy(update={"api_secret": SecretStr("x" * 48)})
    with pytest.raises(UsageError, match="does not accept"):
        await wrong.check()


async def test_its_secret_is_long_random_and_in_no_list_of_processes(
    settings: Settings, server: Server
) -> None:
    secret = server.address.api_secret.get_secret_value()
    assert len(secret) >= 32
    assert secret not in " ".join(psutil.Process(server.program.pid).cmdline())
    assert secret not in repr(server)
    async with running_server(settings, ignore) as other:
        assert other.address.api_secret != server.address.api_secret
        assert other.address.api_key != server.address.api_key


async def test_all_that_a_server_listens_at_is_on_loopback(server: Server) -> None:
    sockets = psutil.Process(server.program.pid).net_connections("inet")
    udp = {each.laddr.ip for each in sockets if each.type == socket.SOCK_DGRAM}
    assert udp == {"127.0.0.1"}
    listening = {
        (each.laddr.ip, each.laddr.port) for each in sockets if each.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", urlsplit(server.address.url).port)}


async def test_a_port_asked_for_is_used_and_free_again_afterwards(settings: Settings) -> None:
    (port,) = free_ports(1)
    async with running_server(settings, ignore, port=port) as server:
        assert server.address.url == f"ws://127.0.0.1:{port}"
        assert not is_free(port)
        pid = server.program.pid
    assert is_free(port)
    assert await all_gone([pid], within_s=1)


async def test_a_port_in_use_is_refused_before_anything_starts(tmp_path: Path) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} is in use"):
            async with running_server(
                Settings(_env_file=None, duologue_cache=tmp_path / "cache"), said.append, port=port
            ):
                pytest.fail("it started")
    assert not said
    assert not (tmp_path / "cache").exists()


async def test_a_port_taken_at_the_last_moment_makes_it_try_others(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    with socket.create_server(("", 0)) as taken:

        def racing(count: int, *, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
            ports = free_ports(count, kind=kind) if given else [taken.getsockname()[1]]
            given.extend(ports)
            return ports

        monkeypatch.setattr(server_module, "free_ports", racing)
        async with running_server(settings, ignore) as server:
            assert answers(server.address.url)
    assert len(given) > 3


async def test_one_that_ends_at_once_fails_with_its_last_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_configuration", lambda _: "nonsense: [")
    with pytest.raises(ServerFailed, match=r"ended at once: .*yaml"):
        async with running_server(settings, ignore):
            pytest.fail("it started")


async def test_it_stops_when_what_uses_it_fails(settings: Settings) -> None:
    pids: list[int] = []

    async def fail() -> None:
        async with running_server(settings, ignore) as server:
            pids.append(server.program.pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert await all_gone(pids, within_s=1)


@pytest.mark.usefixtures("server")  # which has built it
async def test_it_goes_when_its_parent_is_killed() -> None:
    parent = in_another_process("""
        import asyncio
        from duologue.servers.server import running_server
        from shared.settings import Settings

        async def main():
            async with running_server(Settings(_env_file=None), lambda _: None) as server:
                print(server.program.pid, flush=True)
                await asyncio.sleep(600)

        asyncio.run(main())
    """)
    with parent:
        assert parent.stdout is not None
        pid = int(await asyncio.to_thread(parent.stdout.readline))
        parent.kill()
    assert await all_gone([pid], within_s=5)
