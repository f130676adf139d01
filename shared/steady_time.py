"""Wall time that does not jump while a call is held: the one thing of a process that calls change.

LiveKit, its plugins and we tell how long something took by what `time.time` said before and after,
since the same times are said in events. A clock that is put right in mid-call, be it by an hour,
would have a turn begin after its end. So while a call is held, `time.time` and `time.time_ns` count
on from what they said when it began, by the monotonic clock. In between they tell the wall's time.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.livekit_internals import stamp_models_by_current_clock

_wall, _monotonic = time.time, time.monotonic


class _SteadyTime:
    """What the process is told; its calls may begin and end in any order, in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls = 0
        self._ahead_s = 0.0

    def time(self) -> float:
        return self._ahead_s + _monotonic() if self._calls else _wall()

    def time_ns(self) -> int:
        return round(self.time() * 1e9)

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if not self._calls:
                self._ahead_s = _wall() - _monotonic()
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1


_steady = _SteadyTime()


def tell() -> None:
    """Have `time` told by this module from now on; whoever replaces it for a while comes after."""
    if time.time is _wall:
        stamp_models_by_current_clock()
        time.time, time.time_ns = _steady.time, _steady.time_ns


@contextmanager
def steady_time() -> Iterator[None]:
    """Have `time.time` not jump in this process, until left."""
    tell()
    with _steady.held():
        yield
