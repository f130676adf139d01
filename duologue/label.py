"""From what was recorded to what it means: transcript, verdict and metrics of a call folder."""

import json
from pathlib import Path
from typing import Any

from duologue import eventlog, metrics, transcript
from duologue.folder import audio_of
from duologue.metrics import Metrics
from duologue.outcome import Ending, Fault, Outcome
from duologue.speech import loudness
from duologue.tracks import CHANNELS
from duologue.transcript import Transcript
from duologue.verdict import Evidence, Spoken, Used, judge
from shared.events import EventName
from shared.spec import CallSpec, Role


def label(folder: Path, spec: CallSpec) -> Metrics:
    """Write transcript.json and metrics.json from the audio and events.jsonl; again if need be."""
    heard = dict(zip(CHANNELS, loudness(audio_of(folder)), strict=True))
    turns = transcript.write(folder, heard)
    return metrics.write(folder, heard, turns, judge(_evidence(folder, spec, turns)))


def _evidence(folder: Path, spec: CallSpec, turns: Transcript) -> Evidence:
    """What the folder says of the call."""
    desk = eventlog.read(folder, EventName.DESK)
    ended = eventlog.read(folder, EventName.OUTCOME)[-1].fields
    flawed = sum(turn.flaw is not None for turn in turns.turns)
    return Evidence(
        spec=spec,
        ending=Ending(
            Outcome(ended["outcome"]), ended["fault"] and Fault(ended["fault"]), ended["detail"]
        ),
        turns=[Spoken(turn.role, turn.said or "", turn.start) for turn in turns.turns],
        tools=[
            Used(
                Role(entry.role),
                entry.fields["tool"],
                _object(entry.fields["output"]),
                entry.fields["is_error"],
                entry.t,
            )
            for entry in eventlog.read(folder, EventName.TOOL)
        ],
        changes=desk[-1].fields["changes"] if desk else None,
        slips=[
            entry.fields["slip"]
            for entry in eventlog.read(folder, EventName.BEHAVIOUR)
            if entry.fields.get("slip")
        ],
        broken_audio=f"{flawed} turns in which speech or its event is missing" if flawed else "",
    )


def _object(output: str | None) -> dict[str, Any]:
    """A tool's output, if it is a JSON object."""
    try:
        value = json.loads(output or "")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
