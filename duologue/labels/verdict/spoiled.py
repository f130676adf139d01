"""What a caller does itself that leaves nothing to judge of the support agent."""

from collections import Counter
from collections.abc import Iterator

from duologue.labels.verdict.evidence import Evidence
from duologue.labels.verdict.finding import Check, Finding
from shared.customer_sheet import Behaviour
from shared.endings import Fault, Outcome
from shared.spec import Role

LIMITS = frozenset({Outcome.TURN_LIMIT, Outcome.LENGTH_LIMIT})
"""Outcomes of calls that came to no end."""
_COSTS_TURNS = frozenset({Behaviour.BARGE_IN, Behaviour.ASK_TO_REPEAT, Behaviour.SILENCE})
"""Behaviours after which the agent says the same again: each takes a turn of either side."""
_USED_UP = 0.25
"""Share of a call's turns from which on its limit is owed to them."""


def spoiled(evidence: Evidence) -> Iterator[Finding]:
    """Dead air that the caller made, and limits that its behaviours have used up."""
    outcome = evidence.ending.outcome
    if outcome is Outcome.DEAD_AIR and evidence.turns and evidence.turns[-1].role is Role.SUPPORT:
        scripted = any(each.behaviour is Behaviour.SILENCE for each in evidence.behaved)
        yield _finding(evidence, "fell silent" + (", as its behaviours say" if scripted else ""))
    elif outcome in LIMITS and not evidence.took_leave:
        did = Counter(each.behaviour for each in evidence.behaved if each.behaviour in _COSTS_TURNS)
        if 2 * did.total() >= _USED_UP * len(evidence.turns):
            told = ", ".join(f"{times} times {each}" for each, times in did.most_common())
            yield _finding(evidence, f"used the call up by its behaviours: {told}")


def _finding(evidence: Evidence, detail: str) -> Finding:
    last = evidence.said(Role.CUSTOMER)[-1:]
    return Finding(
        check=Check.SPOILED,
        fault=Fault.CUSTOMER,
        detail=detail,
        turn=last[0].turn if last else None,
    )
