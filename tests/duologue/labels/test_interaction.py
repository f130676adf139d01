"""Turn-taking on hand-made timelines; every expected number follows from the times beside it."""

import pytest

from duologue.labels.interaction import Interaction, interact
from duologue.labels.interaction.eva import count_score, latency_score, overlap_score, yield_score
from duologue.labels.transcript.transcript import Transcript, Turn, TurnFlaw
from shared.customer_sheet import Behaviour
from shared.spec import Role
from tests.duologue.labels.test_activity import mask

C, S = Role.CUSTOMER, Role.SUPPORT
LENGTH_S = 40.0
Span = tuple[float, float]


def turn(
    start: float, end: float, behaviour: Behaviour | None = None, flaw: TurnFlaw | None = None
) -> Turn:
    """A turn of the customer."""
    return Turn(
        role=C,
        start=start,
        end=end,
        intended="yes",
        said="yes",
        heard="yes",
        interrupted=False,
        behaviour=behaviour,
        flaw=flaw,
    )


def backchannel(start: float, end: float) -> Turn:
    return turn(start, end, Behaviour.BACKCHANNEL)


def barge_in(start: float, end: float) -> Turn:
    return turn(start, end, Behaviour.BARGE_IN)


def call(
    agent: list[Span],
    *turns: Turn,
    caller: list[Span] | None = None,
    tools: tuple[float, ...] = (),
) -> Interaction:
    """A call in which the caller speaks throughout its turns, unless `caller` says when."""
    spoken = [(t.start, t.end) for t in turns if t.flaw is None] if caller is None else caller
    masks = {C: mask(*spoken, length=LENGTH_S), S: mask(*agent, length=LENGTH_S)}
    return interact(Transcript(turns=turns), masks, tools)


def test_a_call_in_which_nobody_speaks_has_no_rates_and_no_scores() -> None:
    found = call([])
    none = {"p50": None, "p95": None, "values": ()}
    never = {"rate": None, "count": 0, "total": 0}
    unscored = {"mean": None, "count": 0}
    nothing = {"count": 0, "total_s": 0.0}
    assert found.model_dump() == {
        "tau_voice": {
            "response_latency_s": none,
            "response_rate": never,
            "yield_latency_s": none,
            "yield_rate": never,
            "agent_interruption_rate": never,
            "selectivity_backchannel": never,
        },
        "eva": {
            "turn_taking": unscored,
            "latency_score": unscored,
            "overlap_score": unscored,
            "yield_score": unscored,
        },
        "floor": {
            "offset_s": {"customer_to_support": none, "support_to_customer": none},
            "pauses": {C: nothing, S: nothing},
            "gaps": nothing,
            "overlaps_between": nothing,
            "overlaps_within": nothing,
        },
    }


def test_a_call_with_turns_only_has_no_yield_and_no_selectivity() -> None:
    found = call([(0, 2), (5, 6)], turn(3, 4)).tau_voice
    assert (found.response_rate.rate, found.agent_interruption_rate.rate) == (1.0, 0.0)
    assert found.yield_rate.rate is found.yield_latency_s.p50 is None
    assert found.selectivity_backchannel.rate is None


# tau-voice: response latency and rate.


def test_response_latency_is_from_the_callers_end_to_the_agents_start() -> None:
    found = call([(0, 2), (4.7, 6), (9.0, 10)], turn(2.5, 4), turn(7, 8.2)).tau_voice
    assert found.response_latency_s.model_dump() == {
        "p50": 0.75,
        "p95": pytest.approx(0.795),
        "values": (0.7, 0.8),
    }
    assert found.response_rate.model_dump() == {"rate": 1.0, "count": 2, "total": 2}


def test_a_turn_was_not_responded_to_if_the_caller_had_to_speak_again() -> None:
    found = call([(8, 9)], turn(2, 4), turn(6, 7), turn(10, 11)).tau_voice
    assert found.response_latency_s.values == (1.0,)
    # Of the last turn nobody knows.
    assert found.response_rate.model_dump() == {"rate": 0.5, "count": 1, "total": 2}


def test_a_turn_was_not_responded_to_if_the_agent_never_spoke_again() -> None:
    found = call([(0, 1)], turn(2, 4), turn(6, 7)).tau_voice
    assert found.response_rate.model_dump() == {"rate": 0.0, "count": 0, "total": 1}


def test_a_turn_during_whose_end_the_agent_speaks_waits_for_no_response() -> None:
    found = call([(3.5, 6), (9, 10)], turn(2, 4), turn(7, 8)).tau_voice
    assert found.response_latency_s.values == (1.0,)
    assert found.response_rate.total == 1
    # It was an interruption, and there was one turn to respond to.
    assert found.agent_interruption_rate.model_dump() == {"rate": 1.0, "count": 1, "total": 1}


