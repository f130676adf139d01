"""A real livekit-server and both real workers, started once for the whole run."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import TypeVar

import pytest

from duologue.servers.server import Server, running_server
from duologue.servers.worker_processes import Worker, running_workers
from shared.settings import Settings
from shared.spec import Role
from tests.environment import DEFAULTS

T = TypeVar("T")


HELD_LIVE = (
    "tests/duologue/batch/test_livekit.py",
    "tests/duologue/call/over_livekit/",
    "tests/duologue/call/test_counterpart.py",
    "tests/duologue/call/test_live_audio.py",
    "tests/providers/",
    "tests/test_bare_dispatch.py",
    "tests/test_behaviours.py",
    "tests/test_simulation.py",
    "tests/test_truth.py",
    "tests/test_turn_taking.py",
)
"""Tests that listen to calls held in real time: one after the other, in one process. All others,
among them such as start servers and workers and hear little, take about as long in the other."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests together where two processes share them (`make test`)."""
    for item in items:
        file = item.nodeid.partition("::")[0]
        group = "live" if file.startswith(HELD_LIVE) else file
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--kills N`: how often a batch is killed; `make bench-long` does it 25 times."""
    parser.addoption("--kills", type=int, default=5)


@pytest.fixture(scope="session", autouse=True)
def nothing_from_the_shell() -> Iterator[None]:
    """What the developer's shell says about servers, names and keys decides no test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in DEFAULTS.keys() - {"DUOLOGUE_CACHE"}:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The defaults, with the user's own cache, so that livekit-server is built only once."""
    return Settings(_env_file=None)


class Background:
    """An event loop in a thread: keeps reading what session-wide processes print."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="session fixtures")
        self._thread.start()

    def run(self, coroutine: Coroutine[object, object, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    @contextmanager
    def entered(self, context: AbstractAsyncContextManager[T]) -> Iterator[T]:
        entering, leaving = type(context).__aenter__, type(context).__aexit__
        value = self.run(entering(context))
        try:
            yield value
        finally:
            self.run(leaving(context, None, None, None))

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    loop = Background()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def server(
    background: Background, settings: Settings, request: pytest.FixtureRequest
) -> Iterator[Server]:
    """A livekit-server on loopback; the first run on a machine builds it, and shows that."""
    terminal = request.config.pluginmanager.getplugin("terminalreporter")

    def say(line: str) -> None:
        if terminal:  # the processes that `make test` shares the tests among have none
            terminal.write(f"\n{line}", flush=True)

    with background.entered(running_server(settings, say)) as running:
        yield running


@pytest.fixture(scope="session")
def workers(background: Background, server: Server) -> Iterator[dict[Role, Worker]]:
    """Both workers, registered with `server`."""
    with background.entered(running_workers(server.address)) as running:
        yield running
