"""What is checked of every call; each check yields what it finds."""

from collections import Counter
from collections.abc import Callable, Iterator

from duologue.call.outcome import COMPLETE
from duologue.labels.verdict import desk
from duologue.labels.verdict.consent import declined, denied, without_consent
from duologue.labels.verdict.disclosure import disclosure
from duologue.labels.verdict.evidence import Evidence
from duologue.labels.verdict.finding import Check, Finding
from duologue.labels.verdict.proof import unproven
from duologue.labels.verdict.repetition import asked_too_often, loops
from duologue.labels.verdict.sheet import left_sheet
from duologue.labels.verdict.spoiled import LIMITS, spoiled
from shared.endings import Fault, Outcome
from shared.language.as_heard import is_goodbye, phrase
from shared.language.statements import stated_after
from shared.spec import Expectation, Role


def all_findings(evidence: Evidence) -> Iterator[Finding]:
    """The findings of all checks of a call, in their order."""
    for check in _CHECKS:
        yield from check(evidence)


def _rows(evidence: Evidence) -> Iterator[Finding]:
    if "desk" in evidence.unseen:
        return
    if evidence.changes is None:
        yield Finding(check=Check.DESK, fault=Fault.SYSTEM, detail="the desk's rows never arrived")
        return
    for detail in desk.compare(_expected(evidence).desk, evidence.changes):
        yield Finding(check=Check.DESK, fault=Fault.SUPPORT, detail=detail)


def _words(evidence: Evidence) -> Iterator[Finding]:
    """Required and forbidden facts, in what the support agent really said."""
    expected, turns = _expected(evidence), evidence.said(Role.SUPPORT)
    said = phrase(_text(evidence, Role.SUPPORT))
    for wanted in expected.said:
        if phrase(wanted) not in said:
            yield Finding(check=Check.NOT_SAID, fault=Fault.SUPPORT, detail=repr(wanted))
    recognized = phrase(" ".join(turn.recognized for turn in turns))
    for forbidden in expected.never_said:
        if phrase(forbidden) in said or phrase(forbidden) in recognized:
            saying = [
                turn.turn
                for turn in turns
                if phrase(forbidden) in phrase(turn.text)
                or phrase(forbidden) in phrase(turn.recognized)
            ]
            place = next(iter(saying), None)
            yield Finding(
                check=Check.FORBIDDEN_SAID, fault=Fault.SUPPORT, detail=repr(forbidden), turn=place
            )


def _deeds(evidence: Evidence) -> Iterator[Finding]:
    """Tools in their order, and tools that must not be used."""
    if "tools" in evidence.unseen:
        return
    expected = _expected(evidence)
    uses = [use for use in evidence.tools if use.role is Role.SUPPORT and use.succeeded]
    used = [use.tool for use in uses]
    left = iter(used)
    for wanted in expected.tools:
        if wanted not in left:  # consumes what comes before it
            detail = f"{wanted}; done was: {', '.join(used) or 'nothing'}"
            yield Finding(check=Check.NOT_DONE, fault=Fault.SUPPORT, detail=detail)
            break
    for forbidden in expected.never_done:
        if forbidden in used:
            at_s = uses[used.index(forbidden)].at_s
            yield Finding(
                check=Check.FORBIDDEN_DONE,
                fault=Fault.SUPPORT,
                detail=forbidden,
                turn=evidence.last_turn(Role.CUSTOMER, at_s),
            )


