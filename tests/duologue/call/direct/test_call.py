"""Whole calls on the direct transport, on the virtual clock unless said otherwise."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from duologue.businesses import write_business
from duologue.call.transport import Watch
from duologue.folder import event_log
from duologue.folder.channels import CHANNELS
from duologue.folder.folder import AUDIO, CallRecord, Clock, TransportName, sha256
from duologue.labels.activity import loudness, talkspurts, voiced
from duologue.labels.transcript.transcript import Transcript, WordSource
from duologue.labels.transcript.transcript import read as read_transcript
from duologue.pipeline.filing import CallResult
from duologue.pipeline.relabel import relabel
from duologue.scenarios.at_business import scenarios_at
from duologue.scenarios.scenario_file import load_scenario
from shared.endings import Fault, Outcome
from shared.engines import Models
from shared.engines.completeness import FINISHED_S
from shared.engines.turn_stt import PREPARE_S
from shared.errors import UsageError
from shared.events import Ended, Failed, Payload, PeerStateChanged, Revived, Said
from shared.events.journal import Event, Journal
from shared.limits import Limits
from shared.settings import Settings
from shared.side import agent
from shared.side.agent import CallAgent, Party
from shared.side.conversation import Factory
from shared.side.dialogue import Dialogue, RulesLLM, listen, say
from shared.side.line import Line
from shared.side.session import create_session
from shared.spec import CallSpec, Delay, Latency, Role
from tests.disks import fill
from tests.folders import check_files
from tests.making import call_directly
from tests.roles import Script, call_spec

SAME_EVERY_TIME = (
    "audio.flac", "events.jsonl", "metrics.json", "placement.json", "recognition.json",
    "report.html", "timeline.json", "transcript.json",
)  # fmt: skip
SEED = 7

# The voices that cost least, where a test is not about voices.
QUICK = Settings(_env_file=None, customer_tts="hibari/heart-low")

ANOTHER_PROCESS = """
import sys
from pathlib import Path
from tests.duologue.call.direct.test_call import default_call
default_call(Path(sys.argv[1]))
"""


def default_call(out: Path, **options: Any) -> CallResult:
    """The default scenario, seeded."""
    settings = Settings(_env_file=None)
    engines = {role: settings.engines(role) for role in Role}
    spec = load_scenario().to_spec(call_id="default", seed=SEED, engines=engines)
    return call_directly(spec, out, settings, **options)


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory) -> CallResult:
    return default_call(tmp_path_factory.mktemp("here"))


def scripted(
    lines: Mapping[Role, tuple[str, ...]], watch: Callable[[Party, Event], None] = lambda *_: None
) -> dict[Role, Factory]:
    """Factories of sides that say one line after the other."""

    def create_party(spec: CallSpec, journal: Journal, models: Models) -> Party:
        role = Role(journal.source)
        line = Line(role, spec, journal)
        session = create_session(line, models, Script(lines[role]))
        party = Party(CallAgent(line, instructions=""), session, line)
        journal.add_sink(lambda event: watch(party, event))
        return party

    return dict.fromkeys(Role, create_party)


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., CallResult]:
    """Make a scripted call with quick voices."""

    def make(factories: dict[Role, Factory], **changes: Any) -> CallResult:
        spec = call_spec(engines={role: QUICK.engines(role) for role in Role}, **changes)
        return call_directly(spec, tmp_path, QUICK, factories=factories)

    return make


def times(result: CallResult, kind: type[Payload], role: Role) -> list[float]:
    return [entry.t for entry in event_log.read(result.folder, kind) if entry.role == role]


def speech(result: CallResult) -> dict[Role, list[tuple[float, float]]]:
    channels = zip(CHANNELS, loudness(result.folder / AUDIO), strict=True)
    return {
        role: [(run.start, run.end) for run in talkspurts(voiced(channel.rms))]
        for role, channel in channels
    }


def test_the_default_scenario_reaches_its_goal_and_no_turn_is_cut_off(default: CallResult) -> None:
    assert default.ending.outcome is Outcome.COMPLETED
    assert default.metrics.task_success, default.metrics.findings
    assert default.metrics.turn_cut_off == 0
    assert default.metrics.flawed_turns == 0
    assert sum(default.metrics.interruptions.values()) == 0
    assert default.exit_code == 0


def test_the_call_takes_less_than_its_length(default: CallResult) -> None:
    call = CallRecord.model_validate_json((default.folder / "call.json").read_bytes())
    assert call.transport is TransportName.DIRECT
    assert call.run.clock is Clock.VIRTUAL
    assert call.duration_s > 40
    assert call.run.wall_s < call.duration_s
    assert call.run.labels_s
    assert 0 < call.run.labels_s < call.run.wall_s
    assert set(call.files) == set(SAME_EVERY_TIME)


def test_the_files_are_as_their_schemas_say_and_the_same_when_labelled_again(
    default: CallResult,
) -> None:
    check_files(default.folder)
    assert relabel(default.folder) == frozenset()


def test_the_transcript_has_each_turn_where_it_is_in_the_audio(default: CallResult) -> None:
    events = event_log.read(default.folder, Said)
    turns = read_transcript(default.folder).turns
    assert len(turns) == len(events)
    for turn in turns:
        [said] = [e for e in events if e.role == turn.role and abs(e.t - turn.end) < 0.1]
        # The first and last sound lie within the silence that is kept around a sentence.
        started_at = said.payload.started_at
        assert started_at is not None
        assert said.on_recording(started_at) == pytest.approx(turn.start, abs=0.05)


def test_the_same_call_has_the_same_bytes_in_every_process_and_under_load(
    default: CallResult, tmp_path: Path
) -> None:
    outs = [tmp_path / name for name in ("one", "two")]
    # At the same time, so that they are each other's load.
    processes = [
        subprocess.Popen([sys.executable, "-c", ANOTHER_PROCESS, str(out)]) for out in outs
    ]
    assert [process.wait(240) for process in processes] == [0, 0]
    for name in SAME_EVERY_TIME:
        sums = {
            sha256(folder / name) for folder in (default.folder, *(o / "default" for o in outs))
        }
        assert len(sums) == 1, f"{name} differs: something in it is not determined by the call"


def test_a_call_has_the_same_bytes_whatever_was_made_before_it_in_its_process(
    place: Callable[..., CallResult], tmp_path: Path
) -> None:
    lines = {Role.SUPPORT: ("How can I help you?",), Role.CUSTOMER: ("My order is late.",)}

    def sums(seed: int, kept: str) -> list[str]:
        result = place(scripted(lines), seed=seed, limits=Limits(max_turns=2))
        folder = result.folder.rename(tmp_path / kept)
        return [sha256(folder / name) for name in SAME_EVERY_TIME]

    first, other, again = sums(1, "first"), sums(2, "other"), sums(1, "again")
    assert first == again
    assert first[0] != other[0], "the seed is to be heard, or this shows nothing"


def test_nothing_in_the_files_is_of_this_machine_or_of_today(default: CallResult) -> None:
    run = json.loads((default.folder / "call.json").read_text())["run"]
    text = "".join((default.folder / name).read_text() for name in SAME_EVERY_TIME[1:])
    assert run["machine"] not in text
    assert f'"clock": {str(time.time())[:5]}' not in text
    assert "job_id" not in text


def test_a_barge_in_silences_the_other_side_and_cuts_its_transcript(
    place: Callable[..., CallResult],
) -> None:
    story = (
        "I will read you our terms now. They are long, and I have to read all of them to you, "
        "word by word, as they are written down here in front of me. This is the first one."
    )
    stop = "No wait, stop. That is not what I asked for."

    def barge_in(party: Party, event: Event) -> None:
        said = event.payload
        speaking = isinstance(said, PeerStateChanged) and said.new == "speaking"
        if party.line.role is Role.CUSTOMER and speaking and not barged:
            barged.append(event)
            # What it says itself must not be interrupted by the one it interrupts.
            protest = partial(party.session.say, stop, allow_interruptions=False)
            asyncio.get_running_loop().call_later(3.0, protest)

    barged: list[Event] = []
    factories = scripted({Role.SUPPORT: (story, "Sorry."), Role.CUSTOMER: ()}, barge_in)
    result = place(factories, limits=Limits(max_turns=6, dead_air_s=3, max_length_s=40))
    turns = read_transcript(result.folder).turns
    [cut] = [turn for turn in turns if turn.interrupted]
    barge = next(turn for turn in turns if turn.role is Role.CUSTOMER)
    assert cut.role is Role.SUPPORT
    assert cut.start < barge.start < cut.end
    assert cut.end - barge.start < 1.2
    assert cut.said
    assert cut.intended == story
    assert story.startswith(cut.said)
    assert barge.said == stop
    assert not [run for run in speech(result)[Role.SUPPORT] if cut.end < run[0] < barge.end]


def test_word_times_of_a_synthesizer_that_is_a_service_come_to_the_transcript_and_are_compared(
    place: Callable[..., CallResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The local voice stands in for a service: it hands its times over in the same way.
    service = SimpleNamespace(kind="tts")
    monkeypatch.setattr(agent, "engines", SimpleNamespace(services=lambda _: [service]))
    factories = scripted({Role.SUPPORT: ("Thank you for calling.",), Role.CUSTOMER: ()})
    result = place(factories, limits=Limits(max_turns=2, dead_air_s=2, max_length_s=20))
    (turn, *_) = read_transcript(result.folder).turns
    assert turn.words_from is WordSource.SYNTHESIZER
    assert [word.text for word in turn.words] == ["Thank", "you", "for", "calling."]
    assert turn.words[0].start == turn.start
    assert turn.words_apart_s is not None
    assert 0 < turn.words_apart_s < 0.3


def test_a_silence_is_broken_by_the_support_agent_first_and_a_second_one_ends_the_call(
    place: Callable[..., CallResult],
) -> None:
    result = place(scripted({Role.SUPPORT: ("Hello.",), Role.CUSTOMER: ()}))
    assert result.ending.outcome is Outcome.DEAD_AIR
    [revived] = times(result, Revived, Role.SUPPORT)
    [ended] = times(result, Ended, Role.SUPPORT)
    silent_since = speech(result)[Role.SUPPORT][-1][1]
    assert revived == pytest.approx(silent_since + Limits().dead_air_s, abs=1.0)
    assert ended == pytest.approx(revived + Limits().dead_air_s, abs=0.1)


def test_latency_makes_replies_later_by_what_it_says(place: Callable[..., CallResult]) -> None:
    def conversation(role: Role) -> Dialogue[None]:
        if role is Role.CUSTOMER:
            yield from listen()
        yield from say("Hello there, and good morning.")

    def create_party(spec: CallSpec, journal: Journal, models: Models) -> Party:
        line = Line(Role(journal.source), spec, journal)
        rules = RulesLLM(lambda: conversation(line.role), models.delays.language)
        return Party(CallAgent(line, instructions=""), create_session(line, models, rules), line)

    def gap_s(latency: Latency) -> float:
        factories: dict[Role, Factory] = dict.fromkeys(Role, create_party)
        result = place(factories, limits=Limits(max_turns=2), latency=latency)
        result.folder.rename(result.folder.with_name(f"after-{latency.language.median_s}"))
        [gap] = result.metrics.reply_gap_s["support_to_customer"].values
        return gap

    quick = gap_s(Latency())
    slow = gap_s(Latency(language=Delay(median_s=0.7), synthesis=Delay(median_s=0.4)))
    # A reply is prepared in the last of the silence that ends a turn, which hides a part.
    hidden_s = FINISHED_S - PREPARE_S
    assert slow - quick == pytest.approx(1.1 - hidden_s, abs=0.1)


def test_a_service_that_streams_is_refused_on_the_virtual_clock(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, support_stt="deepgram/nova-3", deepgram_api_key="key")
    spec = call_spec(engines={role: settings.engines(role) for role in Role})
    with pytest.raises(UsageError, match=r"support: stt 'deepgram/nova-3' .* --clock real"):
        call_directly(spec, tmp_path, settings)


def test_a_side_that_crashes_ends_the_call_and_the_folder_is_whole(
    place: Callable[..., CallResult],
) -> None:
    def create_party(*_: object) -> Party:
        raise ZeroDivisionError("the agent's own mistake")

    result = place({Role.SUPPORT: create_party})
    assert result.ending.outcome is Outcome.AGENT_CRASHED
    assert result.ending.fault is Fault.SUPPORT
    [error] = event_log.read(result.folder, Failed)
    assert "the agent's own mistake" in error.payload.error
    assert result.ending.detail.startswith(f"support: crashed: {__file__}:")
    assert result.ending.detail.endswith(": ZeroDivisionError: the agent's own mistake")


def test_a_procedure_that_calls_a_tool_that_is_not_there_crashes_and_says_nothing_of_it(
    tmp_path: Path,
) -> None:
    write_business(tmp_path / "hotel")
    file = tmp_path / "hotel" / "procedures.py"
    file.write_text(f"{file.read_text()}    yield from talk.do('cancel' + '_it', 'Done.')\n")
    line = file.read_text().count("\n")
    (scenario,) = scenarios_at(str(tmp_path / "hotel"))
    spec = scenario.to_spec(
        call_id="called", seed=SEED, engines={role: QUICK.engines(role) for role in Role}
    )
    result = call_directly(spec, tmp_path, QUICK)
    assert result.ending.outcome is Outcome.AGENT_CRASHED
    assert result.ending.detail == (
        f"support: crashed: {file}:{line}: TypeError: there is no tool 'cancel_it' to call; there "
        "are find_booking, put_through, request_callback"
    )
    assert "cancel_it" not in " ".join(
        entry.payload.intended for entry in event_log.read(result.folder, Said)
    )


def test_a_tool_that_raises_crashes_the_call_and_the_line_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_business(tmp_path / "hotel")
    file = tmp_path / "hotel" / "tools.py"
    found = 'booking = self._desk.get("bookings", booking_number)'
    file.write_text(file.read_text().replace(found, 'raise KeyError("room")'))
    line = file.read_text().partition("raise KeyError")[0].count("\n") + 1
    (scenario,) = scenarios_at(str(tmp_path / "hotel"))
    spec = scenario.to_spec(
        call_id="called", seed=SEED, engines={role: QUICK.engines(role) for role in Role}
    )
    result = call_directly(spec, tmp_path, QUICK)
    assert result.ending.outcome is Outcome.AGENT_CRASHED
    assert result.ending.fault is Fault.SUPPORT
    assert result.ending.detail == f"support: crashed: {file}:{line}: KeyError: 'room'"
    assert not [record for record in caplog.records if record.exc_info]


def test_a_cancelled_call_is_recorded_so_far(tmp_path: Path) -> None:
    def cancel(event: Event) -> None:
        if isinstance(event.payload, Said):
            signal.raise_signal(signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    with pytest.raises(asyncio.CancelledError):
        default_call(tmp_path, watch=Watch(cancel))
    call = CallRecord.model_validate_json((tmp_path / "default" / "call.json").read_bytes())
    assert call.outcome == Outcome.CANCELLED
    transcript = Transcript.model_validate_json(
        (tmp_path / "default" / "transcript.json").read_bytes()
    )
    assert transcript.turns


def test_in_real_time_the_call_takes_as_long_as_it_is(tmp_path: Path) -> None:
    lines = {Role.SUPPORT: ("Hello, how can I help you?",), Role.CUSTOMER: ("Not at all.",)}
    spec = call_spec(
        engines={role: QUICK.engines(role) for role in Role}, limits=Limits(max_turns=2)
    )
    factories = scripted(lines)
    result = call_directly(spec, tmp_path, QUICK, clock=Clock.REAL, factories=factories)
    call = CallRecord.model_validate_json((result.folder / "call.json").read_bytes())
    assert result.ending.outcome is Outcome.TURN_LIMIT
    assert call.run.clock is Clock.REAL
    assert call.run.wall_s == pytest.approx(call.duration_s, abs=0.5)
    assert [turn.said for turn in read_transcript(result.folder).turns][:1] == list(
        lines[Role.SUPPORT]
    )


def test_a_disk_that_fills_ends_the_call_and_what_was_recorded_is_whole(small_disk: Path) -> None:
    spec = load_scenario().to_spec(
        call_id="full", seed=SEED, engines={role: QUICK.engines(role) for role in Role}
    )
    said = 0

    def fill_when_both_spoke(event: Event) -> None:
        nonlocal said
        said += isinstance(event.payload, Said)
        if said == 4 and not (small_disk / "filling").exists():
            fill(small_disk)

    result = call_directly(spec, small_disk, QUICK, watch=Watch(fill_when_both_spoke))
    assert result.ending.outcome is Outcome.RECORDING_FAILED
    assert "No space left on device" in result.ending.detail
    check_files(result.folder)
    assert len(read_transcript(result.folder).turns) >= 4
