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


def run_cancellable(work: Coroutine[Any, Any, T]) -> T:
    """Run a command's work; Ctrl-C, SIGTERM and SIGHUP cancel it, so that it cleans up."""

    async def cancellable() -> T:
        task = asyncio.current_task()
        assert task is not None
        on_ending_signals(task.cancel)
        return await work

    return asyncio.run(cancellable())