def test_a_backchannel_waits_for_no_response_and_is_no_speaking_again() -> None:
    found = call([(4, 5)], turn(2, 3), backchannel(3.4, 3.6), turn(6, 7)).tau_voice
    assert found.response_latency_s.values == (1.0,)
    assert found.response_rate.total == 1


def test_what_was_meant_as_a_backchannel_after_the_others_last_word_begins_the_answer() -> None:
    late = call([(0, 2), (6, 7)], backchannel(2.5, 2.8), turn(4, 5))
    assert late.floor.offset_s["support_to_customer"].values == (0.5,)
    assert late.floor.gaps.total_s == pytest.approx(0.5 + 1.0)
    # The other goes on: it listened.
    listening = call([(0, 2), (3, 4)], backchannel(2.5, 2.8), turn(5, 6))
    assert listening.floor.offset_s["support_to_customer"].values == (1.0,)


def test_a_turn_that_is_not_in_the_recording_counts_nowhere() -> None:
    missing = turn(4.2, 4.6, Behaviour.BACKCHANNEL, TurnFlaw.NO_AUDIO)
    lost = turn(4.2, 4.6, flaw=TurnFlaw.NO_AUDIO)
    found = call([(0, 2), (5, 6)], turn(2.5, 4.5), missing, lost)
    assert found == call([(0, 2), (5, 6)], turn(2.5, 4.5))


# tau-voice: yield latency and rate.


def test_an_agent_that_stops_slowly_after_a_barge_in_yields_late() -> None:
    found = call([(0, 6.5), (9, 10)], barge_in(5, 8)).tau_voice
    assert found.yield_latency_s.values == (1.5,)
    assert found.yield_rate.model_dump() == {"rate": 1.0, "count": 1, "total": 1}
    # Who has taken the floor waits for a response.
    assert found.response_latency_s.values == (1.0,)


def test_an_agent_that_goes_on_after_a_barge_in_does_not_yield() -> None:
    found = call([(0, 9)], barge_in(5, 6.5)).tau_voice
    assert found.yield_latency_s.values == ()
    assert found.yield_rate.model_dump() == {"rate": 0.0, "count": 0, "total": 1}


@pytest.mark.parametrize(("end", "yields"), [(7.0, 1), (7.01, 0)])
def test_an_agent_has_two_seconds_to_yield(end: float, yields: int) -> None:
    assert call([(0, end)], barge_in(5, 8)).tau_voice.yield_rate.count == yields


def test_a_caller_who_speaks_while_the_agent_does_interrupts_on_purpose_or_not() -> None:
    found = call([(0, 3.4), (6, 8.6)], turn(3, 5), barge_in(8, 9)).tau_voice
    assert found.yield_latency_s.values == (0.4, 0.6)


def test_a_barge_in_after_the_agents_end_interrupts_nothing() -> None:
    assert call([(0, 3)], barge_in(3.0, 5)).tau_voice.yield_rate.total == 0


def test_a_pause_between_sentences_is_no_yielding() -> None:
    found = call([(0, 5.2), (5.6, 9)], barge_in(5, 6)).tau_voice
    assert found.yield_rate.model_dump() == {"rate": 0.0, "count": 0, "total": 1}


# tau-voice: agent interruption rate.


def test_an_agent_that_begins_while_the_caller_speaks_interrupts() -> None:
    found = call([(3, 3.8), (4.5, 5.2), (8, 9)], turn(2, 6), turn(7, 7.5)).tau_voice
    # The first turn was interrupted twice and unanswered, the second answered.
    assert found.agent_interruption_rate.model_dump() == {"rate": 1.0, "count": 2, "total": 2}


def test_an_agent_that_is_interrupted_or_begins_at_once_interrupts_nobody() -> None:
    interrupted = call([(0, 3), (5, 6)], barge_in(2, 4)).tau_voice
    assert (interrupted.agent_interruption_rate.count, interrupted.yield_rate.total) == (0, 1)
    at_once = call([(2, 3), (5, 6)], turn(2, 4)).tau_voice
    assert (at_once.agent_interruption_rate.count, at_once.yield_rate.total) == (0, 0)


def test_an_agent_may_interrupt_more_often_than_there_are_turns() -> None:
    found = call([(3, 3.8), (4.5, 5.2), (7, 8)], turn(2, 6)).tau_voice
    assert found.agent_interruption_rate.model_dump() == {"rate": 2.0, "count": 2, "total": 1}


