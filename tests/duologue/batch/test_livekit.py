"""Batches over LiveKit, on a server and workers of their own, which are made to fail."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
import pytest_asyncio
from rich.console import Console

from duologue.batch.call_maker import MakerHere
from duologue.batch.plan import Plan
from duologue.call.over_livekit.transport import LiveKit, LiveKitCarrier
from duologue.call.transport import Occasion
from duologue.cli.batch_run import BatchExit, make_batch
from duologue.labels.recorded_call import Call
from duologue.report.summary import read_calls
from duologue.servers import worker_processes
from duologue.servers.server import Server, running_server
from shared.endings import Outcome
from shared.errors import CallFailed
from shared.settings import Settings
from tests.duologue.batch.plans import short_plan
from tests.duologue.processes import all_gone
from tests.roles import call_spec

CALLS = 3
RUNNING_TIMEOUT_S = 90.0
END_TIMEOUT_S = 180.0
AGAIN_TIMEOUT_S = 10.0


async def test_a_server_that_is_away_is_waited_for_and_costs_no_attempt(settings: Settings) -> None:
    async with running_server(settings, lambda _: None) as server:
        address = server.address
    said: list[str] = []
    caller = LiveKitCarrier(address, Occasion(settings, said.append, lambda *_: None, many=True))
    waiting = asyncio.create_task(caller.recover())
    await asyncio.wait([waiting], timeout=2.5)  # in which it asks more than once
    assert not waiting.done()
    assert len(said) == 1
    assert said[0].startswith(f"waiting: no LiveKit server answers at {address.url}")
    async with running_server(settings, lambda _: None, address=address):
        await asyncio.wait_for(waiting, AGAIN_TIMEOUT_S)


async def test_a_server_that_goes_away_as_a_call_begins_fails_that_attempt(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_server(settings, lambda _: None) as server:
        address = server.address
    occasion = Occasion(settings, lambda _: None, lambda *_: None, many=True)
    carrier = LiveKitCarrier(address, occasion)

    async def answered() -> None:
        """As it did a moment before."""

    monkeypatch.setattr(carrier, "recover", answered)
    with pytest.raises(CallFailed, match="the server went away"):
        await MakerHere(LiveKit(), carrier, tmp_path).call(call_spec())
    assert not [*tmp_path.iterdir()]  # noqa: ASYNC240 - nothing else runs


class Running(NamedTuple):
    """A batch that runs, and what it prints."""

    making: asyncio.Task[BatchExit]
    out: Path
    printed: StringIO
    before: frozenset[int]
    """Processes that are not its own."""

    async def until_calls_run(self) -> None:
        """Wait until both sides of a call have been heard."""
        await self._until(lambda speaking: speaking)

    async def until_no_call_runs(self) -> None:
        """Wait until no call is left in which both sides have been heard."""
        await self._until(lambda speaking: not speaking)

    async def _until(self, seen: Callable[[bool], bool]) -> None:
        async with asyncio.timeout(RUNNING_TIMEOUT_S):
            while not seen(any(map(_speaks, self.out.glob(".*.partial/events.jsonl")))):
                assert not self.making.done()
                await asyncio.sleep(0.05)

    def child(self, name: str) -> int:
        """The process that was started with `name` in its command line."""
        (pid,) = (
            each.pid
            for each in psutil.Process().children(recursive=True)
            if each.pid not in self.before and name in " ".join(each.cmdline())
        )
        return pid

    def kill(self, name: str) -> None:
        """Kill what was started with `name` in its command line."""
        os.kill(self.child(name), signal.SIGKILL)

    async def until_said(self, words: str) -> None:
        """Wait until it has printed `words`."""
        async with asyncio.timeout(RUNNING_TIMEOUT_S):
            while words not in self.printed.getvalue():
                assert not self.making.done()
                await asyncio.sleep(0.05)

    async def ended(self) -> list[Call]:
        """Its calls, once all of them were made."""
        async with asyncio.timeout(END_TIMEOUT_S):
            assert await self.making == BatchExit.MADE, self.printed.getvalue()
        calls = read_calls(self.out).calls
        assert len(calls) == CALLS
        assert {each.outcome for each in calls} == {Outcome.TURN_LIMIT}
        assert not list(self.out.glob(".*"))
        return calls


def _speaks(events: Path) -> bool:
    """Whether the customer does, which it does second."""
    try:
        lines = events.read_text().splitlines()
    except FileNotFoundError:  # given up meanwhile
        return False
    return any(
        '"event": "STATE"' in line and '"role": "customer"' in line and '"speaking"' in line
        for line in lines
    )


@pytest_asyncio.fixture
async def running(
    settings: Settings,
    server: Server,
    tmp_path: Path,
) -> AsyncIterator[Running]:
    del server  # which has built the binary
    plan = Plan.read(short_plan(tmp_path / "plan.jsonl", CALLS, turns=4), settings)
    printed = StringIO()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "bin").symlink_to(settings.duologue_cache / "bin")
    before = frozenset(each.pid for each in psutil.Process().children(recursive=True))
    making = asyncio.create_task(
        make_batch(
            plan,
            str(tmp_path / "calls"),
            settings.model_copy(update={"duologue_cache": tmp_path / "cache"}),
            Console(file=printed, width=200),
            transport=LiveKit(),
            jobs=2,
            shard="1/1",
            retries=0,
            on_line=lambda *_: None,
        )
    )
    yield Running(making, tmp_path / "calls", printed, before)
    started = {each.pid for each in psutil.Process().children(recursive=True)} - before
    making.cancel()
    await asyncio.wait([making])
    assert await all_gone(started, within_s=5)


async def test_calls_that_lose_a_worker_or_the_server_are_made_again_and_no_attempt_counts(
    running: Running,
) -> None:
    await running.until_calls_run()
    running.kill("-m support_agent")
    await running.until_no_call_runs()
    await running.until_calls_run()
    running.kill("livekit-server")
    calls = await running.ended()
    told = running.printed.getvalue()
    assert "worker support died" in told
    assert "livekit-server ended by itself" in told
    reasons = [reason for each in calls for reason in each.record.run.earlier]
    # Agents that find the new server sooner than their call was given up have lost each other.
    assert len(reasons) >= 2
    assert all(reason.startswith(("worker_lost", "server_lost")) for reason in reasons), reasons


async def test_a_worker_that_hangs_for_a_while_is_waited_for_and_costs_no_attempt(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it is not started again meanwhile, only waiting brings it back.
    monkeypatch.setattr(worker_processes, "HUNG_CHECKS", 1000)
    await running.until_calls_run()
    worker = running.child("-m customer_agent")
    os.kill(worker, signal.SIGSTOP)
    await running.until_said("waiting: worker 'customer' failed: it does not answer")
    os.kill(worker, signal.SIGCONT)
    calls = await running.ended()
    assert "died" not in running.printed.getvalue()
    assert {len(each.record.run.earlier) for each in calls} == {0, 1}
