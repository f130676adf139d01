"""A recorded call is read from its folder, and calls are found in theirs."""

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from duologue.folder.channels import RATE_HZ
from duologue.folder.folder import AUDIO, CALL, WIRE, TransportName, read_call, write_json
from duologue.labels import metrics
from duologue.labels.collection import Calls, Criteria
from duologue.labels.recorded_call import Call
from shared.errors import FolderError, UsageError
from shared.spec import Role
from tests.duologue.report.calls import LENGTH_S, MARKS, TURNS, add_call


@pytest.fixture
def call(tmp_path: Path) -> Call:
    return Call(add_call(tmp_path))


def test_a_call_says_what_its_files_say(call: Call) -> None:
    assert (call.id, call.scenario, call.persona, call.business) == (
        call.path.name,
        "late order",
        "Yash Patel",
        None,
    )
    assert (call.outcome, call.fault, call.duration_s) == ("completed", "support", LENGTH_S)
    assert (call.held, call.succeeded, call.valid) == (True, False, True)
    assert [finding.detail for finding in call.findings] == ["nothing was refunded"]
    assert (call.transcript.turns, call.timeline.marks) == (TURNS, MARKS)
    assert call.recognition.word_errors(Role.CUSTOMER).substitutions == 1
    assert call.report.is_file()


def test_one_file_is_read_when_something_of_it_is_asked_for_and_once(call: Call) -> None:
    (call.path / metrics.FILE).unlink()
    assert call.scenario
    assert call.transcript is call.transcript
    with pytest.raises(FolderError, match=r"is damaged: metrics\.json: No such file"):
        _ = call.succeeded


def test_audio_is_had_by_side_and_by_time(call: Call) -> None:
    both, rate = soundfile.read(call.path / AUDIO, dtype="int16")
    assert rate == call.sample_rate_hz == RATE_HZ
    assert np.array_equal(call.audio(), both)
    for channel, role in enumerate(Role):
        assert np.array_equal(call.audio(role), both[:, channel])
        assert np.array_equal(call.audio(role, start_s=2.5, end_s=4), both[60_000:96_000, channel])
    assert call.audio("support").any()
    assert len(call.audio(start_s=8.0, end_s=1000.0)) == RATE_HZ
    assert call.audio(start_s=1000.0).shape == (0, 2)


def test_one_side_takes_no_memory_for_the_other(call: Call) -> None:
    minutes = 10
    samples = np.zeros((minutes * 60 * RATE_HZ, 2), np.int16)
    soundfile.write(call.path / AUDIO, samples, RATE_HZ, subtype="PCM_16")
    tracemalloc.start()
    try:
        one = call.audio("customer")
        assert tracemalloc.get_traced_memory()[1] < 1.2 * one.nbytes
    finally:
        tracemalloc.stop()
    assert one.nbytes * 2 == samples.nbytes


def test_the_wire_is_had_of_calls_that_have_one(call: Call) -> None:
    with pytest.raises(UsageError, match=r"has no wire\.flac, for it was made directly"):
        call.wire()
    record = call.record.model_copy(update={"transport": TransportName.LIVEKIT})
    write_json(call.path / CALL, record)
    (call.path / AUDIO).rename(call.path / WIRE)
    assert Call(call.path).wire("customer", end_s=1.0).shape == (RATE_HZ,)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"role": "agent"}, "there is no side 'agent' in a call, but customer and support"),
        ({"start_s": -1.0}, "no recording goes from -1.0 to None s"),
        ({"start_s": 3.0, "end_s": 2.0}, "no recording goes from 3.0 to 2.0 s"),
    ],
)
def test_audio_that_there_cannot_be_is_wrong_use(
    call: Call, asked: dict[str, Any], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        call.audio(**asked)


@pytest.mark.parametrize("kept", [0, 2000])
def test_damaged_audio_names_the_folder_and_the_file(call: Call, kept: int) -> None:
    audio = call.path / AUDIO
    audio.write_bytes(audio.read_bytes()[:kept])
    with pytest.raises(FolderError, match=rf"{call.id} is damaged: audio\.flac: "):
        call.audio("customer")


def test_what_is_no_call_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match=r"is no call folder: it has no call\.json"):
        Call(tmp_path)
    with pytest.raises(UsageError, match="nowhere is no folder of call folders"):
        Calls(tmp_path / "nowhere")


