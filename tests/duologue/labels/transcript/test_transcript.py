"""Turns from hand-made audio and events, with known answers."""

import pytest

from duologue.folder.event_log import Entry
from duologue.labels.activity import Mask, Talkspurt
from duologue.labels.transcript.overheard import in_turns
from duologue.labels.transcript.transcript import SaidFrom, Transcript, Turn, TurnFlaw, transcribe
from shared.customer_sheet import Behaviour
from shared.events import Heard, Said
from shared.spec import Role
from tests.duologue.labels.test_activity import mask

C, S = Role.CUSTOMER, Role.SUPPORT
EPOCH = {C: 1_700_000_000.0, S: 1_700_000_055.0}
"""The clocks of the two workers differ by 55 s."""
WAY_S = 0.12
"""How much later the audio is in the recording than its worker says."""


def said(
    role: Role, start: float | None, end: float | None, text: str, *, at: float = 0, **more: object
) -> Entry[Said]:
    """A SAID event of a turn whose audio is from `start` to `end` in the recording."""
    times = {"started_at": start, "stopped_at": end}
    epochs = {k: None if v is None else EPOCH[role] + v - WAY_S for k, v in times.items()}
    t = at or (end or 0) + 0.05
    fields = {"text": text, "intended": text, "interrupted": False, **epochs, **more}
    return Entry(
        role=role, t=t, clock=EPOCH[role] + t, call_id="c1", payload=Said.model_validate(fields)
    )


def heard(
    role: Role, start: float | None, end: float | None, text: str, *, at: float
) -> Entry[Heard]:
    times = {"started_at": start, "stopped_at": end}
    epochs = {k: None if v is None else EPOCH[role] + v for k, v in times.items()}
    payload = Heard(text=text, **epochs)
    return Entry(role=role, t=at, clock=EPOCH[role] + at, call_id="c1", payload=payload)


def call(customer: Mask, support: Mask, *entries: Entry[Said] | Entry[Heard]) -> Transcript:
    spoken = [entry for entry in entries if isinstance(entry.payload, Said)]
    understood = [entry for entry in entries if isinstance(entry.payload, Heard)]
    return transcribe(
        {C: customer, S: support},
        sorted(spoken, key=lambda entry: entry.t),
        sorted(understood, key=lambda entry: entry.t),
    )


def test_turns_have_the_times_of_their_audio_and_the_words_of_their_events() -> None:
    found = call(
        mask((3.5, 5.0)),
        mask((1.0, 1.8), (2.1, 3.0)),
        said(S, 1.0, 3.0, "Hello. How can I help?"),
        heard(C, 1.1, 3.0, "hello how can i help", at=3.4),
        said(C, 3.5, 5.0, "My order is late."),
    )
    assert [(t.role, t.start, t.end, t.said, t.heard, t.flaw) for t in found.turns] == [
        (S, 1.0, 3.0, "Hello. How can I help?", "hello how can i help", None),
        (C, 3.5, 5.0, "My order is late.", None, None),
    ]


@pytest.mark.parametrize("error_s", [-0.3, -0.1, 0.1, 0.5])
def test_a_worker_clock_that_is_mapped_badly_does_not_move_a_turn(error_s: float) -> None:
    found = call(mask(), mask((2.0, 4.0)), said(S, 2.0 - error_s, 4.0 - error_s, "Hello.", at=4.6))
    assert [(t.start, t.end, t.flaw) for t in found.turns] == [(2.0, 4.0, None)]


def test_two_turns_in_a_row_are_parted_at_the_silence_between_them() -> None:
    found = call(
        mask((1.0, 2.0), (2.4, 3.0), (3.15, 4.0), (4.4, 5.0)),
        mask(),
        said(C, 1.0, 3.0, "One moment, please."),
        said(C, 3.15, 5.0, "Here it is, I think."),
    )
    assert [(t.start, t.end) for t in found.turns] == [(1.0, 3.0), (3.15, 5.0)]


def test_an_interrupted_turn_keeps_what_was_said_and_what_was_meant() -> None:
    found = call(
        mask(),
        mask((1.0, 2.0)),
        said(S, 1.0, 2.0, "Your order", intended="Your order has left.", interrupted=True),
    )
    (turn,) = found.turns
    assert (turn.said, turn.intended, turn.interrupted) == (
        "Your order",
        "Your order has left.",
        True,
    )


def test_a_turn_keeps_what_the_caller_did_on_purpose() -> None:
    found = call(
        mask((4.0, 4.3), (6.5, 8.0)),
        mask((1.0, 6.0)),
        said(S, 1.0, 6.0, "Your order has left our warehouse."),
        said(C, 4.0, 4.3, "Mm-hm.", behaviour="backchannel"),
        said(C, 6.5, 8.0, "When will it be here?"),
    )
    assert [(t.role, t.start, t.end, t.behaviour) for t in found.turns] == [
        (S, 1.0, 6.0, None),
        (C, 4.0, 4.3, Behaviour.BACKCHANNEL),
        (C, 6.5, 8.0, None),
    ]


