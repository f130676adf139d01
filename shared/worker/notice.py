"""What a worker tells its jobs, each of which runs in a thread and a loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Notice:
    """Something that is said once, to whoever is concerned then or later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: set[Callable[[], None]] = set()
        self.given = False

    def give(self) -> None:
        """Say it; the second time, nothing."""
        with self._lock:
            if not self.given:
                self.given = True
                for call in self._callbacks:
                    call()

    @contextmanager
    def told(self, callback: Callable[[], object]) -> Iterator[None]:
        """Have `callback` called in the running loop once it is said; at once, if it was."""
        loop = asyncio.get_running_loop()

        def call() -> None:
            loop.call_soon_threadsafe(callback)

        with self._lock:
            self._callbacks.add(call)
            if self.given:
                call()
        try:
            yield
        finally:
            with self._lock:
                self._callbacks.discard(call)


class Notices(NamedTuple):
    """All that a worker tells its jobs."""

    draining: Notice
    """It takes no more jobs: those that wait for somebody to come are over."""
    closing: Notice
    """It ends now, and calls with it."""

    @classmethod
    def new(cls) -> "Notices":
        """Those of a worker that is at work."""
        return cls(Notice(), Notice())
