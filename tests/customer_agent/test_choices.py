"""Questions that other agents ask: choices, places, counts, topics, and the same once more."""

import pytest

from customer_agent.choices import options, topic
from customer_agent.rules import Caller
from duologue.businesses.text_call import Side
from shared.customer_sheet import CustomerSheet, Degree, Fact, Goal, Persona

FACTS = {"day": "Tuesday", "time_of_day": "morning", "people": "2", "home": "Springfield"}
GREETING = "Thank you for calling. How can I help you?"
TOPICS = (
    "I can help with a late order, a double charge, a cancellation, or a damaged item. "
    "Which one is it?"
)


def caller(
    say: str = "Hi, I would like to book.",
    met_when: tuple[str, ...] = ("booked",),
    refused_when: tuple[str, ...] = (),
    patience: Degree = Degree.NORMAL,
    refuses: tuple[str, ...] = (),
) -> Side:
    sheet = CustomerSheet(
        persona=Persona(name="Ann Lee", patience=patience),
        facts={key: Fact(value=value) for key, value in FACTS.items()},
        goals=(Goal(say=say, met_when=met_when, refused_when=refused_when),),
        refuses=refuses,
    )
    return Side(lambda: Caller(sheet, opens=False).dialogue(), {})


async def answers(side: Side, *texts: str) -> list[str]:
    """What is said to each of `texts`, in turn."""
    said = []
    for text in texts:
        side.chat.add_message(role="user", content=text)
        said.append((await side.turn()).text)
    return said


def test_a_list_in_which_a_recognizer_hears_the_end_of_a_sentence_is_one_list() -> None:
    listed = options(
        "I can help with a new appointment, canceling an appointment, a prescription test results. "
        "opening hours, or speaking to a person. Which one is it?"
    )
    assert topic(listed, "I cannot come. Cancel it, will you?") == "canceling an appointment"
    assert topic(listed, "When could I come round? booked") == "a new appointment"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Would you prefer Monday or Tuesday?", "Tuesday, please."),
        ("would you prefer monday or tuesday", "Tuesday, please."),
        ("And is a morning or an afternoon better?", "Morning, please."),
        ("Is this for one person or for two?", "Two, please."),
        ("Where do you live?", "My home is Springfield."),
        ("Which day would you like to come?", "My day is Tuesday."),
        ("When would you like to come?", "My day is Tuesday."),
        ("How many guests will there be?", "My people is two."),
        ("Would you like a window or an aisle seat?", "I have no preference."),
        ("How many nights will you stay?", "I am sorry, I do not know."),
        ("Shall I book it for you?", "Yes, please."),
        ("I can book that for you, if you like.", "Yes, please."),
        ("Would you like it sent to your home?", "Yes, please."),
        ("Cash or card?", "I have no preference."),
        ("Which town do you live in?", "My home is Springfield."),
        ("Where should we send it?", "My home is Springfield."),
        ("Who is the reservation for?", "My name is Ann Lee."),
        ("May I ask who is calling?", "My name is Ann Lee."),
        ("At what time should we expect you?", "My time of day is morning."),
        ("Which street do you live in?", "I am sorry, I do not know."),
        ("Is that right?", "Yes, that is right."),
    ],
)
async def test_a_question_is_answered_from_the_facts(question: str, answer: str) -> None:
    said = await answers(caller(), GREETING, question)
    assert said[-1] == answer


async def test_who_has_no_preference_takes_one_when_asked_again() -> None:
    asked = "Would you like a window or an aisle seat?"
    said = await answers(caller(), GREETING, asked, asked)
    assert said[1:] == ["I have no preference.", "An aisle seat, please."]


async def test_a_day_is_told_from_another_by_its_whole_number() -> None:
    sheet = CustomerSheet(
        persona=Persona(name="Ann Lee"),
        facts={"nights": Fact(value="3"), "date": Fact(value="2026-07-14")},
        goals=(Goal(say="Hi.", met_when=("booked",)),),
    )
    side = Side(lambda: Caller(sheet, opens=False).dialogue(), {})
    asked = "Would the thirteenth or the fourteenth of July be better?"
    assert (await answers(side, GREETING, asked))[-1] == "The fourteenth of July, please."


async def test_a_refusal_may_be_why_something_cannot_be() -> None:
    side = caller(refused_when=("on its day",), patience=Degree.HIGH)
    asked = "A visit cannot be moved on its day. Is there anything else I can help you with?"
    assert "that is" in (await answers(side, GREETING, asked))[-1]


@pytest.mark.parametrize(
    ("say", "picked"),
    [
        ("Could you scrap my order?", "A cancellation, please."),
        ("The vase is in a thousand pieces.", "A damaged item, please."),
        ("My parcel never showed up.", "A late order, please."),
        ("I see it two times on my card.", "A double charge, please."),
    ],
)
async def test_who_is_offered_topics_picks_one_rather_than_repeating(say: str, picked: str) -> None:
    said = await answers(caller(say), GREETING, TOPICS)
    assert said == [say, picked]


async def test_where_no_topic_fits_it_says_what_it_wants_again() -> None:
    said = await answers(caller("I sing."), GREETING, TOPICS)
    assert said[-1] == "I still need help with this. I sing."


async def test_a_greeting_that_is_a_question_does_not_use_up_the_goal() -> None:
    [said] = await answers(caller(), "Hello, are you a customer of ours?")
    assert said == "Yes. Hi, I would like to book."
    [said] = await answers(caller(), "Hello, can I help you?")
    assert said == "Hi, I would like to book."