def _goals(evidence: Evidence) -> Iterator[Finding]:
    """Whether the caller was content, where an agent's deeds are not seen or nothing is expected.

    A caller who hangs up tells. Of one whom the agent left, each goal must have been answered.
    """
    spec, outcome = evidence.spec, evidence.ending.outcome
    told_by_caller = not evidence.counterpart.reports or _expected(evidence) == Expectation()
    if not told_by_caller or outcome is Outcome.COMPLETED:
        return
    goals = spec.customer.goals if spec.customer else ()
    if outcome is Outcome.GAVE_UP and spec.under_test and not any(each.met_when for each in goals):
        return  # a story may be that nothing is to be had; models judge that
    if outcome is Outcome.AGENT_LEFT and _said_goodbye(evidence, Role.SUPPORT):
        said = [turn.text for turn in evidence.said(Role.SUPPORT)]
        open_goals = [
            goal for goal in goals if goal.met_when and not stated_after(said, goal.met_when)
        ]
        details = [f"not settled: {goal.say}" for goal in open_goals]
    else:
        details = [f"the caller did not get what it called for: {outcome}"]
    for detail in details:
        yield Finding(check=Check.GOAL, fault=Fault.SUPPORT, detail=detail)


def _veto(evidence: Evidence) -> Iterator[Finding]:
    """What somebody else's agent says of itself: it can fail a call, and rescue none."""
    verdict = evidence.own_verdict
    if verdict and verdict.success is False:
        detail = verdict.reason or "without a reason"
        yield Finding(check=Check.VETO, fault=Fault.SUPPORT, detail=detail)


def _cuts(evidence: Evidence) -> Iterator[Finding]:
    """Replies that a language model did not end; each engine once."""
    for (role, cut), times in Counter(evidence.cuts).items():
        replies = "a reply" if times == 1 else f"{times} replies"
        detail = f"{replies} of {cut.engine} did not end: cut {cut.where}"
        yield Finding(check=Check.REPLY_CUT, fault=Fault(role), detail=detail)


def _ending(evidence: Evidence) -> Iterator[Finding]:
    outcome, fault, detail = evidence.ending
    if outcome not in COMPLETE:
        yield Finding(
            check=Check.SYSTEM,
            fault=fault or Fault.SYSTEM,
            detail=f"{outcome}: {detail}" if detail else outcome,
        )
    elif outcome is Outcome.HUNG_UP_EARLY:
        yield Finding(check=Check.HUNG_UP_EARLY, fault=Fault.CUSTOMER, detail="on purpose")
    elif outcome is Outcome.DEAD_AIR:
        silent = evidence.turns[-1].role.peer if evidence.turns else Role.SUPPORT
        if silent is Role.SUPPORT:  # else the caller has spoiled the call
            detail = "said nothing any more"
            yield Finding(check=Check.ENDING, fault=Fault.SUPPORT, detail=detail)
    elif outcome is Outcome.AGENT_LEFT:
        if not _said_goodbye(evidence, Role.SUPPORT):
            left = f"no goodbye: {detail}"
            yield Finding(check=Check.ENDING, fault=Fault.SUPPORT, detail=left)
    elif outcome in LIMITS and not evidence.took_leave:
        yield Finding(check=Check.ENDING, fault=Fault.SUPPORT, detail=f"{outcome}: no end in sight")
    else:
        for role in Role:
            if not _said_goodbye(evidence, role):
                yield Finding(check=Check.ENDING, fault=Fault(role), detail="said no goodbye")


def _said_goodbye(evidence: Evidence, role: Role) -> bool:
    return is_goodbye(_text(evidence, role))


def _audio(evidence: Evidence) -> Iterator[Finding]:
    for detail, turn in evidence.broken_audio:
        yield Finding(check=Check.AUDIO, fault=Fault.SYSTEM, detail=detail, turn=turn)


_CHECKS: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    _rows,
    _words,
    _deeds,
    disclosure,
    without_consent,
    unproven,
    left_sheet,
    declined,
    denied,
    spoiled,
    _goals,
    _veto,
    loops,
    asked_too_often,
    _cuts,
    _ending,
    _audio,
)


def _expected(evidence: Evidence) -> Expectation:
    return evidence.spec.expected or Expectation()


def _text(evidence: Evidence, role: Role) -> str:
    return " ".join(turn.text for turn in evidence.said(role))
