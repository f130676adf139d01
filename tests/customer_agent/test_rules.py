import pytest

from customer_agent.facts import asked_for
from customer_agent.rules import Caller
from duologue.businesses.text_call import Side
from shared.customer_sheet import CustomerSheet, Fact, Goal, Persona, Spelling
from shared.side.dialogue import REVIVE

FACTS = {"order_number": "47219", "postcode": "60614", "email": "y.patel2@example.com"}
WORDED = {"colour": Fact(value="blue", said="The blue one, please.")}
GREETING = "Thank you for calling. How can I help you today?"
ELSE = "Is there anything else I can help you with?"


def customer(*, refuses: tuple[str, ...] = ()) -> Side:
    sheet = CustomerSheet(
        persona=Persona(name="Yash Patel"),
        facts={key: Fact(value=value) for key, value in FACTS.items()} | WORDED,
        goals=(
            Goal(
                say="Hi, my order is late.",
                met_when=("will arrive",),
                refused_when=("cannot send it any sooner",),
            ),
            Goal(say="I was charged twice.", met_when=("refunded",)),
        ),
        refuses=refuses,
    )
    return Side(lambda: Caller(sheet, opens=False).dialogue(), {})


async def say_to(side: Side, *texts: str) -> str:
    """Say these in turn; the last answer."""
    answer = ""
    for text in texts:
        side.chat.add_message(role="user", content=text)
        answer = (await side.turn()).text
    return answer


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Could you tell me your order number, please?", ["order_number"]),
        ("May I have your name and your zip code?", ["name", "postcode"]),
        ("What is the number of your order?", ["order_number"]),
        ("Could you tell me your post-good, please?", ["postcode"]),
        ("Could you tell me your order, please?", ["order_number"]),
        ("What is your date of birth?", ["date_of_birth"]),
        ("Could you tell me your patient number, please?", ["patient_number"]),
        ("I could not find order number 47218.", []),
        ("Shall I cancel your order?", []),
        ("How can I help you?", []),
    ],
)
def test_a_question_is_told_by_its_words(question: str, asked: list[str]) -> None:
    assert asked_for(question, {"name": "Yash Patel", **FACTS}) == asked


async def test_one_of_two_alike_is_told_when_it_is_asked_for() -> None:
    facts = {"email": "ann@example.com", "address": "12 Kings Road", "guests": "2 adults"}
    assert asked_for("What is your e-mail address?", facts) == ["email"]
    assert asked_for("What is your address?", facts) == ["address"]
    assert asked_for("How many guests, please?", facts) == ["guests"]
    assert asked_for("What is your I B A N?", {"iban": ""}) == ["iban"]
    assert asked_for("What is your date of birth?", {"dob": "", "name": ""}) == ["dob"]
    assert asked_for(
        "And the other order number?", {"other_order_number": "", "order_number": ""}
    ) == ["other_order_number"]


async def test_it_waits_for_the_greeting_and_brings_up_its_first_goal() -> None:
    side = customer()
    assert (await side.turn()).text == ""
    assert await say_to(side, GREETING) == "Hi, my order is late."


async def test_it_gives_facts_and_says_which_it_does_not_have() -> None:
    side = customer()
    said = await say_to(side, GREETING, "What is your order number and your date of birth?")
    assert said == (
        "My order number is four seven two one nine. I am sorry, I do not have the date of birth."
    )


async def test_it_spells_its_name_when_asked_to() -> None:
    said = await say_to(customer(), GREETING, "Could you spell your name, please?")
    assert said == "My name is Yash Patel. Patel is spelled P A T E L."


@pytest.mark.parametrize(
    ("name", "question", "said"),
    [
        ("Dr. Yash Patel", "Could you spell your first name, please?", "Yash is spelled Y A S H."),
        ("Yash Patel Jr.", "Could you spell your last name?", "Patel is spelled P A T E L."),
        ("Yash Patel", "How is your surname spelled?", "Patel is spelled P A T E L."),
        ("Trần Li", "Could you spell your first name?", "Tran is spelled T R A N."),
        (
            "Yash Patel",
            "How do you spell that?",
            "My name is Yash Patel. Patel is spelled P A T E L.",
        ),
    ],
)
async def test_it_spells_the_name_that_is_asked_for(name: str, question: str, said: str) -> None:
    sheet = CustomerSheet(
        persona=Persona(name=name), goals=(Goal(say="Hi.", met_when=("booked",)),)
    )
    side = Side(lambda: Caller(sheet, opens=False).dialogue(), {})
    assert await say_to(side, GREETING, question) == said


async def test_it_corrects_what_is_read_back_wrong_and_agrees_to_what_is_right() -> None:
    side = customer()
    said = await say_to(side, GREETING, "I have order 4 7 2 1 8. Is that right?")
    assert said == "No, my order number is four seven two one nine."
    assert (await say_to(side, "I have order 4 7 2 1 9. Is that right?")).startswith("Yes")


