"""Virtual time told by `time` itself: the one thing of the whole process that a call changes.

LiveKit, its plugins and the engines ask `time` how late it is, and take no clock. So while a call
is held in virtual time, `time.time`, `time.monotonic`, `time.perf_counter` and their `_ns` forms
are replaced in the module. They look at who asks: the thread of the call is told virtual time,
every other thread the real one. All six are replaced, though LiveKit goes by four of them, so
that no two clocks of the thread disagree. What has bound one of them before (`from time import
time`) keeps the real one; of LiveKit, nothing that has to do with a call (`shared.steady_time`).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from duologue.call.direct.bridge import told_time
from duologue.call.direct.bridge.clock import VirtualClock, real_monotonic
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
    real = told_time.tell(clock)
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(time, name, function)
