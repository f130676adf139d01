"""From a recorded folder to its transcript and metrics, by way of the files alone."""

import json
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest
import soundfile

from duologue.folder import event_log
from duologue.folder.channels import RATE_HZ
from duologue.folder.event_log import EventLog
from duologue.folder.folder import CALL, write_json
from duologue.labels import metrics
from duologue.labels.activity import FRAME_S
from duologue.pipeline.stages import label
from shared.endings import Fault, Outcome
from shared.events import (
    CallEnded,
    DeskChanged,
    DriverAway,
    Heard,
    Heartbeat,
    Payload,
    RecordingEnded,
    Said,
    Started,
    ToolCalled,
)
from shared.events.journal import Event
from shared.spec import Expectation, Role
from shared.values import Row
from tests.duologue.folder.test_folder import call
from tests.duologue.labels.test_activity import mask

ORDER: Row = {"id": 47219, "status": "refunded"}
AHEAD_S = {"customer": 1_700_000_000.0, "support": 1_700_000_300.0, "driver": 1_700_000_000.0}


def emit(log: EventLog, payload: Payload, source: str, t: float) -> None:
    """An event of `t` that took 2 ms to arrive, or 0.5 s if it is what the customer said."""
    late_s = 0.5 if isinstance(payload, Said) and source == "customer" else 0.002
    log.write(Event(source, AHEAD_S[source] + t, payload), t + late_s)


def said(text: str, source: str, start: float, end: float) -> Said:
    return Said(text=text, intended=text, interrupted=False, **spoken(source, start, end))


class Times(TypedDict):
    started_at: float
    stopped_at: float


def spoken(source: str, start: float, end: float) -> Times:
    return {"started_at": AHEAD_S[source] + start, "stopped_at": AHEAD_S[source] + end}


def record(
    folder: Path,
    *,
    desk: bool = True,
    begun: bool = True,
    answer: tuple[float, float] | None = None,
    tool_of: str | None = None,
    away_s: float = 0.0,
) -> None:
    """Support: "Hello." from 1 to 2 s; customer: "Hi there." from 2.5 to 4 s; an answer or none."""
    support = [(1.0, 2.0), *([answer] if answer else [])]
    speech = np.stack([mask((2.5, 4.0), length=8), mask(*support, length=8)], axis=1)
    noise = np.random.default_rng(1).normal(0, 0.1, (8 * RATE_HZ, 2))
    gate = np.repeat(speech, round(RATE_HZ * FRAME_S), axis=0)
    soundfile.write(folder / "wire.flac", noise * gate, RATE_HZ, subtype="PCM_16")
    log = EventLog(folder, room="duologue-c1", call_id="c1")
    emit(log, Started(job_id="AJ_1"), "support", 0.1)
    if begun:
        emit(log, Started(), "customer", 0.15)
    emit(log, Heartbeat(), "customer", 0.2)
    if desk:
        emit(log, DeskChanged(changes={}), "support", 0.3)
        emit(log, DeskChanged(changes={"orders": [ORDER]}), "support", 3.0)
    emit(log, said("Hello.", "support", 0.9, 1.9), "support", 2.0)
    emit(log, said("Hi there.", "customer", 2.4, 3.9), "customer", 4.0)
    emit(log, Heard(text="hi where", **spoken("support", 2.6, 4.0)), "support", 4.3)
    if tool_of:
        emit(log, ToolCalled(tool="find", arguments={}, output="", is_error=False), tool_of, 5.0)
    if away_s:
        emit(log, DriverAway(away_s=away_s), "driver", 5.5)
    emit(log, CallEnded(outcome=Outcome.COMPLETED, fault=None, detail=""), "driver", 5.9)
    none = dict.fromkeys(Role, 0.0)
    recorded = RecordingEnded(duration_s=6.0, inserted_s=none, cut_s=none, concealed_s=none)
    emit(log, recorded, "driver", 6.0)
    log.close()
    event_log.order_by_clock(folder)
    expected = {"expected": Expectation(desk={"orders": (ORDER,)})}
    made = call()
    spec = made.spec.model_copy(update=expected)
    write_json(folder / CALL, made.model_copy(update={"spec": spec}))


