import threading
import time

import pytest

from shared import steady_time as module
from shared.steady_time import steady_time

HOUR_S = 3600.0


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How far the machine's clock has been put, in seconds."""
    module.tell()
    put, real = [0.0], module._wall
    monkeypatch.setattr(module, "_wall", lambda: real() + sum(put))
    return put


@pytest.mark.parametrize("jump_s", [-HOUR_S, HOUR_S])
def test_time_goes_on_when_the_clock_is_put_in_mid_call(wall: list[float], jump_s: float) -> None:
    with steady_time():
        before, before_ns = time.time(), time.time_ns()
        wall.append(jump_s)
        assert time.time() - before == pytest.approx(0, abs=60)
        assert (time.time_ns() - before_ns) / 1e9 == pytest.approx(0, abs=60)
    assert time.time() - before == pytest.approx(jump_s, abs=60)


def test_a_call_after_that_is_told_the_right_time(wall: list[float]) -> None:
    with steady_time():
        wall.append(HOUR_S)
    with steady_time():
        assert time.time() == pytest.approx(module._wall(), abs=60)


def test_it_is_steady_until_the_last_of_several_calls_is_over(wall: list[float]) -> None:
    first, second = steady_time(), steady_time()
    first.__enter__()
    second.__enter__()
    before = time.time()
    wall.append(HOUR_S)
    first.__exit__(None, None, None)
    assert time.time() - before == pytest.approx(0, abs=60)
    second.__exit__(None, None, None)
    assert time.time() - before == pytest.approx(HOUR_S, abs=60)


def test_every_thread_is_told_the_same(wall: list[float]) -> None:
    told: list[float] = []
    with steady_time():
        before = time.time()
        wall.append(HOUR_S)
        thread = threading.Thread(target=lambda: told.append(time.time()))
        thread.start()
        thread.join()
    assert told[0] - before == pytest.approx(0, abs=60)