def test_an_agent_that_begins_in_a_pause_or_over_a_backchannel_interrupts_nobody() -> None:
    paused = call([(3.8, 4.6), (7, 8)], turn(2, 6), caller=[(2, 3), (5, 6)])
    assert paused.tau_voice.agent_interruption_rate.count == 0
    listened = call([(3.2, 6)], backchannel(3, 3.5))
    assert listened.tau_voice.agent_interruption_rate.count == 0


# tau-voice: selectivity.


def test_an_agent_that_talks_over_a_backchannel_is_selective() -> None:
    found = call([(0, 8)], backchannel(4, 4.4)).tau_voice
    assert found.selectivity_backchannel.model_dump() == {"rate": 1.0, "count": 1, "total": 1}
    assert found.yield_rate.total == found.response_rate.total == 0


def test_an_agent_that_stops_after_a_backchannel_is_not_selective() -> None:
    found = call([(0, 4.6), (6, 9)], backchannel(4, 4.4)).tau_voice
    assert found.selectivity_backchannel.model_dump() == {"rate": 0.0, "count": 0, "total": 1}
    assert found.yield_rate.total == 0


@pytest.mark.parametrize(("end", "went_on"), [(5.0, 0), (5.01, 1)])
def test_a_backchannel_is_talked_over_for_more_than_a_second(end: float, went_on: int) -> None:
    assert call([(0, end)], backchannel(4, 4.4)).tau_voice.selectivity_backchannel.count == went_on


def test_a_backchannel_into_silence_tells_nothing_of_selectivity() -> None:
    found = call([(0, 3), (5, 9)], backchannel(4, 4.4)).tau_voice
    assert found.selectivity_backchannel.total == 0


# EVA: the curves, at the points that its documentation lists.


@pytest.mark.parametrize(
    ("latency_s", "score", "with_tool"),
    [
        (-0.6, 0, 0),
        (-0.5, 0, 0),
        (0, 0.5, 0.5),
        (0.2, 0.7, 0.7),
        (0.5, 1, 1),
        (2.0, 1, 1),
        (2.75, 0.5, 1),
        (3.0, 1 / 3, 1),
        (3.5, 0, 0.75),
        (4.0, 0, 0.5),
        (5.0, 0, 0),
        (9.0, 0, 0),
    ],
)
def test_the_latency_curve_is_that_of_eva(latency_s: float, score: float, with_tool: float) -> None:
    assert latency_score(latency_s, tool=False) == pytest.approx(score)
    assert latency_score(latency_s, tool=True) == pytest.approx(with_tool)


def test_the_other_curves_are_those_of_eva() -> None:
    assert [overlap_score(s) for s in (0, 0.5, 1, 2, 3)] == [0.5, 0.375, 0.25, 0, 0]
    assert [count_score(n) for n in (1, 2, 3, 4)] == [0.5, 0.25, 0, 0]
    assert [yield_score(s) for s in (0, 0.6, 1, 2, 3)] == [1, 0.7, 0.5, 0, 0]


# EVA: what they are applied to.


def test_every_turn_is_scored_by_what_happened_in_it() -> None:
    found = call(
        [(0, 2), (6.75, 8), (12, 12.8), (15, 20), (22, 23)],
        turn(2.5, 4),  # answered after 2.75 s: 0.5
        turn(10, 14),  # interrupted for 0.8 s, 0.5 * (1 - 0.8 / 2) = 0.3; answered after 1 s
        turn(19, 21),  # the agent goes on for 1 s: 0.5
    ).eva
    assert found.latency_score.model_dump() == {"mean": 0.5, "count": 1}
    assert found.overlap_score.model_dump() == {"mean": 0.3, "count": 1}
    assert found.yield_score.model_dump() == {"mean": 0.5, "count": 1}
    assert found.turn_taking.model_dump() == {"mean": 0.4333, "count": 3}


def test_a_turn_is_interrupted_worse_by_two_utterances_than_by_one() -> None:
    found = call([(3, 3.2), (4, 4.2), (7, 8)], turn(2, 6)).eva
    assert found.overlap_score.mean == 0.4  # 0.5 * (1 - 0.4 / 2)
    assert found.turn_taking.mean == 0.25  # two utterances


def test_a_turn_is_scored_by_the_silence_after_an_interruption_too() -> None:
    found = call([(3, 3.2), (9.2, 10)], turn(2, 6)).eva
    assert found.overlap_score.mean == 0.45
    assert found.turn_taking.mean == 0.2  # 3.2 s after the caller's end: (3.5 - 3.2) / 1.5


def test_an_agent_that_speaks_on_over_the_callers_end_leaves_no_silence_to_score() -> None:
    found = call([(5.8, 7), (12, 13)], turn(2, 6)).eva
    assert found.turn_taking.mean == 0.45  # 0.2 s of overlap, once


