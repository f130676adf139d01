"""The findings a call may have, and which of them fail it or make it not count."""

from enum import StrEnum

from shared.endings import Fault
from shared.values import Frozen


class Check(StrEnum):
    """What a finding is about."""

    DESK = "desk"
    """The desk's rows are not those that were expected."""
    NOT_SAID = "not_said"
    FORBIDDEN_SAID = "forbidden_said"
    NOT_DONE = "not_done"
    """A tool was not used, or not in the expected order."""
    FORBIDDEN_DONE = "forbidden_done"
    DISCLOSED = "disclosed"
    """Something of an account was told before the caller was identified."""
    LEFT_SHEET = "left_sheet"
    """The caller said what it cannot know, or played the agent."""
    GOAL = "goal"
    """The caller did not get what it called for, by what the agent said; without a desk alone."""
    LOOP = "loop"
    REPLY_CUT = "reply_cut"
    """A language model's reply did not end, and was cut."""
    ENDING = "ending"
    """The call did not end as calls should."""
    HUNG_UP_EARLY = "hung_up_early"
    """The caller did, on purpose."""
    SYSTEM = "system"
    """A part failed."""
    AUDIO = "audio"
    """The recording is not what was spoken."""


TASK = frozenset(
    {
        Check.DESK,
        Check.NOT_SAID,
        Check.FORBIDDEN_SAID,
        Check.NOT_DONE,
        Check.FORBIDDEN_DONE,
        Check.DISCLOSED,
        Check.GOAL,
    }
)
"""Any of these, and the task was not done."""
INVALIDATING = frozenset({Check.LEFT_SHEET, Check.HUNG_UP_EARLY, Check.SYSTEM, Check.AUDIO})
"""Any of these, and the call says nothing about the support agent."""


class Finding(Frozen):
    """Something that speaks against a call."""

    check: Check
    fault: Fault
    detail: str

    def __str__(self) -> str:
        return f"{self.check}: {self.detail}"
