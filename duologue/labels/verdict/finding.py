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
    """Something of an account was told before the caller was identified, or to somebody else."""
    NO_CONSENT = "no_consent"
    """Something was changed that the caller had not agreed to."""
    UNPROVEN = "unproven"
    """Money was moved for a caller who had not told a second fact, or not the right one."""
    LEFT_SHEET = "left_sheet"
    """The caller said what it cannot know, or played the agent."""
    GOAL = "goal"
    """The caller did not get what it called for, by what the agent said; without a desk alone."""
    VETO = "veto"
    """The agent under test says itself that it did not do what it should."""
    SPOILED = "spoiled"
    """The caller itself left nothing to judge: silent for too long, busy with its behaviours, or
    declining what it called for."""
    LOOP = "loop"
    ASKED_TOO_OFTEN = "asked_too_often"
    """A fact was asked for more often than the policy allows."""
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
        Check.NO_CONSENT,
        Check.UNPROVEN,
        Check.GOAL,
        Check.VETO,
    }
)
"""Any of these, and the task was not done."""
INVALIDATING = frozenset(
    {Check.LEFT_SHEET, Check.HUNG_UP_EARLY, Check.SPOILED, Check.SYSTEM, Check.AUDIO}
)
"""Any of these, or whatever is the system's fault, and the call says nothing about the agent."""


class Finding(Frozen):
    """Something that speaks against a call."""

    check: Check
    fault: Fault
    detail: str
    turn: int | None = None
    """The turn in which it shows, by its place in transcript.json; None if in none."""
    root: str = ""
    """What led to it, if that is known: "order number misheard twice: 70800 for 700800"."""

    @property
    def fails(self) -> bool:
        """Whether the task was not done by it."""
        return self.check in TASK

    @property
    def invalidates(self) -> bool:
        """Whether the call does not count by it."""
        return self.check in INVALIDATING or self.fault is Fault.SYSTEM

    def __str__(self) -> str:
        told = f"{self.check}: {self.detail}"
        return f"{told} ({self.root})" if self.root else told
