"""Who talks when: real calls, real audio, judged by what the recording holds."""

from collections import Counter
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
import soundfile

from duologue.call.outcome import ExitCode
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.call.transport import Watch
from duologue.folder import event_log
from duologue.folder.channels import CHANNELS, RATE_HZ
from duologue.folder.event_log import Entry, P
from duologue.folder.folder import AUDIO, WIRE, CallRecord, audio_of, sha256
from duologue.labels import placement
from duologue.labels.activity import FRAME_S, loudness, talkspurts, voiced
from duologue.labels.placement.values import Basis, SpeechSource
from duologue.labels.transcript.transcript import Transcript, Turn
from duologue.labels.transcript.transcript import read as read_transcript
from duologue.labels.wer import word_errors
from duologue.pipeline.filing import CallResult
from duologue.pipeline.relabel import relabel
from duologue.scenarios.scenario_file import load_scenario
from duologue.servers.server import Server
from duologue.servers.worker_processes import Worker
from shared.customer_sheet import CustomerSheet, Goal, Persona
from shared.endings import EndReason, Outcome
from shared.engines import pcm, whisper
from shared.events import Ended, Ready, Revived, Said
from shared.language.as_heard import normalize, phrase
from shared.limits import Limits
from shared.settings import Settings
from shared.spec import CallSpec, Role
from tests.caller import PhoneCall, phone_call
from tests.conftest import Background
from tests.folders import check_files
from tests.making import call_over

pytestmark = pytest.mark.usefixtures("workers")

EVERYTHING_AT_ONCE = (
    "Hi, my name is Yash Patel, and my order is late. My order number is 4 7 2 1 9."
)
STOP = "No wait, stop. That is not what I asked for."


def late_order(settings: Settings, **changes: float) -> CallSpec:
    """The default scenario, with limits of one's own."""
    engines = {role: settings.engines(role) for role in Role}
    spec = load_scenario().to_spec(call_id="spec", seed=0, engines=engines)
    return spec.model_copy(update={"limits": Limits.model_validate(changes)})


def audible(path: Path, role: Role, start_s: float, end_s: float) -> list[str]:
    """The words that are in a stretch of a channel of the recording, by whisper."""
    samples, _ = soundfile.read(audio_of(path), dtype="float32", always_2d=True)
    channel = samples[round(start_s * RATE_HZ) : round(end_s * RATE_HZ), CHANNELS.index(role)]
    heard = whisper.load().transcribe(pcm.resample(channel, RATE_HZ, whisper.SAMPLE_RATE))
    return normalize(heard.text)


def speech(path: Path) -> dict[Role, list[tuple[float, float]]]:
    """The talkspurts of each channel, in seconds."""
    return {
        role: [(run.start, run.end) for run in talkspurts(voiced(channel.rms))]
        for role, channel in zip(CHANNELS, loudness(audio_of(path)), strict=True)
    }


def barged_in(call: PhoneCall, agent: Role) -> Turn:
    """The agent's one turn that was interrupted, which must be as the audio has it."""
    [turn] = [one for one in call.transcript.turns if one.role is agent and one.interrupted]
    [barge] = [
        one for one in call.transcript.turns if one.role is not agent and one.start < turn.end
    ][-1:]
    assert turn.start < barge.start < turn.end
    # A real barge-in stops the other's speech while it lasts, in the recording.
    assert turn.end < barge.end, "it talked on until the other had finished"
    later = [start for start, _ in speech(call.path)[agent] if turn.end < start < barge.end]
    assert not later
    # What was really spoken is kept: the beginning of what was meant, as far as the audio goes.
    assert turn.said
    assert turn.intended
    assert turn.intended.startswith(turn.said)
    assert len(turn.said) < len(turn.intended)
    # The clean audio has its own copy, up to where it was silenced; a person sends none.
    placed = placement.read(call.path)
    [cut] = [
        one
        for one in placed.utterances
        if one.role is agent and one.start <= turn.start + 0.01 and turn.end <= one.end + 0.01
    ]
    assert cut.source is SpeechSource.COPY
    assert cut.end == pytest.approx(turn.end, abs=0.2)
    wired = {stretch.role for stretch in placed.from_wire if stretch.start < turn.end}
    assert wired == {agent.peer}
    errors = word_errors(
        normalize(turn.said), audible(call.path, agent, turn.start - 0.1, turn.end + 0.1)
    )
    assert errors.insertions <= 2
    assert errors.deletions <= 2
    return turn