async def test_it_says_a_code_plainly_once_it_was_not_heard() -> None:
    said = Fact(value="77707", said="It's triple seven, oh, seven.")
    persona = Persona(name="An", spelling=Spelling.DOUBLES)
    goal = Goal(say="Where is it?", met_when=("here",))
    sheet = CustomerSheet(
        persona=persona,
        facts={"order_number": said, "postcode": Fact(value="77007")},
        goals=(goal,),
    )
    side = Side(lambda: Caller(sheet, opens=False).dialogue(), {})
    order, postcode = "What is your order number?", "Could you tell me your postcode, please?"
    assert (await say_to(side, GREETING, order)) == "It's triple seven, oh, seven."
    again = "Could you tell me your order number again, digit by digit?"
    assert (await say_to(side, again)) == "It is seven seven seven zero seven."
    assert (await say_to(side, postcode)) == "My postcode is double seven double oh seven."
    assert (await say_to(side, postcode)) == "It is seven seven zero zero seven."


async def test_it_says_no_to_what_it_refuses_even_when_misheard() -> None:
    side = customer(refuses=("a voucher",))
    assert (await say_to(side, GREETING, "Would you like a vowcher?")) == "No, thank you."
    assert (await say_to(side, "Would you like a refund?")).startswith("Yes")


async def test_it_understands_an_offer_that_was_heard_as_no_question() -> None:
    for heard in ("She'll I cancel", "Sell I cancel", "She'll like cancel"):
        said = await say_to(customer(), GREETING, f"{heard} your order.")
        assert said.startswith("Yes")


async def test_it_brings_up_the_next_goal_when_one_is_settled() -> None:
    said = await say_to(customer(), GREETING, f"It will arrive on Friday. {ELSE}")
    assert said == "Thank you. There is something else. I was charged twice."


async def test_it_insists_on_what_is_refused_and_then_accepts_that() -> None:
    side = customer()
    await say_to(side, GREETING)
    refusal = f"I cannot send it any sooner. {ELSE}"
    said = await say_to(side, refusal)
    assert said == "I still need help with this. My order is late."
    said = await say_to(side, refusal)
    assert said == "Thank you. There is something else. I was charged twice."


async def test_it_says_a_fact_in_its_own_words() -> None:
    said = await say_to(customer(), GREETING, "Which colour would you like?")
    assert said == "The blue one, please."


async def test_it_leaves_when_it_is_put_through() -> None:
    side = customer()
    bye = "I will put you through to a colleague now. Thank you for calling. Goodbye."
    answer = await say_to(side, GREETING, bye)
    assert answer == "All right. Goodbye."


@pytest.mark.parametrize(
    "answer",
    [
        "It will not be refunded.",
        "Shall I have it refunded?",
        "Refunds take a while.",
        "I can have that refunded.",
        "Once it is refunded, you get an e-mail.",
        "I would have it refunded, but my system is down.",
    ],
)
async def test_a_goal_is_not_met_by_its_denial_or_a_question(answer: str) -> None:
    side = customer()
    await say_to(side, GREETING, f"It will arrive on Friday. {ELSE}", answer)
    assert "charged twice" in await say_to(side, ELSE)


@pytest.mark.parametrize(
    "answer", ["No problem, I have refunded it.", "Not to worry, that's refunded."]
)
async def test_a_goal_is_met_by_a_deed_with_an_assurance(answer: str) -> None:
    side = customer()
    said = await say_to(side, GREETING, f"It will arrive on Friday. {ELSE}", f"{answer} {ELSE}")
    assert "that is" in said


async def test_a_goal_that_the_agent_takes_back_is_brought_up_again() -> None:
    side = customer()
    done = f"I have refunded it. {ELSE}"
    await say_to(side, GREETING, f"It will arrive on Friday. {ELSE}", done)
    said = await say_to(side, f"Sorry, I was mistaken, it has not been refunded. {ELSE}")
    assert said == "I still need help with this. I was charged twice."


async def test_it_asks_three_times_and_then_gives_up() -> None:
    side = customer()
    said = [await say_to(side, text) for text in (GREETING, *[ELSE] * 6)]
    assert said[-1] == "I will try another time. Goodbye."
    assert sum("order is late" in text for text in said) == 3
    assert sum("charged twice" in text for text in said) == 3
    side.chat.add_message(role="user", content="Goodbye.")
    hang_up = (await side.turn()).call
    assert hang_up
    assert hang_up.arguments == {"goals_met": False}
    assert hang_up.lead == ""


async def test_it_says_goodbye_once_and_hangs_up_after_the_agents() -> None:
    side = customer()
    await say_to(side, GREETING, f"It will arrive on Friday. {ELSE}", f"It is refunded. {ELSE}")
    side.chat.add_message(role="user", content="Thank you for calling. Good-bye!")
    answer = await side.turn()
    assert answer.text == "Goodbye."
    assert answer.call
    assert answer.call.arguments == {"goals_met": True}


async def test_it_holds_an_agent_back_who_leaves_before_all_was_asked() -> None:
    said = await say_to(customer(), GREETING, "It will arrive on Friday. Goodbye.")
    assert said == "Wait, please. Thank you. There is something else. I was charged twice."


async def test_it_breaks_a_silence_once_and_then_hangs_up() -> None:
    side = customer()
    await say_to(side, GREETING)
    side.chat.add_message(role="system", content=REVIVE)
    said = (await side.turn()).text
    assert said == "Hello, are you still there? Hi, my order is late."
    side.chat.add_message(role="system", content=REVIVE)
    assert "Goodbye" in (await side.turn()).text