def test_a_recorded_call_becomes_a_transcript_and_metrics(tmp_path: Path) -> None:
    record(tmp_path)
    label(tmp_path)
    transcript = json.loads((tmp_path / "transcript.json").read_text())
    measured = json.loads((tmp_path / "metrics.json").read_text())
    assert transcript["schema"] == measured["schema"] == 1
    assert [(t["role"], t["start"], t["end"], t["heard"]) for t in transcript["turns"]] == [
        ("support", 1.0, 2.0, None),
        ("customer", 2.5, 4.0, "hi where"),
    ]
    assert measured["reply_gap_s"]["support_to_customer"] == {
        "p50": 0.5,
        "p95": 0.5,
        "values": [0.5],
    }
    assert measured["wer"]["customer"]["rate"] == 0.5
    assert measured["task_success"]
    assert measured["valid"]
    assert [finding["check"] for finding in measured["findings"]] == ["ending", "ending"]


def test_a_recording_that_begins_in_the_middle_of_a_conversation_is_not_valid(
    tmp_path: Path,
) -> None:
    record(tmp_path, begun=False)
    label(tmp_path)
    measured = metrics.read(tmp_path)
    assert not measured.valid
    assert "the recording begins when customer was speaking already" in [
        finding.detail for finding in measured.findings
    ]


def test_a_recording_whose_recorder_was_away_for_seconds_is_not_valid(tmp_path: Path) -> None:
    record(tmp_path, away_s=2.5)
    label(tmp_path)
    measured = metrics.read(tmp_path)
    assert not measured.valid
    assert "the recorder was away for 2.5 s" in [finding.detail for finding in measured.findings]


def test_the_tools_that_the_support_agent_used_are_known_to_the_metrics(tmp_path: Path) -> None:
    """Support answers 2.75 s after the customer, which is late but for the tool."""

    def latency_score(user: str) -> float | None:
        folder = tmp_path / user
        folder.mkdir()
        record(folder, answer=(6.75, 7.5), tool_of=user)
        label(folder)
        return metrics.read(folder).interaction.eva.latency_score.mean

    assert (latency_score("support"), latency_score("customer")) == (1.0, 0.5)


def test_labelling_again_gives_the_same_files(tmp_path: Path) -> None:
    record(tmp_path)
    label(tmp_path)
    once = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    event_log.order_by_clock(tmp_path)
    label(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == once


def test_a_call_whose_desk_never_reported_is_no_success(tmp_path: Path) -> None:
    record(tmp_path, desk=False)
    label(tmp_path)
    measured = metrics.read(tmp_path)
    assert not measured.task_success
    assert measured.fault is Fault.SYSTEM
    assert measured.findings[0].detail == "the desk's rows never arrived"


def test_events_are_in_the_order_in_which_they_happened_by_one_clock(tmp_path: Path) -> None:
    record(tmp_path)
    entries = event_log.read(tmp_path, Payload)
    assert [entry.t for entry in entries] == sorted(entry.t for entry in entries)
    (spoken,) = [e for e in event_log.read(tmp_path, Said) if e.role == "customer"]
    assert spoken.t == pytest.approx(4.002, abs=1e-5)
    assert spoken.on_recording(spoken.payload.stopped_at or 0) == pytest.approx(3.902, abs=1e-5)
    assert {(e.role, e.job_id) for e in entries} == {
        ("support", "AJ_1"),
        ("customer", None),
        ("driver", None),
    }
    first = json.loads((tmp_path / "events.jsonl").read_text().splitlines()[0])
    ours = ["event", "role", "t", "clock", "received", "room", "call_id", "job_id"]
    assert list(first)[:8] == ours
