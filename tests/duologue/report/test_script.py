"""What stands in a report, in which order, and what is marked as misheard."""

from duologue.labels.entities import EntityKind
from duologue.labels.recognition import Entity, Pair, Recognition, Stretch
from duologue.labels.transcript.transcript import Transcript
from duologue.report.script import Moment, ShownTurn, script
from shared.language.edits import Op
from tests.duologue.report.calls import MARKS, RECOGNITION, TURNS, C, S, same, turn


def rows() -> list[ShownTurn | Moment]:
    return list(script(Transcript(turns=TURNS), MARKS, RECOGNITION))


def heard_as(said: str, *pairs: Pair, entities: tuple[Entity, ...] = ()) -> ShownTurn:
    """The line of one turn of the customer's, of which `pairs` were heard."""
    stretch = Stretch(role=C, turns=(0,), pairs=pairs)
    [row] = script(
        Transcript(turns=(turn(C, 0, 1, said),)),
        (),
        Recognition(stretches=(stretch,), entities=entities),
    )
    assert isinstance(row, ShownTurn)
    return row


def pair(op: Op, said: str | None, heard: str | None, word: int | None) -> Pair:
    return Pair(op=op, said=said, heard=heard, turn=0, word=word)


def test_turns_and_what_was_done_are_in_the_order_of_their_start() -> None:
    told = [row.number if isinstance(row, ShownTurn) else row.what for row in rows()]
    assert told == [0, 1, 2, "Silence", "find_order", "Desk: orders", 3, 4]


def test_a_behaviour_that_its_turn_is_labelled_with_is_told_once() -> None:
    assert "Barge in" not in [row.what for row in rows() if isinstance(row, Moment)]


def test_each_turn_says_how_it_came_after_the_other_side() -> None:
    lines = [row for row in rows() if isinstance(row, ShownTurn)]
    gaps = [None if line.gap_s is None else round(line.gap_s, 3) for line in lines]
    assert gaps == [None, 0.5, None, None, None]
    overlaps = [None if line.overlap_s is None else round(line.overlap_s, 3) for line in lines]
    assert overlaps == [None, None, 0.4, None, None]


def test_a_tool_is_told_with_its_arguments_and_its_answer() -> None:
    [tool] = [row for row in rows() if isinstance(row, Moment) and row.what == "find_order"]
    assert tool.facts == "name Pital, urgent true"
    assert tool.content == '{\n  "found": false\n}'
    assert tool.failed


def test_a_misheard_word_is_marked_with_what_was_heard() -> None:
    line = heard_as("It is Ann.", *same(0, "it", "is"), pair(Op.SUBSTITUTE, "ann", "an", 2))
    assert [(each.text, each.wrong, each.instead) for each in line.pieces] == [
        ("It", False, None),
        ("is", False, None),
        ("Ann.", True, "an"),
    ]
    assert line.misheard


def test_misheard_words_in_a_row_are_one_stretch_and_its_digits_stay_together() -> None:
    line = heard_as(
        "Ann Bo 47",
        pair(Op.SUBSTITUTE, "ann", "anbow", 0),
        pair(Op.DELETE, "bo", None, 1),
        pair(Op.EQUAL, "4", "4", 2),
        pair(Op.SUBSTITUTE, "7", "9", 2),
        pair(Op.INSERT, None, "0", None),
        entities=(
            Entity(
                kind=EntityKind.CODE,
                role=C,
                turn=0,
                words=(2,),
                said="4 7",
                heard="4 9 0",
                correct=False,
            ),
        ),
    )
    assert [each.instead for each in line.pieces] == [None, None, "anbow 4 9 0"]
    assert [each.vital for each in line.pieces] == [True, True, True]


def test_a_word_that_was_not_heard_has_nothing_instead() -> None:
    line = heard_as("Yes please.", pair(Op.DELETE, "yes", None, 0), *same(0, "-", "please")[1:])
    assert [(each.wrong, each.instead) for each in line.pieces] == [(True, ""), (False, None)]
    assert not line.unheard


def test_a_turn_of_which_nothing_was_heard_says_so_once() -> None:
    line = heard_as(
        "Yes please.", pair(Op.DELETE, "yes", None, 0), pair(Op.DELETE, "please", None, 1)
    )
    assert line.unheard
    assert not line.misheard


def test_a_turn_to_which_nobody_listened_any_more_is_not_blamed_on_the_recognizer() -> None:
    lines = [row for row in rows() if isinstance(row, ShownTurn)]
    assert (lines[4].turn.heard, lines[4].unheard, lines[4].turn.role) == (None, False, S)
