"""From a folder with a recording and both sides' own speech to clean audio on one clock."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile

from duologue.folder import event_log
from duologue.folder.channels import CHANNELS, RATE_HZ, Pcm
from duologue.folder.event_log import EventLog
from duologue.folder.folder import AUDIO, WIRE
from duologue.folder.played_zip import PlayedFile, opened
from duologue.labels.placement import FILE, Placement, master, read, write
from duologue.labels.placement.values import Basis, SpeechSource
from shared.endings import Outcome
from shared.events import CallEnded, Heartbeat, Payload, Started, StretchPlayed
from shared.events.journal import Event
from shared.events.payload import DRIVER
from shared.side.tap import Played
from shared.spec import Role
from tests.duologue.labels.placement.voices import lay, noise, voice

LENGTH_S = 20
AHEAD_S = {Role.CUSTOMER: 1_700_000_000.0, Role.SUPPORT: 1_700_000_300.0, "driver": 1_700_000_010.0}
"""What the clocks show at second 0; a worker's is minutes ahead."""
DELAY_S = 0.06
"""The usual way of speech into the recording."""
COMPLETED = CallEnded(outcome=Outcome.COMPLETED, fault=None, detail="")


class Said(NamedTuple):
    """A stretch that was played."""

    role: Role
    at_s: float
    """When it was played, in seconds of the recording."""
    pcm: Pcm
    later_s: float = 0.0
    """By how much longer its way was than usual."""
    copied: bool = True
    recorded: bool = True
    as_heard: Pcm | None = None
    """What came of it over the wire, if that is something else."""

    @property
    def start(self) -> int:
        """Where it is in the recording."""
        return round((self.at_s + DELAY_S + self.later_s) * RATE_HZ)

    @property
    def part(self) -> slice:
        return slice(self.start, self.start + len(self.pcm))


def record(folder: Path, said: Sequence[Said]) -> None:
    """The folder of a call in which all that was said; the wire is noisy, and not as loud."""
    wire = {role: noise(LENGTH_S, seed=number) for number, role in enumerate(CHANNELS)}
    log, speech = EventLog(folder, room="r", call_id="c1"), PlayedFile(folder)
    count = dict.fromkeys(Role, 0)
    for one in said:
        count[one.role] += 1
        name = f"{one.role}-{count[one.role]:04}.flac"
        played = Played(one.pcm.tobytes(), AHEAD_S[one.role] + one.at_s)
        if one.recorded:
            heard = one.pcm if one.as_heard is None else one.as_heard
            lay(wire[one.role], (0.6 * heard).astype(np.int16), one.start)
        if one.copied:
            speech.add(one.role, name, played.to_flac())
        stretch = StretchPlayed(
            file=name, started_at=played.started_at, stopped_at=played.stopped_at
        )
        emit(log, stretch, one.role, played.stopped_at - AHEAD_S[one.role])
        emit(log, Heartbeat(), one.role, one.at_s)
    emit(log, COMPLETED, "driver", LENGTH_S)
    log.close()
    speech.close()
    event_log.order_by_clock(folder)
    soundfile.write(
        folder / WIRE, np.stack([wire[role] for role in CHANNELS], axis=1), RATE_HZ, "PCM_16"
    )


def emit(log: EventLog, payload: Payload, source: str, t: float) -> None:
    """An event of `t` that took 2 ms to come; the driver's own takes no time."""
    late_s = 0.002 if source != DRIVER else 0.0
    log.write(Event(source, AHEAD_S[source] + t, payload), t + late_s)


def place(folder: Path) -> Placement:
    """What `write` says it did."""
    write(folder)
    return read(folder)


def audio_in(folder: Path, name: str) -> dict[Role, Pcm]:
    audio, rate = soundfile.read(folder / name, dtype="int16")
    assert (rate, audio.shape) == (RATE_HZ, (LENGTH_S * RATE_HZ, 2))
    return dict(zip(CHANNELS, audio.T, strict=True))


HELLO = Said(Role.SUPPORT, 1.0, voice(2.5, 1))
HI = Said(Role.CUSTOMER, 4.0, voice(3.0, 2), later_s=0.013)
FINE = Said(Role.SUPPORT, 7.5, voice(1.5, 3), later_s=-0.021)
OH = Said(Role.CUSTOMER, 8.0, voice(0.5, 4))
BYE = Said(Role.CUSTOMER, 12.0, voice(1.0, 5))


def test_clean_speech_lies_where_it_is_in_the_recording_to_the_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master, "BLOCK", RATE_HZ)
    said = [HELLO, HI, FINE, OH, BYE]
    record(tmp_path, said)
    placement = place(tmp_path)
    audio = audio_in(tmp_path, AUDIO)
    for role in CHANNELS:
        silent = np.ones(LENGTH_S * RATE_HZ, dtype=np.bool_)
        for one in [each for each in said if each.role is role]:
            assert np.array_equal(audio[role][one.part], one.pcm)
            silent[one.part] = False
        assert not audio[role][silent].any()
    assert [utterance.source for utterance in placement.utterances] == [SpeechSource.COPY] * 5
    assert not placement.from_wire
    assert not placement.exact
    for one, utterance in zip(said, placement.utterances, strict=True):
        assert utterance.start == pytest.approx(one.start / RATE_HZ, abs=1e-6)
        assert utterance.end - utterance.start == pytest.approx(len(one.pcm) / RATE_HZ, abs=1e-5)
        assert utterance.correlation is not None
        assert utterance.correlation > 0.9
        assert (utterance.drift_ms, utterance.steps) == (0.0, ())


