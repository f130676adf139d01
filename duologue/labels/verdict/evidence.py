"""What a verdict is reached from: who said and did what in a call, read from its folder."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from duologue.call.counterpart import Counterpart, counterpart_of
from duologue.folder import event_log
from duologue.labels.transcript.transcript import SaidFrom, Transcript, Turn
from shared.endings import Ending
from shared.events import Behaved, CallEnded, DeskChanged, ReplyCut, Started, ToolCalled
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
    cuts: Sequence[tuple[Role, ReplyCut]] = ()
    """Replies of language models that were cut, and whose."""
    broken_audio: str = ""
    """What is wrong with the recording, if anything is."""

    @property
    def counterpart(self) -> Counterpart:
        """Who held the support side."""
        return counterpart_of(self.spec)

    def said(self, role: Role) -> list[Spoken]:
        """What one side said."""
        return [turn for turn in self.turns if turn.role is role]


def gather(folder: Path, spec: CallSpec, turns: Transcript) -> Evidence:
    """The evidence in a call folder, whose transcript is `turns`."""
    desk = event_log.read(folder, DeskChanged)
    ended = event_log.read(folder, CallEnded)[-1].payload
    broken = [*_flaws(turns), *_begun_before(folder, spec, turns)]
    return Evidence(
        spec=spec,
        ending=Ending(ended.outcome, ended.fault, ended.detail),
        turns=[_spoken(turn) for turn in turns.turns],
        tools=[
            ToolUse(
                Role(entry.role),
                entry.payload.tool,
                _object(entry.payload.output),
                entry.payload.is_error,
                entry.t,
            )
            for entry in event_log.read(folder, ToolCalled)
        ],
        changes=desk[-1].payload.changes if desk else None,
        slips=[
            entry.payload.slip for entry in event_log.read(folder, Behaved) if entry.payload.slip
        ],
        cuts=[(Role(entry.role), entry.payload) for entry in event_log.read(folder, ReplyCut)],
        broken_audio="; ".join(broken),
    )


def _flaws(turns: Transcript) -> Iterator[str]:
    if flawed := sum(turn.flaw is not None for turn in turns.turns):
        yield f"{flawed} turns in which speech or its event is missing"


def _begun_before(folder: Path, spec: CallSpec, turns: Transcript) -> Iterator[str]:
    """Sides that speak, and whose beginning was not recorded: they were in a call before."""
    reporting = [role for role in Role if role is Role.CUSTOMER or counterpart_of(spec).reports]
    begun = {entry.role for entry in event_log.read(folder, Started)}
    for role in reporting:
        if role not in begun and any(turn.role is role for turn in turns.turns):
            yield f"the recording begins when {role} was speaking already"


def _spoken(turn: Turn) -> Spoken:
    recognized = turn.said_from is SaidFrom.RECOGNITION
    heard = turn.heard if recognized and turn.heard else ""
    return Spoken(turn.role, turn.said or "", turn.start, heard)


def _object(output: str | None) -> dict[str, Any]:
    """A tool's output, if it is a JSON object."""
    try:
        value = json.loads(output or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
