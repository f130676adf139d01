"""A process that makes direct calls: orders come in on standard input, one JSON object a line.

It answers each with a line on standard output, and ends when there are no more. A call that
crashes the process is that call's end alone; whoever ordered it starts another process.
"""

import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NoReturn

from duologue.call.direct import place_direct_call
from duologue.folder.folder import CallFolder
from duologue.labels.metrics import Metrics
from duologue.pipeline.filing import Attempt, CallResult
from shared import logs
from shared.endings import Ending, Fault, Outcome
from shared.errors import CallFailed, CallTaken, DuologueError, UsageError
from shared.settings import Settings, read_settings
from shared.spec import CallSpec
from shared.values import Frozen

ERRORS: dict[str, type[DuologueError]] = {
    "taken": CallTaken,
    "failed": CallFailed,
    "usage": UsageError,
    "error": DuologueError,
}
"""What an answer that is no call means; the first that fits."""


class Order(Frozen):
    """A call to be made."""

    spec: CallSpec
    out: Path
    attempt: Attempt


class Made(Frozen):
    """A call that was made."""

    folder: Path
    outcome: Outcome
    fault: Fault | None
    detail: str
    metrics: Metrics

    @classmethod
    def of(cls, result: CallResult) -> "Made":
        """The same, to be sent."""
        outcome, fault, detail = result.ending
        return cls(
            folder=result.folder,
            outcome=outcome,
            fault=fault,
            detail=detail,
            metrics=result.metrics,
        )

    def to_result(self) -> CallResult:
        """The same, received."""
        return CallResult(self.folder, Ending(self.outcome, self.fault, self.detail), self.metrics)


def make(order: Order, settings: Settings) -> dict[str, Any]:
    """Make a call; the answer to its order."""
    try:
        with CallFolder.create(order.out, order.spec.call_id) as folder:
            result = place_direct_call(order.spec, folder, settings, attempt=order.attempt)
    except DuologueError as error:
        kind = next(kind for kind, known in ERRORS.items() if isinstance(error, known))
        return {"reply": kind, "detail": str(error)}
    return {"reply": "made", "made": Made.of(result).model_dump(mode="json", by_alias=True)}


def main() -> NoReturn:
    """Make calls until there are no more orders."""
    # Ctrl-C is for whoever ordered; a call is ended by ending this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logs.configure("console", level=logging.ERROR)
    settings = read_settings()
    orders: SimpleQueue[str] = SimpleQueue()

    def receive() -> None:
        for line in sys.stdin:
            orders.put(line)
        # Whoever ordered is gone, and with it the reason to go on.
        os._exit(0)

    threading.Thread(target=receive, name="orders", daemon=True).start()
    while True:
        answer = make(Order.model_validate_json(orders.get()), settings)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