def test_events_are_put_where_the_speech_of_their_worker_is(tmp_path: Path) -> None:
    record(tmp_path, [HELLO, HI, FINE, OH, BYE])
    placement = place(tmp_path)
    clocks = placement.clocks
    for role in CHANNELS:
        clock = clocks[role]
        ahead_s = AHEAD_S[role] - AHEAD_S["driver"]
        assert (clock.by, clock.utterances) == (Basis.UTTERANCES, 3 if role == "customer" else 2)
        assert clock.delay_s == pytest.approx(DELAY_S - 0.002, abs=0.011)
        assert clock.offset_s == pytest.approx(DELAY_S - ahead_s, abs=0.011)
    assert clocks[Role.CUSTOMER].spread_s == pytest.approx(0.0117, abs=1e-4)
    assert [u.offset_ms for u in placement.utterances] == pytest.approx(
        [10.5, 13.0, -10.5, 0.0, 0.0], abs=0.1
    )
    entries = event_log.read(tmp_path, StretchPlayed)
    assert [entry.t for entry in entries] == sorted(entry.t for entry in entries)
    (bye,) = [entry for entry in entries if entry.payload.file == "customer-0003.flac"]
    assert bye.on_recording(bye.payload.started_at) == pytest.approx(BYE.start / RATE_HZ, abs=1e-4)
    (outcome,) = event_log.read(tmp_path, CallEnded)
    assert outcome.t == LENGTH_S


