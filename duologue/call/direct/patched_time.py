"""Virtual time told by `time` itself: the one thing of the whole process that a call changes.

LiveKit, its plugins and the engines ask `time` how late it is, and take no clock. So while a call
is held in virtual time, `time.time`, `time.monotonic`, `time.perf_counter` and their `_ns` forms
are replaced in the module. They look at who asks: the thread of the call is told virtual time,
every other thread the real one. All six are replaced, though LiveKit goes by four of them, so
that no two clocks of the thread disagree. What has bound one of them before (`from time import
time`) keeps the real one; of LiveKit, nothing that has to do with a call (`shared.steady_time`).
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from duologue.call.direct.bridge.clock import EPOCH_S, VirtualClock, real_monotonic
from shared import steady_time


@contextmanager
def told_to_this_thread(clock: VirtualClock) -> Iterator[None]:
    """Have `time` tell the virtual time in this thread, until left.

    Raises:
        RuntimeError: Another clock is being told in this process.
    """
    if time.monotonic is not real_monotonic:
        raise RuntimeError("one virtual clock at a time")
    steady_time.tell()  # what is put back afterwards
    mine = threading.get_ident()
    told: dict[str, Callable[[], float]] = {
        "time": lambda: EPOCH_S + clock.now_s,
        "time_ns": clock.time_ns,
        "monotonic": lambda: clock.now_s,
        "monotonic_ns": lambda: round(clock.now_s * 1e9),
        "perf_counter": lambda: clock.now_s,
        "perf_counter_ns": clock.counter_ns,
    }
    real = {name: getattr(time, name) for name in told}
    for name, virtual in told.items():
        setattr(time, name, _by_thread(mine, virtual, real[name]))
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(time, name, function)


def _by_thread(
    mine: int, virtual: Callable[[], float], real: Callable[[], float]
) -> Callable[[], float]:
    ident = threading.get_ident
    return lambda: virtual() if ident() == mine else real()
