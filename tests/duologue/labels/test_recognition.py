"""What was heard against what was said, in hand-made calls."""

from duologue.labels.entities import EntityKind
from duologue.labels.recognition import Entity, recognize
from duologue.labels.transcript.transcript import Stray, Transcript
from shared.spec import Role
from tests.duologue.labels.test_metrics import turn

C, S = Role.CUSTOMER, Role.SUPPORT


def test_word_errors_are_counted_after_normalizing_numbers() -> None:
    call = Transcript(
        turns=(
            turn(C, 0, 1, "My order is 47219.", "my order is four seven 2 one nine"),
            turn(S, 2, 3, "Is that Joe?", "is that jo"),
        )
    )
    assert recognize(call).word_errors(C) == (8, 0, 0, 0)
    assert recognize(call).word_errors(S) == (3, 1, 0, 0)


def test_turns_in_a_row_that_were_heard_as_one_are_compared_as_one() -> None:
    call = Transcript(
        turns=(
            turn(C, 0, 1, "Hello.", None),
            turn(C, 2, 3, "Is anybody there?", "hello is anybody there"),
        )
    )
    assert recognize(call).word_errors(C) == (4, 0, 0, 0)


def test_a_turn_that_was_not_heard_is_lost_words_unless_nobody_listened_any_more() -> None:
    call = Transcript(
        turns=(
            turn(C, 0, 1, "Are you there?", None),
            turn(S, 2, 3, "Yes I am.", "yes i am"),
            turn(C, 4, 5, "Goodbye.", None),
        )
    )
    assert recognize(call).word_errors(C) == (3, 0, 0, 3)


def test_what_was_heard_though_nobody_spoke_is_inserted() -> None:
    call = Transcript(turns=(), stray=(Stray(role=S, at=1.0, heard="thank you"),))
    assert recognize(call).word_errors(C) == (0, 0, 2, 0)
    assert recognize(call).word_errors(S) == (0, 0, 0, 0)


def test_every_word_stands_beside_what_was_heard_and_leads_to_the_word_that_is_displayed() -> None:
    call = Transcript(
        turns=(
            turn(S, 0, 1, "Your number?", "your number"),
            turn(C, 2, 3, "It is 47219, on May 3rd.", "it was 4729 on the third of may uh"),
        )
    )
    _, stretch = recognize(call).stretches
    assert (stretch.role, stretch.turns) == (C, (1,))
    assert [(pair.op.value, pair.said, pair.heard, pair.word) for pair in stretch.pairs] == [
        ("equal", "it", "it", 0),
        ("substitute", "is", "was", 1),
        ("equal", "4", "4", 2),
        ("equal", "7", "7", 2),
        ("equal", "2", "2", 2),
        ("delete", "1", None, 2),
        ("equal", "9", "9", 2),
        ("equal", "on", "on", 3),
        ("equal", "3", "3", 5),
        ("equal", "may", "may", 4),
        ("insert", None, "uh", None),
    ]
    assert {pair.turn for pair in stretch.pairs} == {1}


def test_entities_that_were_misheard_are_counted_by_kind() -> None:
    call = Transcript(
        turns=(
            turn(
                C,
                0,
                1,
                "I am Yash Patel, and 47219 cost $12.50.",
                "i am yash padel and 4 7 2 uh 1 9 cost twelve dollars and fifty cents",
            ),
            turn(S, 2, 3, "On May 3rd, for 12 chairs.", "on may third for twelve chairs"),
        )
    )
    found = recognize(call)
    assert [(e.kind.value, e.said, e.heard, e.correct) for e in found.entities] == [
        ("name", "yash patel", "yash padel", False),
        ("code", "4 7 2 1 9", "4 7 2 uh 1 9", False),
        ("money", "1 2 dollars and 5 0 cents", "1 2 dollars and 5 0 cents", True),
        ("date", "3 may", "3 may", True),
        ("number", "1 2", "1 2", True),
    ]
    assert found.entities[0] == Entity(
        kind=EntityKind.NAME,
        role=C,
        turn=0,
        words=(2, 3),
        said="yash patel",
        heard="yash padel",
        correct=False,
    )
    rates = found.entity_errors(C)
    assert (rates["all"].count, rates["all"].total, rates["all"].rate) == (2, 3, 0.6667)
    assert rates["date"].rate is None
    assert found.entity_errors(S)["all"].rate == 0.0
