"""Ctrl-C, SIGTERM and SIGHUP, which end a command's work in order."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def on_ending_signals(callback: Callable[[], object]) -> None:
    """Call back in the running loop on Ctrl-C, SIGTERM and SIGHUP.

    SIGHUP is left ignored where it was so from the start, as by `nohup`.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, callback)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, callback)


class Cancellation:
    """Cancels a command's work when it is called, from whichever thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def begin(self) -> None:
        """Make the running task what is cancelled."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()

    def __call__(self) -> None:
        """Cancel it."""
        if self._loop and self._task:
            self._loop.call_soon_threadsafe(self._task.cancel)


def run_cancellable(work: Coroutine[Any, Any, T], cancellation: Cancellation | None = None) -> T:
    """Run a command's work; Ctrl-C, SIGTERM and SIGHUP cancel it, so that it cleans up.

    So does `cancellation`, where there are other reasons.
    """

    async def cancellable() -> T:
        task = asyncio.current_task()
        assert task is not None
        on_ending_signals(task.cancel)
        if cancellation:
            cancellation.begin()
        return await work

    return asyncio.run(cancellable())