@pytest.mark.parametrize("change", [{"copied": False}, {"as_heard": voice(1.5, 33)}])
def test_an_utterance_whose_copy_did_not_come_or_does_not_fit_is_taken_from_the_wire(
    tmp_path: Path, change: dict[str, Any]
) -> None:
    record(tmp_path, [HELLO, HI, FINE._replace(**change), BYE])
    placement = place(tmp_path)
    assert [one.source for one in placement.utterances] == ["copy", "copy", "wire", "copy"]
    [stretch] = placement.from_wire
    assert stretch.role is Role.SUPPORT
    assert stretch.start < FINE.start / RATE_HZ < FINE.part.stop / RATE_HZ < stretch.end
    audio, wire = audio_in(tmp_path, AUDIO)[Role.SUPPORT], audio_in(tmp_path, WIRE)[Role.SUPPORT]
    assert np.array_equal(audio[FINE.part], wire[FINE.part])
    assert np.array_equal(audio[HELLO.part], HELLO.pcm)
    assert not audio[FINE.part.stop + RATE_HZ // 5 :].any()


AGAIN = Said(Role.SUPPORT, 9.4, FINE.pcm)
CUT = FINE._replace(pcm=FINE.pcm[: RATE_HZ * 8 // 10], later_s=0.0)
BLURRED = (0.8 * CUT.pcm + 0.4 * voice(0.8, 34)[: len(CUT.pcm)]).astype(np.int16)


def test_a_sentence_that_was_cut_is_not_placed_on_its_repetition(tmp_path: Path) -> None:
    record(tmp_path, [HELLO, HI, CUT._replace(as_heard=BLURRED), AGAIN, BYE])
    placement = place(tmp_path)
    assert [one.source for one in placement.utterances] == ["copy"] * 5
    starts = [one.start for one in placement.utterances if one.role is Role.SUPPORT]
    assert starts == pytest.approx([s.start / RATE_HZ for s in (HELLO, CUT, AGAIN)], abs=1e-3)
    assert not placement.from_wire


def test_a_sentence_that_was_cut_and_is_not_in_the_recording_is_not_its_repetition(
    tmp_path: Path,
) -> None:
    record(tmp_path, [HELLO, HI, CUT._replace(recorded=False), AGAIN, BYE])
    placement = place(tmp_path)
    assert [one.source for one in placement.utterances] == ["copy", "copy", "lost", "copy", "copy"]


def test_an_utterance_whose_way_took_a_second_longer_is_placed_where_it_is(tmp_path: Path) -> None:
    late = FINE._replace(later_s=1.0)
    record(tmp_path, [HELLO, HI, late, BYE, Said(Role.SUPPORT, 14.0, voice(1.0, 6))])
    placement = place(tmp_path)
    assert [one.source for one in placement.utterances] == ["copy"] * 5
    assert placement.utterances[2].start == pytest.approx(late.start / RATE_HZ, abs=1e-3)


def test_speech_that_nobody_reported_is_taken_from_the_wire(tmp_path: Path) -> None:
    """Such as the last words of a worker that was killed."""
    record(tmp_path, [HELLO, HI])
    wire = audio_in(tmp_path, WIRE)
    lay(wire[Role.CUSTOMER], voice(2.0, 9), 10 * RATE_HZ)
    soundfile.write(tmp_path / WIRE, np.stack([*wire.values()], axis=1), RATE_HZ, "PCM_16")
    [stretch] = place(tmp_path).from_wire
    assert stretch.role is Role.CUSTOMER
    assert (stretch.start, stretch.end) == pytest.approx((9.9, 12.0), abs=0.2)
    said = slice(10 * RATE_HZ, round(11.8 * RATE_HZ))
    customer = audio_in(tmp_path, AUDIO)[Role.CUSTOMER]
    assert np.array_equal(customer[said], wire[Role.CUSTOMER][said])


def test_an_utterance_that_is_not_in_the_recording_is_named_as_lost(tmp_path: Path) -> None:
    record(tmp_path, [HELLO, HI, FINE._replace(recorded=False), BYE])
    placement = place(tmp_path)
    assert [one.source for one in placement.utterances] == ["copy", "copy", "lost", "copy"]
    lost = placement.utterances[2]
    assert (lost.file, lost.offset_ms, lost.drift_ms) == ("support-0002.flac", None, None)
    assert lost.correlation is not None
    assert lost.correlation < 0.3
    assert lost.start == pytest.approx(FINE.at_s + DELAY_S, abs=0.02)
    assert not placement.from_wire


def test_what_cannot_be_heard_is_neither_placed_nor_lost(tmp_path: Path) -> None:
    record(tmp_path, [HELLO, HI, BYE._replace(pcm=np.zeros(RATE_HZ // 3, np.int16))])
    placement = place(tmp_path)
    assert [one.source for one in placement.utterances] == ["copy", "copy", "silent"]


def test_a_channel_of_which_no_copy_came_is_the_wires_throughout(tmp_path: Path) -> None:
    """Such as that of a person, or of somebody else's agent."""
    record(tmp_path, [HELLO, FINE])
    wire = audio_in(tmp_path, WIRE)
    lay(wire[Role.CUSTOMER], voice(2.0, 9), 4 * RATE_HZ)
    soundfile.write(tmp_path / WIRE, np.stack([*wire.values()], axis=1), RATE_HZ, "PCM_16")
    placement = place(tmp_path)
    [stretch] = placement.from_wire
    assert (stretch.role, stretch.start, stretch.end) == (Role.CUSTOMER, 0, LENGTH_S)
    assert np.array_equal(audio_in(tmp_path, AUDIO)[Role.CUSTOMER], wire[Role.CUSTOMER])
    assert list(placement.clocks) == [Role.SUPPORT]


def test_placing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    record(tmp_path, [HELLO, HI, FINE._replace(copied=False), OH, BYE])
    place(tmp_path)
    once = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert once.keys() == {WIRE, AUDIO, FILE, "played.zip", "events.jsonl"}
    place(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == once
    written = json.loads(once[FILE])
    assert written["schema"] == 1
    assert Placement.model_validate(written).utterances[0].file == "support-0001.flac"


def test_a_direct_call_is_exact_already(tmp_path: Path) -> None:
    log = EventLog(tmp_path, call_id="c1")
    for role in Role:
        log.write(Event(role, 100.5, Started()), 0.5)
    log.write(Event("driver", 101.0, COMPLETED), 1.0)
    log.close()
    placement = place(tmp_path)
    assert placement.exact
    assert not placement.utterances
    assert {clock.offset_s for clock in placement.clocks.values()} == {0.0}
    assert placement.offsets_s == {}


@pytest.mark.parametrize(
    ("name", "flac"),
    [
        ("support-0001.flac", HELLO.pcm),
        ("../customer-0001.flac", HELLO.pcm),
        ("customer-0001.flac", b"fLaC and no more"),
        ("customer-0001.flac", b""),
    ],
)
def test_what_is_no_speech_of_its_sender_is_refused(
    tmp_path: Path, name: str, flac: Pcm | bytes
) -> None:
    data = flac if isinstance(flac, bytes) else Played(flac.tobytes(), 0.0).to_flac()
    speech = PlayedFile(tmp_path)
    with pytest.raises(ValueError, match=r"\.flac"):
        speech.add(Role.CUSTOMER, name, data)
    speech.close()
    assert not list(tmp_path.iterdir())


def test_speech_that_comes_twice_is_kept_as_it_came_first(tmp_path: Path) -> None:
    speech, name = PlayedFile(tmp_path), "customer-0001.flac"
    speech.add(Role.CUSTOMER, name, Played(HI.pcm.tobytes(), 0.0).to_flac())
    with pytest.raises(ValueError, match="came twice"):
        speech.add(Role.CUSTOMER, name, Played(BYE.pcm.tobytes(), 0.0).to_flac())
    speech.close()
    with opened(tmp_path) as kept:
        first = kept.read(name)
        assert first is not None
        assert np.array_equal(first, HI.pcm)
        assert kept.read("customer-0002.flac") is None
