"""Orders for calls: what a process that makes them is told, and what it answers."""

from pathlib import Path

from duologue.folder.folder import Clock, TransportName
from duologue.labels.metrics import Metrics
from duologue.pipeline.filing import Attempt, CallResult
from shared.endings import Ending, Fault, Outcome
from shared.errors import CallFailed, CallTaken, CallUnfinished, DuologueError, UsageError
from shared.spec import CallSpec
from shared.values import Frozen

ERRORS: dict[str, type[DuologueError]] = {
    "taken": CallTaken,
    "failed": CallFailed,
    "unfinished": CallUnfinished,
    "usage": UsageError,
    "error": DuologueError,
}
"""What an answer that is no call means; the first that fits."""


class Order(Frozen):
    """A call to be made."""

    spec: CallSpec
    out: Path
    transport: TransportName
    clock: Clock
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
