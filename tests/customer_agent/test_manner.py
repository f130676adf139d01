"""How callers put things, by their persona and the call's seed."""

import pytest

from customer_agent.manner import LONG_ENOUGH, Manner
from customer_agent.rules import Caller
from duologue.businesses.text_call import Side
from shared.customer_sheet import (
    Behaviour,
    Behaviours,
    CustomerSheet,
    Degree,
    Feeling,
    Goal,
    Hesitation,
    Mood,
    Persona,
    Sometimes,
    Spelling,
)
from shared.language.as_heard import codes, normalize
from shared.language.pauses import PAUSE
from shared.language.spelling import spelled
from shared.side.dialogue import Performed

SEEDS = range(40)
TURN = "My card was also charged twice for this order."
ALWAYS = Sometimes(probability=1)


def manner(seed: int = 0, behaviours: Behaviours | None = None, **traits: object) -> Manner:
    persona = Persona.model_validate({"name": "Yash Patel", **traits})
    return Manner(persona, Mood(), behaviours or Behaviours(), seed)


def test_a_code_is_said_in_ones_own_way_and_understood() -> None:
    for code in ("44700", "10032", "88888", "90210"):
        for spelling in Spelling:
            said = manner(spelling=spelling).code([code])
            assert codes(said, (5,))[0].digits[0] == code, said
    assert manner(spelling=Spelling.DOUBLES).code(["44700"]) == "double four seven double oh"
    assert manner(spelling=Spelling.PLAIN).code(["44700"]) == "four four seven zero zero"


def test_letters_are_said_in_ones_own_way_and_understood() -> None:
    nato = manner(spelling=Spelling.NATO).letters("Patel")
    assert nato == "Papa Alpha Tango Echo Lima"
    assert spelled(f"Patel is spelled {nato}.") == "patel"
    assert manner().letters("Patel") == "P A T E L"


def test_traits_choose_words() -> None:
    polite = {manner(seed, politeness=Degree.HIGH).agreement() for seed in SEEDS}
    curt = {manner(seed, politeness=Degree.LOW).agreement() for seed in SEEDS}
    assert len(polite) > 1
    assert not polite & curt
    assert manner(patience=Degree.LOW).insists > manner(patience=Degree.HIGH).insists
    assert manner(verbosity=Degree.LOW).fact("postcode", "six one", alone=True) == "Six one."
    assert manner(verbosity=Degree.HIGH).fact("postcode", "six one", alone=True).startswith("Yes")


def test_seeds_differ_and_each_gives_the_same_again() -> None:
    said = [
        [one.closing(), one.agreement(), one.spoken(TURN)[0]]
        for one in (manner(seed, disfluency=0.5) for seed in SEEDS)
    ]
    again = [
        [one.closing(), one.agreement(), one.spoken(TURN)[0]]
        for one in (manner(seed, disfluency=0.5) for seed in SEEDS)
    ]
    assert said == again
    assert len({tuple(one) for one in said}) > len(SEEDS) / 4


def test_a_mood_gets_worse_and_better_and_is_heard() -> None:
    mood = Mood(worse_when=("cannot be cancelled",), better_when=("refund",))
    caller = Manner(Persona(name="Yash Patel", politeness=Degree.HIGH), mood, Behaviours(), 0)
    assert caller.spoken(TURN)[0] == TURN
    caller.hear("I am sorry, it can't be canceled.")
    complaint, _ = caller.spoken(TURN)
    assert complaint.endswith(TURN)
    assert complaint != TURN
    assert caller.spoken(TURN)[0] == TURN
    assert "kind" not in caller.agreement()
    felt = []
    for text in ("It cannot be cancelled.", "It cannot be cancelled.", "A refund.", "A refund."):
        caller.hear(text)
        felt.append(caller.feeling)
    assert felt == [Feeling.ANGRY, Feeling.ANGRY, Feeling.ANNOYED, Feeling.CALM]


def test_who_never_stumbles_says_what_it_means() -> None:
    assert {manner(seed).spoken(TURN) for seed in SEEDS} == {(TURN, ())}


def test_a_stumble_adds_words_and_takes_none() -> None:
    for seed in SEEDS:
        spoken, performed = manner(seed, disfluency=1).spoken(TURN)
        assert spoken != TURN
        assert not performed
        assert normalize(spoken)[-8:] == normalize(TURN)[-8:]


def test_a_hesitation_is_a_pause_inside_the_turn_as_long_as_told() -> None:
    hesitating = Behaviours(hesitation=Hesitation(probability=1, pause_s=0.9))
    places = set()
    for seed in SEEDS:
        spoken, performed = manner(seed, hesitating).spoken(TURN)
        assert performed == (Performed(Behaviour.HESITATION),)
        assert spoken.count(PAUSE) == 3
        assert spoken.replace(PAUSE, "") == TURN
        places.add(spoken.index(PAUSE))
    assert len(places) > 2
    short = " ".join(["word"] * (LONG_ENOUGH - 1))
    assert manner(0, hesitating).spoken(short) == (short, ())


def test_a_slip_is_one_digit_and_put_right() -> None:
    slipping = Behaviours(self_correction=ALWAYS)
    for seed in SEEDS:
        spoken, [performed] = manner(seed, slipping).slip(["47219"])
        wrong, right = spoken.split(", no, sorry, ")
        assert right == "four seven two one nine"
        assert codes(wrong, (5,))[0].digits == (performed.slip,)
        assert sum(a != b for a, b in zip(performed.slip, "47219", strict=True)) == 1
        assert codes(spoken, (5,))[-1].digits[0] == "47219"


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_caller_asks_to_repeat_what_it_could_answer(seed: int) -> None:
    sheet = CustomerSheet(
        persona=Persona(name="Yash Patel"),
        goals=(Goal(say="Hi, my order is late.", met_when=("will arrive",)),),
        behaviours=Behaviours(ask_to_repeat=ALWAYS),
    )
    side = Side(lambda: Caller(sheet, opens=False, seed=seed).dialogue(), {})
    side.chat.add_message(role="user", content="Thank you for calling. How can I help you?")
    assert (await side.turn()).text == "Hi, my order is late."
    side.chat.add_message(role="user", content="Could you tell me your full name, please?")
    answer = await side.turn()
    assert answer.text == "Sorry, could you say that again, please?"
    assert answer.performed == (Performed(Behaviour.ASK_TO_REPEAT),)
