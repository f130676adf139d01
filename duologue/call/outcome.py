"""How a call ended, whose fault that was, and what the command line returns for it.

The one table; docs/outcomes.md explains it, and a test compares the two.
"""

from enum import IntEnum

from shared.endings import Ending, EndReason, Fault, Outcome
from shared.spec import Role


class ExitCode(IntEnum):
    """What `duologue call` returns."""

    GOAL_REACHED = 0
    GOAL_NOT_REACHED = 1
    WRONG_USE = 2
    SYSTEM = 3


COMPLETE = frozenset(
    {
        Outcome.COMPLETED,
        Outcome.GAVE_UP,
        Outcome.HUNG_UP_EARLY,
        Outcome.TURN_LIMIT,
        Outcome.LENGTH_LIMIT,
        Outcome.DEAD_AIR,
        Outcome.AGENT_LEFT,
    }
)
"""Outcomes of calls that were held to an end of their own; all others are failures of parts."""

RETRIED = frozenset(Outcome) - COMPLETE - {Outcome.REFUSED, Outcome.CANCELLED}
"""Outcomes that another attempt may not have. A refused job would be refused again."""

_BY_REASON = {
    EndReason.GOODBYE: Outcome.COMPLETED,
    EndReason.GAVE_UP: Outcome.GAVE_UP,
    EndReason.HUNG_UP_EARLY: Outcome.HUNG_UP_EARLY,
    EndReason.TURN_LIMIT: Outcome.TURN_LIMIT,
    EndReason.LENGTH_LIMIT: Outcome.LENGTH_LIMIT,
    EndReason.DEAD_AIR: Outcome.DEAD_AIR,
    EndReason.PEER_NEVER_CAME: Outcome.PEER_NEVER_CAME,
    EndReason.ENGINE_FAILED: Outcome.ENGINE_FAILED,
    EndReason.CRASHED: Outcome.AGENT_CRASHED,
    EndReason.STOPPED: Outcome.WORKER_STOPPED,
    EndReason.PEER_LEFT: Outcome.WORKER_LOST,
}


def ending_of(role: Role, reason: EndReason, detail: str = "") -> Ending:
    """The ending of a call that `role` was the first to end, for `reason`.

    A crash in a role's own code is that role's fault. That the other side only saw its peer
    leave means that the peer was lost without a word.
    """
    outcome = _BY_REASON[reason]
    if outcome is Outcome.AGENT_CRASHED:
        return Ending(outcome, Fault(role), detail)
    return Ending(outcome, None if outcome in COMPLETE else Fault.SYSTEM, detail)


def exit_code(ending: Ending, *, passed: bool) -> ExitCode:
    """What the command returns for a call; `passed` if it counts and reached its goal."""
    if ending.outcome not in COMPLETE:
        return ExitCode.SYSTEM
    return ExitCode.GOAL_REACHED if passed else ExitCode.GOAL_NOT_REACHED
