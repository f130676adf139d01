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
from duologue.labels.judges import Judgments
from duologue.pipeline.filing import CallResult
from shared.endings import Outcome
from shared.masking import masked
from shared.printable import printable
from shared.spec import CallSpec
from shared.values import Frozen

SCHEMA = 1
_TOLD = ("mark", "valid", "successes", "reply_gap_s", "worst", "unchecked")
EXPECTATIONS = "agent_expectations"
"""What models judge by, as it is called among what is checked."""


class Grade(StrEnum):
    """What is to be said of an agent in one scenario."""

    PASSED = "passed"
    FAILED = "failed"
    """Too few of its valid calls reached their goal."""
    UNKNOWN = "unknown"
    """Too few calls were valid: the others might have made it pass."""
    UNCHECKED = "unchecked"
    """Nothing speaks against it, and nothing of what is expected could be checked."""


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
    checked: tuple[str, ...] = ()
    """What the scenario expects that was checked."""
    unchecked: tuple[str, ...] = ()
    """What it expects that could not be seen, or was not judged."""
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
            # First what makes it not count, which led to the rest.
            findings=tuple(
                map(str, sorted(metrics.findings, key=lambda each: not each.invalidates))
            ),
            checked=metrics.checked,
            unchecked=metrics.unchecked,
            reply_gap_s=_median(metrics.reply_gap_s["customer_to_support"].values),
            duration_s=metrics.duration_s,
        )

    def judged(self, judgments: Judgments) -> "Run":
        """The same with what models say of it: what one of them fails has not succeeded."""
        failed = [
            f"judged: {one.judge}: {one.reasoning}" for one in judgments.judgments if one.failed
        ]
        return self.model_copy(
            update={
                "success": self.success and not failed,
                "findings": (*self.findings, *failed),
                "checked": (*self.checked, EXPECTATIONS),
                "unchecked": tuple(each for each in self.unchecked if each != EXPECTATIONS),
            }
        )

    @property
    def reason(self) -> str:
        """The first thing that speaks against it; empty if nothing does."""
        return next(iter(self.findings), "" if self.success else self.detail)

    def __str__(self) -> str:
        goal = "goal reached" if self.success else "goal not reached"
        parts = [goal if self.valid else "not valid", *self.findings]
        if self.unchecked and self.valid:
            parts.append(f"not checked: {', '.join(self.unchecked)}")
        told = "; ".join(parts if self.outcome else [*parts, self.detail])
        return f"{self.call_id}: {self.outcome or 'not made'}, {told}"


class ScenarioResult(Frozen):
    """All calls of one scenario."""

    label: str
    min_success: float
    repeat: int
    """How many calls were asked for."""
    runs: tuple[Run, ...]
    allow_unchecked: bool = False
    """Whether it may pass although nothing was checked."""

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
        if missing:
            return Grade.UNKNOWN
        checked = self.allow_unchecked or all(run.checked for run in self._valid)
        return Grade.PASSED if checked else Grade.UNCHECKED

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
    def unchecked(self) -> tuple[str, ...]:
        """What could not be checked, in one of its valid calls or more."""
        return tuple(dict.fromkeys(each for run in self._valid for each in run.unchecked))

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
        """What `duologue test` returns: 3 if of any scenario too little is known, or 1, or 0."""
        marks = {scenario.mark for scenario in self.scenarios}
        if Grade.UNKNOWN in marks or not marks:
            return ExitCode.SYSTEM
        good = marks <= {Grade.PASSED}
        return ExitCode.GOAL_REACHED if good else ExitCode.GOAL_NOT_REACHED


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
