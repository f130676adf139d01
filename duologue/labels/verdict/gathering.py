"""From a call folder to what its verdict is reached from."""

import json
from pathlib import Path
from typing import Any

from duologue.folder import event_log
from duologue.labels.transcript.transcript import SaidFrom, Transcript, Turn
from duologue.labels.verdict.evidence import Evidence, Spoken, ToolUse
from shared.endings import Ending
from shared.events import Behaved, CallEnded, DeskChanged, ToolCalled
from shared.spec import CallSpec, Role


def gather(folder: Path, spec: CallSpec, turns: Transcript) -> Evidence:
    """What the folder says of the call."""
    desk = event_log.read(folder, DeskChanged)
    ended = event_log.read(folder, CallEnded)[-1].payload
    flawed = sum(turn.flaw is not None for turn in turns.turns)
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
        broken_audio=f"{flawed} turns in which speech or its event is missing" if flawed else "",
    )


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
