"""The agent's process: one file, one call, one clock, which the other process moves on.

After each tick (`heard`) it does all that its own clock has until the next one, and says what is
played then (`played`). Between the two, both processes work at the same time.
"""

import asyncio
import logging
import os
import random
import socket
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from . import told_time
from .clock import VirtualClock, VirtualLoop
from .failures import in_a_line
from .wire import Message, receive_now, send_now


def main(descriptor: int) -> NoReturn:
    """Take the one order that comes over the socket, and end with the process."""
    end = socket.socket(fileno=descriptor)
    order = receive_now(end).fields
    random.seed(order["seed"])
    clock = VirtualClock() if order["virtual"] else None
    if clock:
        told_time.tell(clock)
        if order["follow_clock"]:
            told_time.tell_dates(clock)
    code = 1
    try:
        _call(end, order, clock)
        code = 0
    except EOFError:
        pass  # nobody is there any more
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        # Threads of the agent's are not waited for.
        os._exit(code)


def _call(end: socket.socket, order: dict[str, Any], clock: VirtualClock | None) -> None:
    failed = partial(_say_failed, end)
    try:
        their_call = import_module(f"{__package__}.their_call")  # after time is told
    except ImportError as error:
        problem = f"{sys.executable} cannot run it: {in_a_line(error)}"
        send_now(end, Message("lacks", {"problem": problem}))
        return
    path = Path(order["file"])
    try:
        call = their_call.TheirCall(path, order, clock)
    except BaseException as error:  # noqa: BLE001 - it is the file's own, SystemExit too
        failed("file", in_a_line(error, path))
        return
    try:
        call.set_up()
    except BaseException as error:  # noqa: BLE001 - it is the agent's own
        failed("set-up", in_a_line(error, path))
        return
    make = partial(VirtualLoop, clock) if clock else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        runner.run(call.hold(end))


def _say_failed(end: socket.socket, where: str, problem: str) -> None:
    send_now(end, Message("failed", {"where": where, "problem": problem}))
