"""The time that the agent's process is told: the call's, in the thread that the call is held in.

In an agent's process this is set before anything of the agent is imported, so that nothing has
bound the real functions. Our own calls set it while they are held (`patched_time`).
"""

import datetime as dt
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from .clock import EPOCH_S, VirtualClock


def tell(clock: VirtualClock) -> dict[str, Callable[[], float]]:
    """Have `time` tell the time of `clock` in this thread from now on; other threads have theirs.

    LiveKit asks `time` how late it is, and takes no clock.

    Returns:
        What told it before, by name.
    """
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
    return real


def _by_thread(
    mine: int, virtual: Callable[[], float], real: Callable[[], float]
) -> Callable[[], float]:
    ident = threading.get_ident
    return lambda: virtual() if ident() == mine else real()


def tell_dates(clock: VirtualClock) -> None:
    """Have `datetime.now`, `datetime.today` and `date.today` follow `clock`, too, in all threads.

    Their classes are written in C and cannot be changed, so others take their place in the module:
    whatever is an instance of the real ones is one of these, too.
    """

    def now_s() -> float:
        return EPOCH_S + clock.now_s

    class _TakesReal(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, cls.__mro__[1])

        def __subclasscheck__(cls, subclass: type) -> bool:
            return issubclass(subclass, cls.__mro__[1])

    def schema(real: type) -> Any:
        return classmethod(lambda _cls, _source, handler: handler(real))

    class followed_datetime(datetime, metaclass=_TakesReal):  # noqa: N801 - it is seen under this name
        __get_pydantic_core_schema__ = schema(datetime)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return cls.fromtimestamp(now_s(), tz)

        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(now_s())

        @classmethod
        def utcnow(cls) -> Any:
            return cls.fromtimestamp(now_s(), UTC).replace(tzinfo=None)

    class followed_date(date, metaclass=_TakesReal):  # noqa: N801 - it is seen under this name
        __get_pydantic_core_schema__ = schema(date)

        @classmethod
        def today(cls) -> Any:
            return cls.fromtimestamp(now_s())

    dt.datetime, dt.date = followed_datetime, followed_date  # type: ignore[misc]
