"""What came of a suite, and whether that is good enough; also as JSON."""

import json
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Any

from duologue.call.outcome import ExitCode
from duologue.folder.folder import TransportName
from duologue.pipeline.filing import CallResult
from shared.endings import Outcome
from shared.masking import masked
from shared.printable import printable
from shared.spec import CallSpec
from shared.values import Frozen

SCHEMA = 1
_TOLD = ("mark", "valid", "successes", "reply_gap_s", "worst")


class Grade(StrEnum):
    """What is to be said of an agent in one scenario."""

    PASSED = "passed"
    FAILED = "failed"
    """Too few of its valid calls reached their goal."""
    UNKNOWN = "unknown"
    """Too few calls were valid: the others might have made it pass."""


class Run(Frozen):
    """One call of a suite."""

    call_id: str
    seed: int
    folder: Path | None = None
    """None for a call that was not even recorded."""
    outcome: Outcome | None = None
    detail: str = ""
    success: bool = False
    valid: bool = False
    """Whether it counts for or against the agent."""
    findings: tuple[str, ...] = ()
    reply_gap_s: float | None = None
    """The median of how long the agent took to reply."""
    duration_s: float = 0.0

    @classmethod
    def of(cls, spec: CallSpec, result: CallResult) -> "Run":
        """What came of a call that was made."""
        metrics, ending = result.metrics, result.ending
        return cls(
            call_id=spec.call_id,
            seed=spec.seed,
            folder=result.folder,
            outcome=ending.outcome,
            detail=ending.detail,
            success=metrics.task_success,
            valid=metrics.valid,
            findings=tuple(str(finding) for finding in metrics.findings),
            reply_gap_s=_median(metrics.reply_gap_s["customer_to_support"].values),
            duration_s=metrics.duration_s,
        )

    @property
    def reason(self) -> str:
        """The first thing that speaks against it; empty if nothing does."""
        return next(iter(self.findings), "" if self.success else self.detail)

    def __str__(self) -> str:
        goal = "goal reached" if self.success else "goal not reached"
        parts = [goal if self.valid else "not valid", *self.findings]
        told = "; ".join(parts if self.outcome else [*parts, self.detail])
        return f"{self.call_id}: {self.outcome or 'not made'}, {told}"


class ScenarioResult(Frozen):
    """All calls of one scenario."""

    label: str
    min_success: float
    repeat: int
    """How many calls were asked for."""
    runs: tuple[Run, ...]

    @property
    def valid(self) -> int:
        """How many calls count."""
        return len(self._valid)

    @property
    def successes(self) -> int:
        """How many of those reached their goal."""
        return sum(run.success for run in self._valid)

    @property
    def mark(self) -> Grade:
        """Whether the share of the calls asked for that reached their goal is large enough.

        Fewer valid calls than that never pass; they fail if the missing ones could not help.
        """
        missing = max(0, self.repeat - self.valid)
        if not self.valid or self.successes + missing < self.min_success * (self.valid + missing):
            return Grade.FAILED if self.valid else Grade.UNKNOWN
        return Grade.UNKNOWN if missing else Grade.PASSED

    @property
    def reply_gap_s(self) -> float | None:
        """The median of the calls' medians."""
        return _median([run.reply_gap_s for run in self.runs if run.reply_gap_s is not None])

    @property
    def worst(self) -> str:
        """What most often spoke against a call first: against the agent, or else the call."""
        failed = [run.reason for run in self._valid if not run.success]
        reasons = failed or [run.reason for run in self.runs if not run.valid]
        return Counter(reasons).most_common(1)[0][0] if reasons else ""

    @property
    def _valid(self) -> list[Run]:
        return [run for run in self.runs if run.valid]


class SuiteResult(Frozen):
    """All scenarios of a suite."""

    support_agent: str | None
    """None for our own."""
    transport: TransportName
    repeat: int
    min_success: float
    scenarios: tuple[ScenarioResult, ...]

    @property
    def exit_code(self) -> ExitCode:
        """What `duologue test` returns: 3 if of any scenario nothing can be said, or 1, or 0."""
        marks = {scenario.mark for scenario in self.scenarios}
        if Grade.UNKNOWN in marks or not marks:
            return ExitCode.SYSTEM
        return ExitCode.GOAL_NOT_REACHED if Grade.FAILED in marks else ExitCode.GOAL_REACHED


def write_report(path: Path, result: SuiteResult) -> None:
    """Write a suite's result as JSON: its fields, and what follows from them; no secrets.

    Raises:
        OSError: The file cannot be written.
    """
    result = masked(result)
    document = {
        "schema": SCHEMA,
        **result.model_dump(mode="json", exclude={"scenarios"}),
        "exit_code": result.exit_code,
        "scenarios": [_described(scenario) for scenario in result.scenarios],
    }
    told = printable(json.dumps(document, indent=2, ensure_ascii=False))
    path.write_text(told + "\n", encoding="utf-8")


def _described(scenario: ScenarioResult) -> dict[str, Any]:
    told = {name: getattr(scenario, name) for name in _TOLD}
    return {"label": scenario.label, **told, "runs": scenario.model_dump(mode="json")["runs"]}


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 3) if values else None
