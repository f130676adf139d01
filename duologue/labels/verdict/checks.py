"""What is checked of every call; each check yields what it finds."""

from collections import Counter
from collections.abc import Callable, Iterator

from duologue.call.outcome import COMPLETE
from duologue.labels.verdict import desk
from duologue.labels.verdict.evidence import Evidence, Spoken
from duologue.labels.verdict.finding import Check, Finding
from duologue.labels.verdict.sheet import left_sheet
from duologue.labels.verdict.values import aloud
from shared.endings import Fault, Outcome
from shared.language.as_heard import is_goodbye, phrase, sentences
from shared.spec import Expectation, Role
from support_agent import identifying_tools, public_tables

LOOP = 4
"""A sentence that one side says so often is a loop."""
LOOP_WORDS = 4
"""Shorter sentences may come as often as they like."""


def all_findings(evidence: Evidence) -> Iterator[Finding]:
    """The findings of all checks of a call, in their order."""
    for check in _CHECKS:
        yield from check(evidence)


def _rows(evidence: Evidence) -> Iterator[Finding]:
    if "desk" in evidence.counterpart.unseen:
        return
    if evidence.changes is None:
        yield Finding(check=Check.DESK, fault=Fault.SYSTEM, detail="the desk's rows never arrived")
        return
    for detail in desk.compare(_expected(evidence).desk, evidence.changes):
        yield Finding(check=Check.DESK, fault=Fault.SUPPORT, detail=detail)


def _words(evidence: Evidence) -> Iterator[Finding]:
    """Required and forbidden facts, in what the support agent really said."""
    expected, said = _expected(evidence), phrase(_text(evidence, Role.SUPPORT))
    for wanted in expected.said:
        if phrase(wanted) not in said:
            yield Finding(check=Check.NOT_SAID, fault=Fault.SUPPORT, detail=repr(wanted))
    for forbidden in expected.never_said:
        if phrase(forbidden) in said:
            yield Finding(check=Check.FORBIDDEN_SAID, fault=Fault.SUPPORT, detail=repr(forbidden))


def _deeds(evidence: Evidence) -> Iterator[Finding]:
    """Tools in their order, and tools that must not be used."""
    if "tools" in evidence.counterpart.unseen:
        return
    expected = _expected(evidence)
    used = [use.tool for use in evidence.tools if use.role is Role.SUPPORT and use.succeeded]
    left = iter(used)
    for wanted in expected.tools:
        if wanted not in left:  # consumes what comes before it
            detail = f"{wanted}; done was: {', '.join(used) or 'nothing'}"
            yield Finding(check=Check.NOT_DONE, fault=Fault.SUPPORT, detail=detail)
            break
    for forbidden in expected.never_done:
        if forbidden in used:
            yield Finding(check=Check.FORBIDDEN_DONE, fault=Fault.SUPPORT, detail=forbidden)


def _disclosure(evidence: Evidence) -> Iterator[Finding]:
    """Values of the call's own rows that were told before the caller was identified.

    What the caller has said itself may be said back.
    """
    support = evidence.spec.support
    if not support:
        return
    public = public_tables(support.business)
    private = {
        words
        for table, rows in support.desk.items()
        for row in rows
        for value in row.values()
        if table not in public
        for words in aloud(value)
    }
    known = ""
    for turn in _before_identified(evidence, identifying_tools(support.business)):
        words = phrase(turn.text)
        if turn.role is Role.CUSTOMER:
            known += words
            continue
        for value in sorted(value for value in private if value in words and value not in known):
            yield Finding(check=Check.DISCLOSED, fault=Fault.SUPPORT, detail=repr(value.strip()))


def _before_identified(evidence: Evidence, tools: frozenset[str]) -> Iterator[Spoken]:
    """The turns up to the one that comes of the first look-up that finds the caller."""
    identified_s = min(
        (use.at_s for use in evidence.tools if use.tool in tools and use.succeeded),
        default=float("inf"),
    )
    return (turn for turn in evidence.turns if turn.at_s < identified_s)


def _goals(evidence: Evidence) -> Iterator[Finding]:
    """Whether the caller was content with an agent under test, whose deeds are not seen.

    A caller who hangs up tells. Of one whom the agent left, each goal must have been answered.
    """
    spec, outcome = evidence.spec, evidence.ending.outcome
    if evidence.counterpart.reports or outcome is Outcome.COMPLETED:
        return
    goals = spec.customer.goals if spec.customer else ()
    if outcome is Outcome.AGENT_LEFT and goals and _said_goodbye(evidence, Role.SUPPORT):
        said = phrase(_text(evidence, Role.SUPPORT))
        open_goals = [goal for goal in goals if not any(phrase(w) in said for w in goal.met_when)]
        details = [f"not settled: {goal.say}" for goal in open_goals]
    else:
        details = [f"the caller did not get what it called for: {outcome}"]
    for detail in details:
        yield Finding(check=Check.GOAL, fault=Fault.SUPPORT, detail=detail)


def _loops(evidence: Evidence) -> Iterator[Finding]:
    for role in Role:
        said = Counter(
            phrase(sentence)
            for turn in evidence.said(role)
            for sentence in sentences(turn.text)
            if len(sentence.split()) >= LOOP_WORDS
        )
        for words, times in said.items():
            if times >= LOOP:
                yield Finding(
                    check=Check.LOOP, fault=Fault(role), detail=f"{times} times:{words.rstrip()}"
                )


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
        yield Finding(check=Check.ENDING, fault=Fault(silent), detail="said nothing any more")
    elif outcome is Outcome.AGENT_LEFT:
        if not _said_goodbye(evidence, Role.SUPPORT):
            left = f"no goodbye: {detail}"
            yield Finding(check=Check.ENDING, fault=Fault.SUPPORT, detail=left)
    elif outcome in {Outcome.TURN_LIMIT, Outcome.LENGTH_LIMIT}:
        yield Finding(check=Check.ENDING, fault=Fault.SUPPORT, detail=f"{outcome}: no end in sight")
    else:
        for role in Role:
            if not _said_goodbye(evidence, role):
                yield Finding(check=Check.ENDING, fault=Fault(role), detail="said no goodbye")


def _said_goodbye(evidence: Evidence, role: Role) -> bool:
    return is_goodbye(_text(evidence, role))


def _audio(evidence: Evidence) -> Iterator[Finding]:
    if evidence.broken_audio:
        yield Finding(check=Check.AUDIO, fault=Fault.SYSTEM, detail=evidence.broken_audio)


_CHECKS: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    _rows,
    _words,
    _deeds,
    _disclosure,
    left_sheet,
    _goals,
    _loops,
    _cuts,
    _ending,
    _audio,
)


def _expected(evidence: Evidence) -> Expectation:
    return evidence.spec.expected or Expectation()


def _text(evidence: Evidence, role: Role) -> str:
    return " ".join(turn.text for turn in evidence.said(role))
