"""Changes of speaker on timelines made by hand."""

from duologue.labels.activity import Talkspurt, talkspurts
from duologue.labels.reply_gap import transfers
from shared.spec import Role
from tests.duologue.labels.test_activity import mask

C, S = Role.CUSTOMER, Role.SUPPORT


def gaps(customer: list[tuple[float, float]], support: list[tuple[float, float]]) -> list[object]:
    spoken = {C: [Talkspurt(*run) for run in customer], S: [Talkspurt(*run) for run in support]}
    return [(change.role, change.gap_s) for change in transfers(spoken)]


def test_a_gap_is_from_the_end_of_one_to_the_start_of_the_other() -> None:
    assert gaps([(2.5, 4), (7, 8)], [(0, 2), (4.7, 6)]) == [(C, 0.5), (S, 0.7), (C, 1.0)]


def test_an_overlap_is_a_negative_gap() -> None:
    assert gaps([(1.5, 4)], [(0, 2)]) == [(C, -0.5)]


def test_an_answer_inside_the_others_turn_is_an_overlap_and_going_on_is_no_reply() -> None:
    assert gaps([(1, 1.5)], [(0, 3), (4, 5)]) == [(C, -2.0)]


def test_pauses_of_one_speaker_are_no_gaps() -> None:
    assert gaps([], [(0, 1), (2, 3), (5, 6)]) == []


def test_an_answer_into_a_pause_within_a_turn_is_an_overlap() -> None:
    support = talkspurts(mask((0, 2), (2.4, 4)))
    customer = talkspurts(mask((2.2, 3)))
    assert [(c.role, c.gap_s) for c in transfers({C: customer, S: support})] == [(C, -1.8)]