@pytest.mark.parametrize("patience", list(Degree))
@pytest.mark.parametrize(
    "offer",
    [
        "Shall I have a colleague call you back?",
        "I am sorry, I do not understand what is wrong. Shall I have a colleague call you back?",
        "I am sorry, I could not find you. Shall I have a colleague call you back?",
    ],
)
async def test_an_offer_is_read_before_patience_is_counted(patience: Degree, offer: str) -> None:
    side = caller(
        met_when=("call you back",), refused_when=("could not find you",), patience=patience
    )
    said = await answers(side, GREETING, *["What is wrong?"] * 2, offer)
    assert said[-1].startswith("Yes")


async def test_the_fourth_time_of_one_question_it_says_so_and_gives_up() -> None:
    side = caller()
    asked = "Would you prefer Monday or Tuesday?"
    said = await answers(side, GREETING, *[asked] * 4)
    assert said[1:4] == ["Tuesday, please."] * 3
    assert said[4] == "You have asked me that four times now. I will try another time. Goodbye."
    side.chat.add_message(role="user", content="Goodbye.")
    hang_up = (await side.turn()).call
    assert hang_up
    assert hang_up.arguments == {"goals_met": False}


async def test_what_was_handed_on_is_not_brought_up_again() -> None:
    side = caller()
    done = "A colleague will call you back. Is there anything else?"
    said = await answers(side, GREETING, "Shall I have a colleague call you back?", done)
    assert "I would like to book" not in said[-1]


@pytest.mark.parametrize(
    "offer",
    [
        "I have checked it, and it is booked. Shall I have a colleague call you back?",
        "It is booked. Would you like us to call you back?",
        "I am sorry, that cannot be had. Shall I have a colleague call you back?",
    ],
)
async def test_who_has_its_answer_wants_no_call_that_it_did_not_hope_for(offer: str) -> None:
    refused = ("cannot be had",)
    assert (await answers(caller(refused_when=refused), GREETING, offer))[-1] == "No, thank you."
    hopes = caller(met_when=("booked", "call you back"), refused_when=refused)
    assert (await answers(hopes, GREETING, offer))[-1].startswith("Yes")


async def test_who_has_no_answer_yet_is_glad_to_be_called_back() -> None:
    said = await answers(caller(), GREETING, "Shall I have a colleague call you back?")
    assert said[-1].startswith("Yes")


async def test_who_wants_all_to_stay_is_content_in_whatever_words_it_does() -> None:
    side = caller(met_when=("stays as it is",), refuses=("Shall I cancel",))
    kept = "All right, nothing changes. Is there anything else I can help you with?"
    said = await answers(side, GREETING, "Shall I cancel your check up on Tuesday?", kept)
    assert said[1] == "No, thank you."
    assert "that is" in said[2]


async def test_a_day_refused_is_one_that_is_offered_and_not_one_that_is_left() -> None:
    side = caller(refuses=("Monday",))
    said = await answers(
        side,
        GREETING,
        "Shall I move your check up on Monday the fifth of May at nine?",
        "Shall I move it to Monday the twelfth of May?",
        "Shall I move your check up on Monday the fifth to Friday the ninth of May?",
        "Shall I book Monday for you?",
    )
    assert [answer[:2] for answer in said[1:]] == ["Ye", "No", "Ye", "No"]


async def test_a_fact_asked_for_four_times_in_other_words_is_the_same_question() -> None:
    side = caller()
    asked = (
        "Could you tell me your home, please?",
        "Sorry, I did not catch that. Could you tell me your home slowly?",
        "What is your home?",
    )
    said = await answers(side, GREETING, *asked, "Please tell me your home again.")
    assert [answer for answer in said[1:4] if "Springfield" in answer] == said[1:4]
    assert said[4].startswith("You have asked me that four times now.")


async def test_a_fact_that_is_not_known_is_said_not_to_be() -> None:
    sheet = CustomerSheet(
        persona=Persona(name="Ann Lee"),
        facts={"date_of_birth": Fact(value="unknown")},
        goals=(Goal(say="Hi.", met_when=("booked",)),),
    )
    side = Side(lambda: Caller(sheet, opens=False).dialogue(), {})
    said = await answers(side, GREETING, "Could you tell me your date of birth, please?")
    assert said[-1] == "I am sorry, I do not know the date of birth."


def test_options_are_what_stands_around_the_or() -> None:
    assert options("A lamp, a rug, or a chair?") == [" a lamp ", " a rug ", " a chair "]
    assert options("Do you have a lamp?") == []
    assert options("Which one? A lamp or a rug.") == [" which 1 ", " a lamp ", " a rug "]
    assert options("Is it a lamp? A rug or a bed?") == [" is it a lamp ", " a rug ", " a bed "]
    assert options("Are you there? Is it a lamp or a rug?") == [" is it a lamp ", " a rug "]
    assert options("Is that all? You can pay now or later.") == []
    assert options("Sorry, is that a yes, or a no? Shall I send a new lamp for free?") == []
    assert topic(options(TOPICS), "I want to cancel.") == "a cancellation"
    clinic = options("I can help with opening hours, test results, or a prescription. Which is it?")
    assert topic(clinic, "Did anything come back from my blood test yet?") == "test results"
