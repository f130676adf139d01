"""The verdict on a call: was the task done, was anything wrong said or done, and by whose fault?

It is reached from what was *said* and done alone, never from what was intended. What speaks
against a call is a finding: which check found it, whose fault it is, and what exactly.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from duologue.labels.verdict.checks import all_findings
from duologue.labels.verdict.evidence import Evidence, Spoken, ToolUse, gather
from duologue.labels.verdict.finding import Check, Finding
from duologue.labels.verdict.roots import Root, root
from shared.endings import Fault
from shared.spec import Expectation

__all__ = ["Check", "Evidence", "Finding", "Spoken", "ToolUse", "Verdict", "gather", "judge"]

_FIRST_BLAMED = (Fault.SYSTEM, Fault.CUSTOMER, Fault.SUPPORT)
"""What a part of the system did wrong may have misled a role, the customer the support agent."""


class Verdict(NamedTuple):
    """What a call is worth."""

    task_success: bool
    """All that was expected came true, and nothing forbidden was said or done."""
    valid: bool
    """Whether the call counts for or against the support agent at all."""
    fault: Fault | None
    """Whose fault it is that the call does not count, or else that the task was not done, or else
    what was found besides."""
    findings: tuple[Finding, ...]
    checked: tuple[str, ...] = ()
    """What was expected, and could be checked."""
    unchecked: tuple[str, ...] = ()
    """What was expected, and could not be seen or was not judged in this call."""


def judge(evidence: Evidence) -> Verdict:
    """The verdict on one call."""
    findings = tuple(_with_root(all_findings(evidence), root(evidence)))
    expected = _expected(evidence)
    return Verdict(
        task_success=not any(finding.fails for finding in findings),
        valid=not any(finding.invalidates for finding in findings),
        fault=_fault(findings),
        findings=findings,
        checked=tuple(each for each, seen in expected.items() if seen),
        unchecked=tuple(each for each, seen in expected.items() if not seen),
    )


def _with_root(findings: Iterable[Finding], root: Root | None) -> Iterator[Finding]:
    """The findings, with what led the support agent to those by which the task was not done."""
    for finding in findings:
        if root and finding.fails and finding.fault is Fault.SUPPORT:
            turn = root.turn if finding.turn is None else finding.turn
            yield finding.model_copy(update={"root": root.told, "turn": turn})
        else:
            yield finding


def _fault(findings: Sequence[Finding]) -> Fault | None:
    """Who is to blame, by the gravest findings there are."""
    gravest = (
        [finding for finding in findings if finding.invalidates]
        or [finding for finding in findings if finding.fails]
        or findings
    )
    blamed = {finding.fault for finding in gravest}
    return next((one for one in _FIRST_BLAMED if one in blamed), None)


def _expected(evidence: Evidence) -> dict[str, bool]:
    """What is expected of the support side, and whether that could be checked in this call.

    Models judge by `agent_expectations` once the call is labelled, if they are asked to.
    """
    spec, verdict = evidence.spec, evidence.own_verdict
    expected = {
        f"expected.{key}": key not in evidence.unseen
        for key in Expectation.model_fields
        if getattr(spec.expected, key, None)
    }
    if spec.under_test is None:
        return expected | {"expected.desk": True}
    goals = spec.customer.goals if spec.customer else ()
    expected["goals"] = bool(goals) and all(goal.met_when for goal in goals)
    if spec.agent_expectations:
        expected["agent_expectations"] = False
    if verdict and (verdict.success is not None or verdict.reason):
        expected["own_verdict"] = verdict.success is not None
    return expected
