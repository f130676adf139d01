import asyncio
import time

import pytest

from duologue.call import patience as module
from duologue.call.patience import Alarm, Patience, patient_timeout

AWAY_S = 1.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AWAY_S", AWAY_S)
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.05)


def stop() -> None:
    """Be away for longer than any timeout here."""
    time.sleep(2 * AWAY_S)


async def test_it_counts_the_seconds_of_who_is_there() -> None:
    loop = asyncio.get_running_loop()
    before_s = loop.time()
    patience = Patience()
    after_s = loop.time()
    await asyncio.sleep(AWAY_S / 10)
    least_s = loop.time() - after_s
    assert least_s <= patience.seconds() <= loop.time() - before_s


async def test_it_begins_anew_after_an_absence_of_which_it_tells_once() -> None:
    patience = Patience()
    stop()
    assert patience.away_s() >= 2 * AWAY_S
    assert patience.away_s() == 0.0
    assert patience.seconds() < AWAY_S


async def test_what_came_while_the_process_was_stopped_is_in_time() -> None:
    come, loop = asyncio.Event(), asyncio.get_running_loop()
    async with patient_timeout(AWAY_S):
        stop()
        loop.call_later(AWAY_S / 5, come.set)  # read only then
        await come.wait()
    assert come.is_set()


async def test_what_does_not_come_is_waited_for_no_longer() -> None:
    with pytest.raises(TimeoutError):
        async with patient_timeout(AWAY_S):
            await asyncio.Event().wait()


async def test_an_alarm_that_is_cancelled_does_not_call() -> None:
    called: list[str] = []
    Alarm(0.0, lambda: called.append("kept"))
    Alarm(0.0, lambda: called.append("cancelled")).cancel()
    await asyncio.sleep(0.1)
    assert called == ["kept"]
