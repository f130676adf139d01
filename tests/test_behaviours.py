"""What a caller does that makes a call hard, in audio: it happens, is labelled, and is survived."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from duologue.call.over_livekit.recorder import IDENTITY
from duologue.folder import event_log
from duologue.folder.event_log import Entry
from duologue.labels.transcript.transcript import Turn, read
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario_file import load_scenario
from duologue.servers.server import Server
from shared.customer_sheet import Behaviour
from shared.endings import Outcome
from shared.events import Behaved
from shared.language.as_heard import normalize
from shared.settings import Settings
from shared.spec import CallSpec, Role
from tests.making import call_directly, call_over

SETTINGS = Settings(_env_file=None)


def behaving(seed: int = 0, **behaviours: dict[str, Any]) -> CallSpec:
    """The default scenario with a caller who behaves so."""
    scenario = load_scenario()
    changed = scenario.model_validate({**scenario.model_dump(), "behaviours": behaviours})
    return changed.to_spec(
        call_id="c1", seed=seed, engines={role: SETTINGS.engines(role) for role in Role}
    )


@pytest.fixture
def place(tmp_path: Path) -> Callable[[CallSpec], CallResult]:
    def make(spec: CallSpec) -> CallResult:
        return call_directly(spec, tmp_path, SETTINGS)

    return make


def labels(folder: Path, behaviour: Behaviour) -> list[Entry[Behaved]]:
    entries = event_log.read(folder, Behaved)
    return [entry for entry in entries if entry.payload.behaviour == behaviour]


def turns(folder: Path, behaviour: Behaviour | None, role: Role = Role.CUSTOMER) -> list[Turn]:
    found = read(folder).turns
    return [turn for turn in found if turn.role is role and turn.behaviour is behaviour]


def under(spoken: list[Turn], folder: Path) -> list[tuple[Turn, Turn]]:
    """Each of `spoken` with the turn of the support agent that it was spoken into."""
    others = turns(folder, None, Role.SUPPORT)
    return [(turn, other) for turn in spoken for other in others if _inside(turn, other)]


def _inside(turn: Turn, other: Turn) -> bool:
    return other.start < turn.start < other.end


def test_a_barge_in_stops_the_agent_which_says_again_what_it_had_to_say(
    place: Callable[[CallSpec], CallResult],
) -> None:
    made = place(behaving(barge_in={"probability": 0.3, "after_s": 1.5}))
    assert made.metrics.task_success, made.metrics.findings
    assert made.metrics.valid
    barged = turns(made.folder, Behaviour.BARGE_IN)
    assert len(barged) == len(labels(made.folder, Behaviour.BARGE_IN)) >= 2
    into = under(barged, made.folder)
    assert len(into) == len(barged)
    assert all(spoken.end - turn.start < 1.0 for turn, spoken in into)
    stopped = [(turn, spoken) for turn, spoken in into if spoken.interrupted]
    assert stopped
    for turn, cut in stopped:
        later = [t for t in turns(made.folder, None, Role.SUPPORT) if t.start > turn.end]
        assert normalize(later[0].said or "") == normalize(cut.intended or "")
    assert made.metrics.interaction.tau_voice.yield_rate.rate == 1.0


def test_who_always_barges_in_does_so_three_times_and_the_call_goes_on(
    place: Callable[[CallSpec], CallResult],
) -> None:
    made = place(behaving(barge_in={"probability": 1, "after_s": 1.0}))
    assert made.metrics.task_success, made.metrics.findings
    assert len(turns(made.folder, Behaviour.BARGE_IN)) == 3


def test_a_backchannel_takes_no_turn(place: Callable[[CallSpec], CallResult]) -> None:
    made = place(behaving(backchannel={"probability": 1, "after_s": 1.0}))
    assert made.metrics.task_success, made.metrics.findings
    said = turns(made.folder, Behaviour.BACKCHANNEL)
    assert len(said) == len(labels(made.folder, Behaviour.BACKCHANNEL)) >= 2
    talked_over = under(said, made.folder)
    assert len(talked_over) >= 3
    assert not any(spoken.interrupted for _, spoken in talked_over)


def test_a_silence_is_kept_and_the_call_goes_on(place: Callable[[CallSpec], CallResult]) -> None:
    made = place(behaving(seed=3, silence={"probability": 0.3, "length_s": 5}))
    assert made.metrics.task_success, made.metrics.findings
    silences = labels(made.folder, Behaviour.SILENCE)
    assert silences
    for label in silences:
        did = label.payload
        assert did.started_at is not None
        assert did.stopped_at is not None
        length_s = did.stopped_at - did.started_at
        assert length_s == pytest.approx(5.0, abs=0.1)
    assert max(made.metrics.reply_gap_s["support_to_customer"].values) > 5.0


def test_slips_and_hesitations_are_labelled_and_understood(
    place: Callable[[CallSpec], CallResult],
) -> None:
    made = place(
        behaving(
            seed=1,
            hesitation={"probability": 0.5, "pause_s": 0.3},
            self_correction={"probability": 1},
        )
    )
    assert made.metrics.task_success, made.metrics.findings
    assert made.metrics.valid, made.metrics.findings
    [slip, *_] = labels(made.folder, Behaviour.SELF_CORRECTION)
    assert slip.payload.slip != "47219"
    hesitations = labels(made.folder, Behaviour.HESITATION)
    assert hesitations
    for label in hesitations:
        assert label.payload.started_at is not None
        began_s = label.on_recording(label.payload.started_at)
        turn = min(turns(made.folder, None), key=lambda turn: abs(turn.start - began_s))
        assert turn.start == pytest.approx(began_s, abs=0.3)


def test_a_caller_may_hang_up_early_and_the_call_does_not_count(
    place: Callable[[CallSpec], CallResult],
) -> None:
    made = place(behaving(hang_up={"probability": 1, "after_turns": 2}))
    assert made.ending.outcome is Outcome.HUNG_UP_EARLY
    assert not made.metrics.valid
    assert len(turns(made.folder, None)) == 2
    assert len(labels(made.folder, Behaviour.HANG_UP)) == 1


@pytest.mark.usefixtures("workers")
async def test_it_is_the_same_over_livekit(server: Server, tmp_path: Path) -> None:
    spec = behaving(
        barge_in={"probability": 0.3, "after_s": 1.5},
        backchannel={"probability": 0.6, "after_s": 1.0},
    ).model_copy(update={"call_id": f"behaving-{uuid4().hex[:8]}", "recorder": IDENTITY})
    made = await call_over(server.address, spec, tmp_path, SETTINGS)
    assert made.metrics.task_success, made.metrics.findings
    barged, listening = (
        turns(made.folder, behaviour) for behaviour in (Behaviour.BARGE_IN, Behaviour.BACKCHANNEL)
    )
    assert barged
    assert listening
    assert any(spoken.interrupted for _, spoken in under(barged, made.folder))
    assert any(not spoken.interrupted for _, spoken in under(listening, made.folder))
