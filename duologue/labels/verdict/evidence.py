"""What a verdict is reached from."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from duologue.call.counterpart import Counterpart, counterpart_of
from shared.endings import Ending
from shared.spec import CallSpec, Role
from shared.values import Row


class Spoken(NamedTuple):
    """A turn, as it was really spoken."""

    role: Role
    text: str
    at_s: float
    heard: str = ""
    """What the other side made of it, where `text` itself was recognized: neither is sure."""


class ToolUse(NamedTuple):
    """A tool that was used."""

    role: Role
    tool: str
    output: Mapping[str, Any]
    """Its JSON object; empty if it returned none."""
    is_error: bool
    at_s: float

    @property
    def succeeded(self) -> bool:
        """Whether it did what it is for; looking up what is not there is none."""
        return not self.is_error and self.output.get("found") is not False


class Evidence(NamedTuple):
    """A call, as far as the verdict needs it."""

    spec: CallSpec
    ending: Ending
    turns: Sequence[Spoken]
    """In order."""
    tools: Sequence[ToolUse]
    """In order."""
    changes: Mapping[str, Sequence[Row]] | None
    """By table, the rows that changed or were added; None if the desk never reported."""
    slips: Sequence[str] = ()
    """Wrong values that the caller said on purpose, to correct itself."""
    broken_audio: str = ""
    """What is wrong with the recording, if anything is."""

    @property
    def counterpart(self) -> Counterpart:
        """Who held the support side."""
        return counterpart_of(self.spec)

    def said(self, role: Role) -> list[Spoken]:
        """What one side said."""
        return [turn for turn in self.turns if turn.role is role]
