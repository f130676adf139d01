import asyncio
import threading
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any, TypeVar

import pytest
from livekit.agents import llm

from duologue.call.direct.bridge.clock import EPOCH_S, VirtualClock, VirtualLoop
from duologue.call.direct.patched_time import told_to_this_thread
from shared import steady_time

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], clock: VirtualClock | None = None) -> T:
    clock = clock or VirtualClock()
    with (
        told_to_this_thread(clock),
        asyncio.Runner(loop_factory=partial(VirtualLoop, clock)) as runner,
    ):
        return runner.run(work)


def test_an_hour_of_timers_passes_at_once_and_in_order() -> None:
    async def sleep(seconds: float, woken: list[float]) -> None:
        await asyncio.sleep(seconds)
        woken.append(asyncio.get_running_loop().time())

    async def several() -> list[float]:
        woken: list[float] = []
        await asyncio.gather(*(sleep(seconds, woken) for seconds in (3600.0, 0.5, 60.0)))
        return woken

    began = time.monotonic()
    assert run(several()) == [0.5, 60.0, 3600.0]
    assert time.monotonic() - began < 3600


def test_work_in_a_thread_is_done_at_once_and_takes_no_time() -> None:
    async def work() -> tuple[int, float]:
        begun = time.time()
        thread = await asyncio.to_thread(threading.get_ident)
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)
        return thread, time.time() - begun

    assert run(work()) == (threading.get_ident(), 0.0)


def test_every_clock_of_the_thread_tells_virtual_time_and_is_put_right_afterwards() -> None:
    async def look() -> list[float]:
        await asyncio.sleep(2.0)
        return [
            time.time() - EPOCH_S,
            time.time_ns() / 1e9 - EPOCH_S,
            time.monotonic(),
            time.monotonic_ns() / 1e9,
            time.perf_counter(),
            time.perf_counter_ns() / 1e9,
        ]

    steady_time.tell()
    functions = [getattr(time, name) for name in ("time", "monotonic", "perf_counter")]
    assert run(look()) == pytest.approx([2.0] * 6, abs=1e-5)
    assert [getattr(time, name) for name in ("time", "monotonic", "perf_counter")] == functions


def test_other_threads_keep_the_real_time() -> None:
    told: list[float] = []
    thread = threading.Thread(target=lambda: told.append(time.time()))

    async def ask() -> None:
        thread.start()
        thread.join()

    run(ask())
    assert told[0] == pytest.approx(time.time(), abs=60)


def test_the_nanosecond_counter_puts_in_order_what_happens_at_one_moment() -> None:
    async def count() -> list[int]:
        return [time.perf_counter_ns() for _ in range(3)]

    first, second, third = run(count())
    assert first < second < third


def test_messages_are_made_in_virtual_time() -> None:
    # A chat context is put in order by it, and LiveKit's models bind the clock when defined.
    async def make() -> float:
        await asyncio.sleep(5.0)
        return llm.ChatMessage(role="user", content=["Hello."]).created_at

    assert run(make()) == EPOCH_S + 5.0
    assert llm.ChatMessage(role="user", content=["Hi."]).created_at == pytest.approx(
        time.time(), abs=60
    )


def test_the_clock_stands_still_while_it_is_held() -> None:
    clock = VirtualClock()

    async def hold() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        ticking = asyncio.create_task(asyncio.sleep(0.01), name="tick")
        come = asyncio.Event()
        threading.Timer(0.1, loop.call_soon_threadsafe, [come.set]).start()
        with clock.held():
            await come.wait()
            during = loop.time()
        await ticking
        return during, loop.time()

    assert run(hold(), clock) == (0.0, 0.01)


def test_a_loop_that_can_never_go_on_says_so() -> None:
    with pytest.raises(RuntimeError, match="virtual time has stopped"):
        run(asyncio.Event().wait())


def test_there_is_one_virtual_clock_at_a_time() -> None:
    with (
        told_to_this_thread(VirtualClock()),
        pytest.raises(RuntimeError, match="one virtual clock"),
        told_to_this_thread(VirtualClock()),
    ):
        pass