def test_an_agent_that_speaks_into_a_pause_only_overlaps_with_nothing() -> None:
    found = call([(3.6, 4.4), (7, 8)], turn(2, 6), caller=[(2, 3), (5, 6)]).eva
    assert found.overlap_score.mean == found.turn_taking.mean == 0.5


def test_the_worse_counts_when_both_interrupt() -> None:
    found = call([(0, 3), (5, 5.4), (7, 8)], turn(2, 6)).eva
    assert (found.yield_score.mean, found.overlap_score.mean) == (0.5, 0.4)
    assert found.turn_taking.model_dump() == {"mean": 0.4, "count": 1}


def test_a_tool_used_before_the_next_turn_allows_for_more_latency() -> None:
    def scored(*tools: float) -> float | None:
        return call([(8, 9), (12, 13)], turn(4, 5), turn(10, 11), tools=tools).eva.turn_taking.mean

    assert scored() == pytest.approx((1 / 3 + 1) / 2, abs=1e-4)  # 3 s and 1 s
    assert scored(7.5) == 1.0
    assert scored(3.9) == scored(10.5) == scored()


def test_turns_in_a_row_are_answered_as_one() -> None:
    found = call([(8, 9)], turn(2, 3), turn(6, 7)).eva
    assert found.turn_taking.model_dump() == {"mean": 1.0, "count": 1}
    found = call([(0, 3), (8, 9)], barge_in(2, 4), turn(6, 7)).eva
    assert (found.yield_score.mean, found.latency_score.count) == (0.5, 0)


def test_a_turn_after_which_the_agent_does_not_speak_is_not_scored() -> None:
    assert call([(0, 2)], turn(3, 4)).eva.turn_taking.count == 0


def test_backchannels_are_not_scored() -> None:
    found = call([(0, 2), (5, 9)], turn(3, 4), backchannel(6, 6.4))
    assert found.eva == call([(0, 2), (5, 9)], turn(3, 4)).eva


# Heldner & Edlund: pauses, gaps, overlaps, and floor-transfer offsets.


def test_silence_is_a_gap_between_two_speakers_and_a_pause_within_one() -> None:
    found = call([(0, 2), (2.8, 4), (6.6, 8)], turn(4.5, 6)).floor
    assert found.gaps.model_dump() == {"count": 2, "total_s": 1.1}
    assert found.pauses[S].model_dump() == {"count": 1, "total_s": 0.8}
    assert found.pauses[C].count == found.overlaps_between.count == found.overlaps_within.count == 0
    assert found.offset_s["support_to_customer"].values == (0.5,)
    assert found.offset_s["customer_to_support"].values == (0.6,)


def test_an_overlap_is_between_speakers_if_the_floor_goes_over_in_it() -> None:
    found = call([(0, 4), (5.8, 8)], turn(3.7, 6)).floor
    assert found.overlaps_between.model_dump() == {"count": 2, "total_s": 0.5}
    assert found.overlaps_within.count == found.gaps.count == 0
    assert found.offset_s["support_to_customer"].values == (-0.3,)
    assert found.offset_s["customer_to_support"].values == (-0.2,)


def test_an_overlap_is_within_a_speaker_who_goes_on() -> None:
    found = call([(0, 8)], barge_in(3, 4.5)).floor
    assert found.overlaps_within.model_dump() == {"count": 1, "total_s": 1.5}
    assert found.overlaps_between.count == 0
    assert [each.values for each in found.offset_s.values()] == [(), ()]


def test_a_floor_that_goes_over_at_once_has_an_offset_of_zero() -> None:
    found = call([(0, 3)], turn(3, 4)).floor
    assert [str(value) for value in found.offset_s["support_to_customer"].values] == ["0.0"]
    assert found.gaps.count == found.overlaps_between.count == 0


@pytest.mark.parametrize(
    ("agent", "pauses_s"),
    [([(0, 8)], 0.0), ([(0, 3.8), (5, 8)], 1.2), ([(0, 4.2), (5, 8)], 0.8)],
    ids=["over speech", "into a pause", "over the end"],
)
def test_a_backchannel_takes_no_floor(agent: list[Span], pauses_s: float) -> None:
    found = call(agent, backchannel(4, 4.5)).floor
    assert [each.values for each in found.offset_s.values()] == [(), ()]
    assert found.gaps.count == found.overlaps_between.count == 0
    assert found.pauses[S].total_s == pauses_s


def test_a_backchannel_overlaps_within_the_other_speaker() -> None:
    assert call([(0, 8)], backchannel(4, 4.5)).floor.overlaps_within.total_s == 0.5
    assert call([(0, 4.2), (5, 8)], backchannel(4, 4.5)).floor.overlaps_within.total_s == 0.2
