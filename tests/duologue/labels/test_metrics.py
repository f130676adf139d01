"""Metrics of hand-made calls, with known answers."""

import numpy as np
import pytest

from duologue.labels.activity import Loudness, Mask
from duologue.labels.metrics import Metrics, measure, turns_cut_off
from duologue.labels.recognition import recognize
from duologue.labels.transcript.transcript import Transcript, Turn
from duologue.labels.verdict import Verdict
from shared.customer_sheet import Behaviour
from shared.events import RecordingEnded
from shared.spec import Role
from tests.duologue.labels.test_activity import mask

C, S = Role.CUSTOMER, Role.SUPPORT
RECORDED = RecordingEnded.model_validate(
    {
        "duration_s": 10.0,
        "inserted_s": {"customer": 0.0, "support": 0.25},
        "cut_s": {"customer": 0.0, "support": 0.0},
        "concealed_s": {"customer": 0.5, "support": 0.0},
    }
)


def turn(
    role: Role, start: float, end: float, said: str | None = "yes", heard: str | None = "yes"
) -> Turn:
    return Turn(
        role=role,
        start=start,
        end=end,
        intended=said,
        said=said,
        heard=heard,
        interrupted=False,
    )


def interrupted(turn: Turn) -> Turn:
    return turn.model_copy(update={"interrupted": True})


def backchannel(turn: Turn) -> Turn:
    return turn.model_copy(update={"behaviour": Behaviour.BACKCHANNEL})


def loud(voiced: Mask) -> Loudness:
    rms = np.where(voiced, -20.0, -100.0)
    return Loudness(rms, rms + 6)


def measured(customer: Mask, support: Mask, *turns: Turn, tools: tuple[float, ...] = ()) -> Metrics:
    transcript = Transcript(turns=turns)
    verdict = Verdict(task_success=True, valid=True, fault=None, findings=())
    channels = {C: loud(customer), S: loud(support)}
    recognition = recognize(transcript)
    return measure(
        channels, channels, transcript, recognition, verdict, recorded=RECORDED, tools=tools
    )


def test_reply_gaps_are_per_direction_from_the_audio() -> None:
    found = measured(mask((2.5, 4), (6.4, 7)), mask((0, 2), (4.7, 6.5)))
    assert found.reply_gap_s["support_to_customer"].values == (0.5, -0.1)
    assert found.reply_gap_s["customer_to_support"].values == (0.7,)
    assert found.reply_gap_s["support_to_customer"].p50 == 0.2
    assert found.reply_gap_s["support_to_customer"].p95 == pytest.approx(0.47)


def test_a_call_without_replies_has_no_gaps() -> None:
    found = measured(mask(), mask((0, 2)))
    assert found.reply_gap_s["customer_to_support"].model_dump() == {
        "p50": None,
        "p95": None,
        "values": (),
    }


@pytest.mark.parametrize(
    "support",
    [mask((0, 6)), mask((0, 2.8), (4, 6)), mask((0, 3.2), (4.1, 6))],
    ids=["over speech", "into a pause", "over the end"],
)
def test_a_backchannel_is_no_reply_and_gets_none(support: Mask) -> None:
    turns = [turn(S, 0, 6), backchannel(turn(C, 3, 3.4)), turn(C, 6.5, 8)]
    found = measured(mask((3, 3.4), (6.5, 8)), support, *turns)
    assert found.reply_gap_s["support_to_customer"].values == (0.5,)
    assert found.reply_gap_s["customer_to_support"].values == ()
    assert found.speech_s[C] == 1.9


def test_turn_taking_is_measured_with_its_tools() -> None:
    customer, support = mask((1, 2)), mask((5, 6))
    found = measured(customer, support, turn(C, 1, 2), turn(S, 5, 6))
    assert found.interaction.tau_voice.response_latency_s.values == (3.0,)
    assert found.interaction.eva.latency_score.mean == 0.3333
    found = measured(customer, support, turn(C, 1, 2), turn(S, 5, 6), tools=(4.0,))
    assert found.interaction.eva.latency_score.mean == 1.0


def test_levels_are_those_of_the_speech() -> None:
    found = measured(mask(), mask((0, 2)))
    assert found.levels[S].model_dump() == {"speech_rms_dbfs": -20.0, "peak_dbfs": -14.0}
    assert found.levels[C].speech_rms_dbfs is None
    assert found.speech_s == {C: 0.0, S: 2.0}


def test_turns_and_interruptions_are_counted_by_whose_they_are() -> None:
    found = measured(
        mask((2, 3)), mask((0, 2.2)), interrupted(turn(S, 0, 2.2)), turn(C, 2, 3), turn(C, 5, 6)
    )
    assert found.turns == {C: 2, S: 1}
    assert found.interruptions == {C: 0, S: 1}


def test_what_the_recorder_counted_and_the_verdict_are_in_it() -> None:
    found = measured(mask(), mask())
    assert (found.duration_s, found.inserted_s[S], found.task_success) == (10.0, 0.25, True)
    assert found.concealed_s == {C: 0.5, S: 0.0}


def test_a_reply_into_a_pause_cuts_a_turn_off() -> None:
    turns = [turn(S, 1, 4), turn(C, 2.3, 3.2)]
    masks = {C: mask((2.3, 3.2)), S: mask((1, 2), (2.4, 4))}
    assert turns_cut_off(turns, masks) == 1


def test_a_reply_that_stops_the_speaker_in_a_pause_cuts_the_turn_off_too() -> None:
    turns = [interrupted(turn(S, 1, 2)), turn(C, 2.3, 3.2), turn(S, 4, 5)]
    masks = {C: mask((2.3, 3.2)), S: mask((1, 2), (4, 5))}
    assert turns_cut_off(turns, masks) == 1


def test_a_barge_in_while_the_speaker_is_audible_is_no_cut_off() -> None:
    turns = [interrupted(turn(S, 1, 2.6)), turn(C, 2, 4), turn(C, 5, 6)]
    masks = {C: mask((2, 4), (5, 6)), S: mask((1, 2.6))}
    assert turns_cut_off(turns, masks) == 0


def test_a_backchannel_into_a_pause_cuts_nothing_off() -> None:
    turns = [turn(S, 1, 4), backchannel(turn(C, 2.3, 2.6))]
    masks = {C: mask((2.3, 2.6)), S: mask((1, 2), (2.8, 4))}
    assert turns_cut_off(turns, masks) == 0


def test_the_first_reply_cuts_a_turn_off_even_after_a_backchannel() -> None:
    turns = [turn(C, 1, 4), backchannel(turn(S, 1.4, 1.7)), turn(S, 2.3, 3.2)]
    masks = {C: mask((1, 2), (2.4, 4)), S: mask((1.4, 1.7), (2.3, 3.2))}
    assert turns_cut_off(turns, masks) == 1


def test_replies_after_the_end_are_no_cut_off() -> None:
    turns = [turn(S, 1, 2), turn(C, 2.5, 4), turn(S, 4.6, 6)]
    masks = {C: mask((2.5, 4)), S: mask((1, 2), (4.6, 6))}
    assert turns_cut_off(turns, masks) == 0
