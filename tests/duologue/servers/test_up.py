import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from duologue.servers import up_state
from duologue.servers.keeper import DEATHS
from duologue.servers.server import Server
from duologue.servers.up import up
from duologue.servers.worker_processes import Command, answers
from shared.errors import DuologueError, ServerFailed, UsageError, WorkerFailed
from shared.settings import Settings
from shared.spec import Role
from tests.duologue.processes import all_gone, fake_worker, in_another_process, python


class Running:
    """A `duologue up` in this process, and what it says."""

    def __init__(self, settings: Settings, argv: Command) -> None:
        self.stop = asyncio.Event()
        self.said: list[str] = []
        self._news = asyncio.Event()
        self.task = asyncio.create_task(up(settings, self._say, self.stop, argv=argv))

    def _say(self, line: str) -> None:
        self.said.append(line)
        self._news.set()

    async def until_said(self, words: str, *, times: int = 1) -> None:
        """Wait until `words` were said `times` times; raises what it raises if it ends first."""
        async with asyncio.timeout(20):
            while sum(words in line for line in self.said) < times:
                news = asyncio.create_task(self._news.wait())
                await asyncio.wait({news, self.task}, return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                self._news.clear()
                if self.task.done():
                    self.task.result()

    def worker(self, role: Role) -> int:
        """The process id of the worker that registered last."""
        lines = [line for line in self.said if line.startswith(f"worker {role} is registered")]
        return int(lines[-1].removesuffix(")").rsplit(" ", 1)[1])


Start = Callable[..., Running]


@pytest.fixture
def own(tmp_path: Path, settings: Settings, server: Server) -> Settings:  # noqa: ARG001 - has built it
    """A cache of its own, but for the binary."""
    built = settings.duologue_cache / "bin"
    if built.exists():
        (tmp_path / "bin").symlink_to(built)
    return settings.model_copy(update={"duologue_cache": tmp_path})


@pytest.fixture
async def start(own: Settings) -> AsyncIterator[Start]:
    started: list[Running] = []

    def begin(argv: Command = lambda _: fake_worker()) -> Running:
        started.append(Running(own, argv))
        return started[-1]

    yield begin
    for each in started:
        each.stop.set()
        with suppress(DuologueError):
            await each.task


async def test_it_says_how_to_use_it_and_leaves_nothing(own: Settings, start: Start) -> None:
    running = start()
    await running.until_said("both workers are ready")
    found = up_state.read(own)
    assert found is not None
    told = "\n".join(running.said)
    assert f"lk --url {found.url} dispatch create --room demo --agent-name support" in told
    assert "duologue token --room demo" in told
    assert str(up_state.state_file(own)) in told
    assert found.api_secret.get_secret_value() not in told
    children = psutil.Process().children(recursive=True)
    mine = [running.worker(role) for role in Role]
    assert set(mine) <= {child.pid for child in children}
    running.stop.set()
    await running.task
    assert not up_state.state_file(own).exists()
    assert await all_gone(mine, within_s=1)


async def test_a_worker_that_dies_is_started_again(own: Settings, start: Start) -> None:
    running = start()
    await running.until_said("both workers are ready")
    first = running.worker(Role.SUPPORT)
    os.kill(first, signal.SIGKILL)
    await running.until_said("worker support is registered", times=2)
    assert running.worker(Role.SUPPORT) != first
    found = up_state.read(own)
    assert found is not None
    ports = up_state.worker_ports(own, found)
    assert set(ports) == set(Role)
    assert all([port and await answers(port) for port in ports.values()])
    assert "worker support died (killed by SIGKILL" in "\n".join(running.said)
    assert "worker customer died" not in "\n".join(running.said)


async def test_a_worker_that_keeps_dying_ends_it(
    own: Settings, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duologue.servers.keeper.LONGEST_PAUSE_S", 0.05)
    running = start(
        lambda role: fake_worker() if role is Role.SUPPORT else python("raise SystemExit('no ear')")
    )
    with pytest.raises(WorkerFailed, match=f"died {DEATHS} times .*no ear") as failure:
        await running.task
    assert failure.value.agent_name == "customer"
    assert failure.value.exit_code == 3
    assert not up_state.state_file(own).exists()


async def test_the_server_going_away_ends_it(own: Settings, start: Start) -> None:
    running = start()
    await running.until_said("both workers are ready")
    found = up_state.read(own)
    assert found is not None
    listening = {each.laddr.port: each.pid for each in psutil.net_connections() if each.laddr}
    server = listening[int(found.url.rsplit(":", 1)[1])]
    assert server is not None
    os.kill(server, signal.SIGKILL)
    with pytest.raises(ServerFailed, match="ended by itself"):
        await running.task
    assert await all_gone([running.worker(role) for role in Role], within_s=1)


async def test_a_second_one_is_refused(own: Settings, start: Start) -> None:
    running = start()
    await running.until_said("both workers are ready")
    said: list[str] = []
    with pytest.raises(UsageError, match=f"process {os.getpid()}"):
        await up(own, said.append, asyncio.Event())
    assert not said
    assert up_state.read(own) is not None


async def test_killed_it_leaves_no_process_and_a_state_nobody_believes(own: Settings) -> None:
    parent = in_another_process(f"""
        import asyncio
        from duologue.servers.up import up
        from shared.settings import Settings

        async def main():
            settings = Settings(_env_file=None, duologue_cache={str(own.duologue_cache)!r})
            say = lambda line: print(line, flush=True)
            await up(settings, say, asyncio.Event(), argv=lambda _: {fake_worker()!r})

        asyncio.run(main())
    """)
    with parent:
        assert parent.stdout is not None
        while "both workers are ready" not in await asyncio.to_thread(parent.stdout.readline):
            assert parent.poll() is None
        children = [child.pid for child in psutil.Process(parent.pid).children(recursive=True)]
        parent.kill()
    assert len(children) >= 6  # the server, two workers, and a guard of each
    assert await all_gone(children, within_s=5)
    assert up_state.state_file(own).exists()
    assert up_state.read(own) is None
    assert not up_state.state_file(own).exists()