async def test_a_caller_who_barges_in_silences_the_agent_which_says_the_rest_in_its_last_turn(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    spec = late_order(settings, max_turns=5)
    async with phone_call(server.address, settings, spec, tmp_path) as call:
        await call.next(Said)
        await call.person.say(EVERYTHING_AT_ONCE)
        await call.person.hears(2.5)
        await call.person.say(STOP)
        cut = await call.next(Said)
        rest = await call.next(Said)
        ended = await call.next(Ended)
    turn = barged_in(call, Role.SUPPORT)
    assert cut.interrupted
    unsaid = normalize(turn.intended or "")[len(normalize(turn.said or "")) :]
    assert set(unsaid) <= set(normalize(rest.text)), "something was never said"
    assert phrase("anything else") in phrase(rest.text), "it did not go on"
    # Said, heard, said, heard, said: the fifth turn was the last one allowed.
    assert ended.reason == EndReason.TURN_LIMIT


async def test_an_agent_that_barges_in_silences_the_customer_who_then_says_it_again(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    complaint = (
        "I ordered a table and a lamp in the spring, and the lamp came with a crack in its foot, "
        "and nobody has answered any of my letters."
    )
    sheet = CustomerSheet(
        persona=Persona(name="Rosa Hall"), goals=(Goal(say=complaint, met_when=("sorry",)),)
    )
    spec = late_order(settings).model_copy(update={"customer": sheet})
    async with phone_call(server.address, settings, spec, tmp_path, agent=Role.CUSTOMER) as call:
        await call.next(Ready)
        await call.person.say("Hello, how can I help you?")
        await call.person.hears(2.5)
        await call.person.say("Sorry, could you say that again, please?")
        await call.next(Said)
        again = await call.next(Said)
    barged_in(call, Role.CUSTOMER)
    assert normalize(complaint) == normalize(again.text)


@pytest.fixture(scope="module")
def listened() -> Counter[Role]:
    """How many samples of each side somebody got who listened to `call` while it was held."""
    return Counter()


@pytest.fixture(scope="module")
def call(
    background: Background,
    server: Server,
    workers: dict[Role, Worker],
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    *,
    listened: Counter[Role],
) -> CallResult:
    """One whole call of the default scenario between both workers."""
    assert set(workers) == set(Role)
    call_id = f"whole-{uuid4().hex[:8]}"
    spec = load_scenario().to_spec(
        call_id=call_id,
        seed=0,
        engines={role: settings.engines(role) for role in Role},
        recorder=IDENTITY,
    )
    out = tmp_path_factory.mktemp("calls")

    async def make() -> CallResult:
        listening = Watch(listeners=[lambda role, samples: listened.update({role: len(samples)})])
        return await call_over(server.address, spec, out, settings, watch=listening)

    return background.run(make())


@pytest.fixture(scope="module")
def turns(call: CallResult) -> Transcript:
    return read_transcript(call.folder)


def reported(call: CallResult, kind: type[P]) -> list[Entry[P]]:
    return event_log.read(call.folder, kind)


def test_a_call_of_the_default_scenario_reaches_its_goal(call: CallResult) -> None:
    assert call.ending.outcome is Outcome.COMPLETED
    assert call.ending.fault is None
    assert call.metrics.task_success, call.metrics.findings
    assert call.exit_code is ExitCode.GOAL_REACHED


def test_nobody_talks_into_a_pause_and_no_turn_is_cut_off(call: CallResult) -> None:
    assert call.metrics.turn_cut_off == 0
    assert call.metrics.interruptions == dict.fromkeys(Role, 0)
    assert call.metrics.flawed_turns == 0


def test_nobody_answers_before_the_other_is_done(call: CallResult) -> None:
    for direction, gaps in call.metrics.reply_gap_s.items():
        assert gaps.values, direction
        assert min(gaps.values) >= 0.2, direction


def test_every_turn_is_heard_once_and_nothing_else_is(turns: Transcript) -> None:
    *heard, last = turns.turns
    assert all(turn.heard for turn in heard)
    # Whoever says the last goodbye may find the other gone.
    assert phrase("goodbye") in phrase(last.said or "")
    assert not turns.stray


def test_the_sides_take_turns_from_one_opening_to_one_goodbye_each(turns: Transcript) -> None:
    assert turns.turns[0].role is Role.SUPPORT
    for one, next_one in pairwise(turns.turns):
        assert one.role is not next_one.role
    for role in Role:
        goodbyes = [
            turn for turn in turns.turns if turn.role is role and " good bye " in phrase(turn.said)
        ]
        assert len(goodbyes) == 1


def test_the_customer_hangs_up(call: CallResult) -> None:
    ended = {entry.role: entry.payload.reason for entry in reported(call, Ended)}
    assert ended == {Role.CUSTOMER: EndReason.GOODBYE, Role.SUPPORT: EndReason.PEER_LEFT}
    first, _ = reported(call, Ended)
    assert first.role == Role.CUSTOMER


def test_the_recording_has_speech_where_turns_are_and_silence_elsewhere(
    call: CallResult, turns: Transcript
) -> None:
    for role, channel in zip(CHANNELS, loudness(audio_of(call.folder)), strict=True):
        mask = voiced(channel.rms)
        inside = np.zeros_like(mask)
        for turn in turns.turns:
            if turn.role is role:
                inside[round(turn.start / FRAME_S) : round(turn.end / FRAME_S)] = True
        assert mask[inside].mean() > 0.6, f"turns of {role} are silent"
        assert not mask[~inside].any(), f"{role} speaks outside of turns"
        assert channel.rms[~inside].max() < -45.0


def test_both_voices_are_recorded_at_a_common_level_and_unclipped(call: CallResult) -> None:
    for level in call.metrics.levels.values():
        assert -30.0 < (level.speech_rms_dbfs or 0) < -12.0
        assert (level.peak_dbfs or 0) < -0.5
    for name in (AUDIO, WIRE):
        with soundfile.SoundFile(call.folder / name) as audio_file:
            kind = (audio_file.samplerate, audio_file.channels, audio_file.subtype)
            assert kind == (RATE_HZ, 2, "PCM_16")
            assert len(audio_file) / RATE_HZ == pytest.approx(call.metrics.duration_s, abs=0.01)


def test_every_utterance_is_in_the_clean_audio_as_its_own_side_played_it(
    call: CallResult, turns: Transcript
) -> None:
    placed = placement.read(call.folder)
    assert not placed.from_wire
    assert {utterance.source for utterance in placed.utterances} == {SpeechSource.COPY}
    assert len(placed.utterances) == len(reported(call, Said)) == len(turns.turns)
    for utterance, turn in zip(placed.utterances, turns.turns, strict=True):
        assert utterance.role is turn.role
        assert utterance.start - 0.01 <= turn.start < turn.end <= utterance.end + 0.01
        assert abs(utterance.drift_ms or 0.0) <= 1.0
    # In the clean audio, nothing is heard where nobody spoke.
    clean, _ = soundfile.read(call.folder / AUDIO, dtype="int16")
    for channel, role in enumerate(CHANNELS):
        for utterance in placed.utterances:
            if utterance.role is role:
                clean[
                    round(utterance.start * RATE_HZ) : round(utterance.end * RATE_HZ), channel
                ] = 0
    assert not clean.any()


def test_events_are_on_the_clock_of_the_recording_by_what_was_spoken(
    call: CallResult, turns: Transcript
) -> None:
    placed = placement.read(call.folder)
    for role in Role:
        clock = placed.clocks[role]
        assert clock.by is Basis.UTTERANCES
        assert clock.spread_s is not None
        assert clock.spread_s < 0.1
        assert 0.0 < (clock.delay_s or 0.0) < 0.5
        said = [entry for entry in reported(call, Said) if entry.role == role]
        spoken = [turn for turn in turns.turns if turn.role is role]
        for entry, turn in zip(said, spoken, strict=True):
            assert entry.payload.started_at is not None
            began = entry.on_recording(entry.payload.started_at)
            assert began == pytest.approx(turn.start, abs=0.1 + 2 * clock.spread_s)


def test_what_the_transcript_says_is_what_is_audible_in_the_recording(
    call: CallResult, turns: Transcript
) -> None:
    said: list[str] = []
    heard: list[str] = []
    for turn in turns.turns:
        said += normalize(turn.said or "")
        heard += audible(call.folder, turn.role, turn.start - 0.1, turn.end + 0.1)
    errors = word_errors(said, heard)
    assert (errors.rate or 0.0) < 0.1


def test_who_listens_to_a_call_gets_all_of_both_sides(
    call: CallResult, listened: Counter[Role]
) -> None:
    for role in Role:
        # Tracks begin when both are there, and end a little before the call.
        silent_s = call.metrics.duration_s - listened[role] / RATE_HZ
        assert 0 <= silent_s < 5


def test_the_files_are_as_their_schemas_say_and_the_same_when_labelled_again(
    call: CallResult,
) -> None:
    check_files(call.folder)
    assert relabel(call.folder) == frozenset()


def test_the_folder_is_whole_and_says_what_made_it(call: CallResult, settings: Settings) -> None:
    document = CallRecord.model_validate_json((call.folder / "call.json").read_bytes())
    assert document.call_id == call.folder.name
    assert document.files == {
        name: sha256(call.folder / name)
        for name in (
            "audio.flac",
            "events.jsonl",
            "metrics.json",
            "placement.json",
            "played.zip",
            "recognition.json",
            "report.html",
            "timeline.json",
            "transcript.json",
            "wire.flac",
        )
    }
    for role in Role:
        used = {kind: engine["engine"] for kind, engine in document.engines[role].items()}
        assert used == settings.engines(role).model_dump()
    assert document.versions["livekit-agents"] == version("livekit-agents")


async def test_a_caller_who_falls_silent_is_asked_once_and_then_the_call_ends(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    dead_air_s = 2.5
    spec = late_order(settings, dead_air_s=dead_air_s)
    async with phone_call(server.address, settings, spec, tmp_path) as call:
        greeting = await call.next(Said)
        revived = await call.next(Revived)
        question = await call.next(Said)
        ended = await call.next(Ended)
    assert ended.reason == EndReason.DEAD_AIR
    assert len(call.reported(Revived)) == 1
    assert phrase("are you still there") in phrase(question.text)
    assert call.at(revived) - call.at(greeting) == pytest.approx(dead_air_s, abs=0.7)
    assert call.at(ended) - call.at(question) == pytest.approx(dead_air_s, abs=0.7)
    assert [turn.role for turn in call.transcript.turns] == [Role.SUPPORT, Role.SUPPORT]


async def test_a_call_ends_at_its_length_limit(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    spec = late_order(settings, max_length_s=5)
    async with phone_call(server.address, settings, spec, tmp_path) as call:
        began = await call.next(Ready)
        ended = await call.next(Ended)
    assert ended.reason == EndReason.LENGTH_LIMIT
    assert call.at(ended) - call.at(began) == pytest.approx(5, abs=1)
