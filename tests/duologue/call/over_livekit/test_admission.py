"""Calls begin when the measured load has room for them."""

import asyncio

import psutil
import pytest

from duologue.call.over_livekit import admission
from duologue.call.over_livekit.admission import FULL, Admission

CALL = 0.2
"""What a call costs here, as a share of the machine."""


class Machine:
    """A machine that calls keep busy."""

    def __init__(self) -> None:
        self.calls = self.most = 0
        self.other = 0.0

    def cpu_percent(self) -> float:
        return 100 * (self.other + self.calls * CALL)

    async def call(self, door: Admission, over: asyncio.Event) -> None:
        async with door:
            self.calls += 1
            self.most = max(self.most, self.calls)
            await over.wait()
            self.calls -= 1


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setattr(admission, "SAMPLE_S", 0.01)
    monkeypatch.setattr(admission, "SETTLED_S", 0.2)
    machine = Machine()
    monkeypatch.setattr(psutil, "cpu_percent", machine.cpu_percent)
    return machine


async def admitted(machine: Machine, *, settled_s: float = 0.25) -> int:
    """How many of ten calls are let in, after time enough for all of them."""
    door, over = Admission(), asyncio.Event()
    calls = [asyncio.create_task(machine.call(door, over)) for _ in range(10)]
    await asyncio.sleep(10 * settled_s)
    most = machine.most
    over.set()
    await asyncio.gather(*calls)
    return most


async def test_as_many_calls_are_let_in_as_there_is_room_for(machine: Machine) -> None:
    assert await admitted(machine) == FULL // CALL


async def test_what_else_the_machine_does_takes_room(machine: Machine) -> None:
    machine.other = 0.3
    assert await admitted(machine) == 2


async def test_one_call_is_let_in_however_busy_the_machine_is(machine: Machine) -> None:
    machine.other = 1.0
    assert await admitted(machine) == 1


async def test_all_are_let_in_one_after_the_other(machine: Machine) -> None:
    door = Admission()
    over = asyncio.Event()
    over.set()
    async with asyncio.timeout(5):
        await asyncio.gather(*(machine.call(door, over) for _ in range(5)))
    assert machine.calls == 0