def test_an_event_without_times_gets_the_speech_right_before_it() -> None:
    found = call(
        mask((1.0, 2.0), (6.0, 7.5)),
        mask(),
        said(C, 1.0, 2.0, "Hello."),
        said(C, None, None, "Goodbye.", at=7.6),
    )
    assert [(t.start, t.end, t.said) for t in found.turns] == [
        (1.0, 2.0, "Hello."),
        (6.0, 7.5, "Goodbye."),
    ]


def test_speech_without_an_event_is_a_turn_of_which_nothing_is_known() -> None:
    found = call(mask((1.0, 2.0), (5.0, 6.0)), mask(), said(C, 1.0, 2.0, "Hello."))
    assert [(t.start, t.end, t.said, t.flaw) for t in found.turns] == [
        (1.0, 2.0, "Hello.", None),
        (5.0, 6.0, None, TurnFlaw.NO_EVENT),
    ]


def test_an_event_without_speech_is_a_turn_at_the_time_its_worker_says() -> None:
    found = call(mask(), mask(), said(S, 3.0, 4.0, "Hello."))
    assert [(t.start, t.end, t.flaw) for t in found.turns] == [(2.88, 3.88, TurnFlaw.NO_AUDIO)]


def test_what_was_heard_in_parts_is_joined() -> None:
    found = call(
        mask((1.0, 4.0)),
        mask(),
        said(C, 1.0, 4.0, "My number is one two."),
        heard(S, 1.1, 2.4, "my number", at=2.9),
        heard(S, 2.7, 4.0, "is one two", at=4.4),
    )
    assert found.turns[0].heard == "my number is one two"


def test_what_was_heard_belongs_to_the_turn_it_overlaps_most() -> None:
    found = call(
        mask((1.0, 2.0), (4.0, 6.0)),
        mask(),
        said(C, 1.0, 2.0, "Hello."),
        said(C, 4.0, 6.0, "Is anybody there?"),
        heard(S, 1.9, 6.1, "hello is anybody there", at=6.5),
    )
    assert [turn.heard for turn in found.turns] == [None, "hello is anybody there"]


def test_what_was_heard_at_no_known_time_belongs_to_the_turn_before() -> None:
    found = call(
        mask((1.0, 2.0), (4.0, 6.0)),
        mask(),
        said(C, 1.0, 2.0, "Hello."),
        said(C, 4.0, 6.0, "Is anybody there?"),
        heard(S, None, None, "hello", at=2.6),
    )
    assert [turn.heard for turn in found.turns] == ["hello", None]


def test_what_nobody_can_have_said_is_kept_as_stray() -> None:
    found = call(mask(), mask(), heard(S, 1.0, 2.0, "thank you", at=2.5))
    assert [(s.role, s.at, s.heard) for s in found.stray] == [(S, 2.5, "thank you")]


def test_turns_are_in_order_of_their_start() -> None:
    found = call(
        mask((2.0, 3.0), (6.0, 7.0)),
        mask((0.5, 1.5), (4.0, 5.0)),
        said(C, 2.0, 3.0, "b"),
        said(C, 6.0, 7.0, "d"),
        said(S, 0.5, 1.5, "a"),
        said(S, 4.0, 5.0, "c"),
    )
    assert [turn.said for turn in found.turns] == ["a", "b", "c", "d"]


def test_a_turn_goes_on_until_the_other_side_speaks_after_it() -> None:
    spoken = [Talkspurt(1, 2), Talkspurt(3, 4), Talkspurt(6, 7), Talkspurt(8, 9), Talkspurt(10, 11)]
    assert in_turns(spoken, [Talkspurt(4.5, 5.5), Talkspurt(8.2, 8.6), Talkspurt(9.0, 9.4)]) == [
        [Talkspurt(1, 2), Talkspurt(3, 4)],
        [Talkspurt(6, 7), Talkspurt(8, 9)],
        [Talkspurt(10, 11)],
    ]


def recognized(start: float, end: float, text: str) -> Turn:
    return Turn(
        role=S,
        start=start,
        end=end,
        intended=None,
        said=text,
        said_from=SaidFrom.RECOGNITION,
        heard=None,
        interrupted=False,
    )


def test_a_side_that_reports_nothing_has_the_turns_that_were_recognized() -> None:
    found = transcribe(
        {C: mask((2.5, 3.5)), S: mask((1.0, 2.0), (4.0, 5.0))},
        [said(C, 2.5, 3.5, "Hello.")],
        [heard(C, 1.0, 2.0, "good morning", at=2.3)],
        theirs={S: [recognized(1.0, 2.0, "Good morning."), recognized(4.0, 5.0, "")]},
    )
    assert [(t.role, t.start, t.said, t.said_from, t.heard, t.flaw) for t in found.turns] == [
        (S, 1.0, "Good morning.", SaidFrom.RECOGNITION, "good morning", None),
        (C, 2.5, "Hello.", SaidFrom.EVENT, None, None),
        (S, 4.0, "", SaidFrom.RECOGNITION, None, None),
    ]
