"""What a verdict is reached from: who said and did what in a call, read from its folder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from duologue.call.counterpart import Counterpart, counterpart_of
from duologue.folder import event_log
from duologue.labels.transcript.transcript import Transcript, Turn
from duologue.labels.verdict.broken_audio import Broken, broken
from shared.customer_sheet import Behaviour
from shared.endings import Ending
from shared.events import (
    AgentVerdict,
    Behaved,
    CallEnded,
    DeskChanged,
    ReplyCut,
    StateChanged,
    ToolCalled,
)
from shared.language.as_heard import is_goodbye
from shared.spec import CallSpec, Role
from shared.values import Row


class Spoken(NamedTuple):
    """A turn, as it was really spoken."""

    role: Role
    text: str
    at_s: float
    heard: str = ""
    """What the other side made of it."""
    intended: str = ""
    """All that was to be said; empty where that is not known."""
    interrupted: bool = False
    behaviour: Behaviour | None = None
    """What the caller did on purpose by it."""
    end_s: float | None = None
    """None where that is not known."""
    turn: int | None = None
    """Its place in transcript.json."""
    recognized: str = ""
    """What is recognized in the recording, where the speaker itself told the text."""


class ToolUse(NamedTuple):
    """A tool that was used."""

    role: Role
    tool: str
    output: Mapping[str, Any]
    """Its JSON object; empty if it returned none."""
    is_error: bool
    at_s: float
    arguments: Mapping[str, Any] = MappingProxyType({})

    @property
    def succeeded(self) -> bool:
        """Whether it did what it is for; not if nothing was found, or nothing done yet."""
        return not self.is_error and not any(
            self.output.get(key) is False for key in ("found", "done")
        )


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
    behaved: Sequence[Behaved] = ()
    """What the caller did on purpose."""
    cuts: Sequence[tuple[Role, ReplyCut]] = ()
    """Replies of language models that were cut, and whose."""
    broken_audio: Sequence[Broken] = ()
    """What is wrong with the recording."""
    told: bool = True
    """Whether the support side told what it does."""
    own_verdict: AgentVerdict | None = None
    """What somebody else's agent says of it itself; None if it was not asked or did not answer."""

    @property
    def counterpart(self) -> Counterpart:
        """Who held the support side."""
        return counterpart_of(self.spec)

    @property
    def unseen(self) -> frozenset[str]:
        """The fields of an `Expectation` of which nothing can be known in this call."""
        return self.counterpart.unseen(told=self.told)

    @property
    def slips(self) -> frozenset[str]:
        """Wrong values that the caller said on purpose, to correct itself."""
        return frozenset(each.slip for each in self.behaved if each.slip)

    def said(self, role: Role) -> list[Spoken]:
        """What one side said."""
        return [turn for turn in self.turns if turn.role is role]

    @property
    def took_leave(self) -> bool:
        """Whether both said goodbye in the end, which may be the last turns that were allowed."""
        last = [turns[-1].text for role in Role if (turns := self.said(role))]
        return len(last) == len(Role) and all(map(is_goodbye, last))

    def last_turn(self, role: Role, before_s: float) -> int | None:
        """The place of the turn that one side began last before a time."""
        begun = [turn.turn for turn in self.said(role) if turn.at_s < before_s]
        return begun[-1] if begun else None


def gather(folder: Path, spec: CallSpec, turns: Transcript) -> Evidence:
    """The evidence in a call folder, whose transcript is `turns`."""
    desk = event_log.read(folder, DeskChanged)
    ended = event_log.read(folder, CallEnded)[-1].payload
    verdicts = event_log.read(folder, AgentVerdict)
    return Evidence(
        spec=spec,
        ending=Ending(ended.outcome, ended.fault, ended.detail),
        turns=[_spoken(index, turn) for index, turn in enumerate(turns.turns)],
        tools=[
            ToolUse(
                Role(entry.role),
                entry.payload.tool,
                json_object(entry.payload.output),
                entry.payload.is_error,
                entry.t,
                entry.payload.arguments,
            )
            for entry in event_log.read(folder, ToolCalled)
        ],
        changes=desk[-1].payload.changes if desk else None,
        behaved=[entry.payload for entry in event_log.read(folder, Behaved)],
        cuts=[(Role(entry.role), entry.payload) for entry in event_log.read(folder, ReplyCut)],
        broken_audio=tuple(broken(folder, spec, turns)),
        own_verdict=next(iter(verdicts)).payload if verdicts else None,
        told=any(entry.role == Role.SUPPORT for entry in event_log.read(folder, StateChanged)),
    )


def _spoken(index: int, turn: Turn) -> Spoken:
    return Spoken(
        turn.role,
        turn.said or "",
        turn.start,
        heard=turn.heard or "",
        intended=turn.intended or "",
        interrupted=turn.interrupted,
        behaviour=turn.behaviour,
        end_s=turn.end,
        turn=index,
        recognized=turn.recognized or "",
    )


def json_object(output: str | None) -> dict[str, Any]:
    """A tool's output, if it is a JSON object."""
    try:
        value = json.loads(output or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