def test_a_folder_of_another_version_says_so_whatever_is_asked_of_it(call: Call) -> None:
    text = (call.path / CALL).read_text()
    (call.path / CALL).write_text(text.replace('"schema": 2', '"schema": 1', 1))
    for name in ("id", "metrics", "transcript", "timeline", "recognition", "events"):
        with pytest.raises(FolderError, match="has schema 1: bring it to 2 with"):
            getattr(Call(call.path), name)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Calls b, a and c, of which c was made over LiveKit; one unfinished, and something else."""
    for name in ("b", "a", "c"):
        made = add_call(tmp_path).rename(tmp_path / name)
        record = read_call(made).model_copy(update={"call_id": name})
        if name == "c":
            record = record.model_copy(update={"transport": TransportName.LIVEKIT})
        write_json(made / CALL, record)
    (tmp_path / ".d.partial").mkdir()
    (tmp_path / ".d.partial" / CALL).touch()
    (tmp_path / "notes").mkdir()
    return tmp_path


def ids(calls: Calls) -> list[str]:
    return [call.id for call in calls]


def test_calls_are_those_that_are_whole_in_order_of_their_ids(calls: Path) -> None:
    assert ids(Calls(calls)) == ["a", "b", "c"]
    assert len(Calls(str(calls))) == 3
    assert ids(Calls(reversed([*Calls(calls)]))) == ["c", "b", "a"]


def test_calls_are_chosen_by_their_attributes_and_by_functions_one_upon_the_other(
    calls: Path,
) -> None:
    direct = Calls(calls).where(transport="direct", valid=True)
    assert ids(direct) == ["a", "b"]
    assert ids(direct.where(lambda call: call.id > "a")) == ["b"]
    assert ids(direct.where(succeeded=True)) == []
    assert len(direct) == 2


def test_calls_are_looked_for_when_they_are_asked_for(calls: Path) -> None:
    direct = Calls(calls).where(transport="direct")
    (calls / "a").rename(calls / ".a.partial")
    assert ids(direct) == ["b"]


def test_every_criterion_is_an_attribute_and_another_is_refused_with_what_there_is(
    calls: Path,
) -> None:
    [first, *_] = Calls(calls)
    for name in Criteria.__annotations__:
        assert len(Calls(calls).where(**{name: getattr(first, name)})) >= 1
    with pytest.raises(UsageError, match="not told apart by 'length', but by id, scenario, seed, "):
        Calls(calls).where(length=3)  # type: ignore[call-arg]  # on purpose


@pytest.mark.parametrize(
    ("criteria", "problem"),
    [
        ({"outcome": "typo"}, "there is no outcome 'typo', but completed, gave_up, "),
        ({"fault": "nobody"}, "there is no fault 'nobody', but customer, support, system"),
        ({"transport": "pigeon"}, "there is no transport 'pigeon', but livekit, direct"),
        ({"valid": "yes"}, "calls have no valid 'yes', but one of type bool"),
        ({"seed": "7"}, "calls have no seed '7', but one of type int"),
        ({"persona": 7}, r"calls have no persona 7, but one of type str \| None"),
    ],
)
def test_a_criterion_that_no_call_can_meet_is_refused(
    calls: Path, criteria: Any, problem: str
) -> None:
    with pytest.raises(UsageError, match=f"^{problem}"):
        Calls(calls).where(**criteria)


def test_a_damaged_call_is_named_once_it_is_read(calls: Path) -> None:
    (calls / "b" / metrics.FILE).write_text("{}")
    assert ids(Calls(calls)) == ["a", "b", "c"]
    with pytest.raises(FolderError, match=r"/b is damaged: metrics\.json: "):
        len(Calls(calls).where(valid=True))
