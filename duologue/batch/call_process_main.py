"""A process that makes calls: orders come in on standard input, one JSON object a line.

It answers each with a line on standard output, and ends when there are no more. A call that
crashes the process is that call's end alone; whoever ordered it starts another process.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import threading
from queue import SimpleQueue
from typing import Any, NoReturn

import structlog

from duologue.batch.call_maker import watched_maker
from duologue.batch.orders import ERRORS, Made, Order
from duologue.call.transport import Occasion
from duologue.call.transport_registry import find_transport
from shared import logs
from shared.errors import DuologueError
from shared.settings import Settings, read_settings

log = structlog.get_logger(__name__)


async def make(order: Order, settings: Settings) -> dict[str, Any]:
    """Make a call; the answer to its order."""
    transport = find_transport(order.transport).in_time(order.clock)
    occasion = Occasion(settings, say=lambda _: None, on_line=lambda *_: None)
    try:
        async with watched_maker(transport, occasion, order.out) as maker:
            result = await maker.call(order.spec, order.attempt)
            last_lines = [*maker.last_lines]
    except DuologueError as error:
        kind = next(kind for kind, known in ERRORS.items() if isinstance(error, known))
        return {"reply": kind, "detail": str(error)}
    except Exception as error:
        log.exception("the call crashed", call_id=order.spec.call_id)
        return {"reply": "failed", "detail": f"it crashed: {type(error).__name__}: {error}"}
    made = Made.of(result).model_dump(mode="json", by_alias=True)
    return {"reply": "made", "made": made, "last_lines": last_lines}


def main() -> NoReturn:
    """Make calls until there are no more orders."""
    # Ctrl-C is for whoever ordered; a call is ended by ending this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure("console", level=logging.ERROR, to=sys.stderr)
    settings = read_settings()
    orders: SimpleQueue[str] = SimpleQueue()

    def receive() -> None:
        for line in sys.stdin:
            orders.put(line)
        # Whoever ordered is gone, and with it the reason to go on.
        os._exit(0)

    threading.Thread(target=receive, name="orders", daemon=True).start()
    while True:
        answer = asyncio.run(make(Order.model_validate_json(orders.get()), settings))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
