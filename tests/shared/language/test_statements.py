import csv
from pathlib import Path

import pytest

from shared.language.statements import (
    Standing,
    is_given,
    is_question,
    is_stated,
    standing_of,
    stated_after,
)

STATED = """
It is cancelled.
I have cancelled it.
I've cancelled that for you.
I've gone ahead and cancelled your order.
I went ahead and cancelled it.
No problem, I have cancelled it.
No problem I have cancelled it
Not to worry, that's cancelled.
not to worry thats cancelled
Don't worry, it has been cancelled.
Do not worry about a thing, your order was cancelled.
No, no, it is cancelled already.
Yes, that's all cancelled now.
Okay, done, it's cancelled.
Cancelled.
All right. Your order has been cancelled, and you will get your money back.
Your order was cancelled yesterday.
Your order will be cancelled at the end of the month.
Your order is going to be cancelled tonight.
It is being cancelled right now.
It should be cancelled by tomorrow.
I'm afraid it has been cancelled.
I was able to get it cancelled.
We managed to have it cancelled in time.
I am happy to say that it has been cancelled.
I can confirm that your order is cancelled.
I can see that it was cancelled on Monday.
I can see that twenty dollars for your order was cancelled already.
Let me see. Yes, it is cancelled.
It was not cancelled before, but it is cancelled now.
I could not find your e-mail, but I have cancelled the order.
You do not need to do anything else, it is cancelled.
If I am not mistaken, it was cancelled this morning.
As soon as I saw your message, I cancelled it.
It has been cancelled, so if you get a letter, please ignore it.
I have cancelled it, can I help you with anything else?
I HAVE CANCELLED IT CAN I HELP YOU WITH ANYTHING ELSE
okay your order is cancelled is there anything else i can do for you
Not only is it cancelled, you also get a voucher.
There was no need to wait, I have cancelled it at once.
We have, as you asked, cancelled it.
Because it was late, we cancelled it.
Both orders were cancelled.
Your subscription got cancelled.
ive just cancelled it for you
Sure, I just cancelled it.
""".strip().splitlines()

NOT_STATED = """
I can have that cancelled.
I could have it cancelled for you.
I can get that cancelled if you like.
Once it is cancelled, a fee applies.
A fee of five dollars applies once it is cancelled.
As soon as it is cancelled, you will hear from us.
If you want, it will be cancelled.
If you want it will be cancelled
It will be cancelled if you say so.
It will be cancelled as soon as you send it back.
Unless you object, it will be cancelled.
It won't be cancelled unless you pay.
Shall I have it cancelled?
shall i have it cancelled
Would you like it cancelled
Do you want it cancelled?
You want it cancelled?
You want it cancelled, right?
So you would like to have it cancelled.
It's cancelled, isn't it?
its cancelled isnt it
Has it been cancelled?
Is it cancelled or moved?
When was it cancelled?
I would have cancelled it, but it was sent.
I'd have it cancelled, but my system is down.
I would like to have it cancelled, but I must not.
It has not been cancelled.
It hasn't been cancelled yet.
it hasnt been cancelled
It has, I am sorry to say, not been cancelled.
It was never cancelled.
Nothing was cancelled.
None of your orders was cancelled.
No order of yours has been cancelled.
I was unable to get it cancelled.
I'm afraid I was not able to have it cancelled.
I failed to get it cancelled.
I can't have it cancelled.
That cannot be cancelled any more, I'm afraid.
I do not think that it was cancelled.
I don't see here that your order was cancelled.
I can not confirm that it has been cancelled.
There is no record that it was cancelled.
I doubt that it will be cancelled.
I do not know whether it was cancelled.
Let me check if it is cancelled.
I will check that it is cancelled.
I hope it will be cancelled soon.
Maybe it was cancelled.
It may be cancelled.
It might have been cancelled.
Let me get that cancelled for you.
I will have it cancelled for you.
I'm going to get it cancelled.
We are about to have it cancelled.
I'm trying to get it cancelled.
I am working on getting it cancelled.
To be cancelled, it must be sent back.
It needs to be cancelled in writing.
It has to be cancelled by you.
It has yet to be cancelled.
It was supposed to be cancelled.
It is too late to have it cancelled.
You could have it cancelled online.
Please have it cancelled by your bank.
You said that it was cancelled.
You asked to have it cancelled.
Before it is cancelled, I need your name.
I will call you when it's cancelled.
You have to pay until it is cancelled.
It is cancelled. Sorry, I was mistaken, it has not been cancelled.
It's cancelled, oh wait, no, it is not cancelled.
I have cancelled it. Sorry, that did not go through.
Instead of being cancelled, it was sent.
I can't say why it was not cancelled.
""".strip().splitlines()


@pytest.mark.parametrize("text", STATED)
def test_a_text_states_it(text: str) -> None:
    assert is_stated(text, ["cancelled"])


@pytest.mark.parametrize("text", NOT_STATED)
def test_a_text_does_not_state_it(text: str) -> None:
    assert not is_stated(text, ["cancelled"])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A colleague will call you back tomorrow.", "call you back"),
        ("I'll have somebody call you back.", "call you back"),
        ("I will put you through to a colleague now.", "put you through"),
        ("It should arrive on Friday, and I'm sorry for the delay.", "arrive on"),
        ("Good news: it will arrive on Friday.", "will arrive"),
        ("I am sorry, I do not see a second charge for this order.", "do not see a second charge"),
        ("Unfortunately, it cannot be cancelled any more.", "cannot be cancelled"),
        ("So your visit is on Monday, the third of May.", "Monday the third of May"),
        ("You are booked in for Tuesday at nine.", "booked"),
        ("I've got you booked for Monday.", "booked"),
        ("I've reset your router, please try again.", "reset your router"),
    ],
)
def test_it_may_be_a_promise_or_have_its_own_not(text: str, wanted: str) -> None:
    assert is_stated(text, [wanted])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I do not know when it will arrive.", "will arrive"),
        ("I can't tell you when it will arrive.", "will arrive"),
        ("When it will arrive depends on the port.", "will arrive"),
        ("If you order today, it will arrive on Friday.", "will arrive"),
        ("Shall I have a colleague call you back?", "call you back"),
        ("Nobody can call you back today.", "call you back"),
        ("If it was shipped, it cannot be cancelled.", "cannot be cancelled"),
        ("You could reset your router yourself.", "reset your router"),
        ("I'm about to reset your router, all right?", "reset your router"),
    ],
)
def test_a_promise_may_be_open_too(text: str, wanted: str) -> None:
    assert not is_stated(text, [wanted])


def beforehand(stated: str) -> list[tuple[str, str]]:
    """Sentences that were written before the module that reads them."""
    table = Path(__file__).with_name("statements.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines(), delimiter="|")
    return [(row["wanted"], row["text"]) for row in rows if row["stated"] == stated]


@pytest.mark.parametrize(("wanted", "text"), beforehand("1"))
def test_what_was_written_beforehand_as_stated_is(wanted: str, text: str) -> None:
    assert is_stated(text, [wanted])


@pytest.mark.parametrize(("wanted", "text"), beforehand("0"))
def test_what_was_written_beforehand_as_not_stated_is_not(wanted: str, text: str) -> None:
    assert not is_stated(text, [wanted])


def test_what_was_stated_stays_so_until_it_is_taken_back() -> None:
    wanted = ["refunded"]
    done = "I have refunded it."
    assert stated_after([done, "Is there anything else?"], wanted)
    assert stated_after([done, "Shall I have the other one refunded?"], wanted)
    assert stated_after([f"{done} The first payment will not be refunded."], wanted)
    assert not stated_after([done, "Sorry, I was mistaken, it has not been refunded."], wanted)
    assert not stated_after([done, "I am sorry, that did not go through."], wanted)
    assert stated_after([done, "Sorry, it was not refunded.", "Now it is refunded."], wanted)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I have checked your line, and I do not see a fault.", "no fault"),
        ("We did not find any fault.", "no fault"),
        ("I don't see any second charge here.", "no second charge"),
        ("There is no fault.", "no fault"),
        ("All right, nothing changes.", "stays as it is"),
        ("All right, nothing changes.", "as it is"),
        ("Okay, I will not cancel it.", "keep your appointment"),
        ("Then we leave everything as it was.", "nothing changes"),
        ("Your appointment remains unchanged.", "will not cancel"),
        ("Fine, your plan stays the same.", "nothing was changed"),
    ],
)
def test_the_same_is_said_in_other_words(text: str, wanted: str) -> None:
    assert is_stated(text, [wanted])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I see a fault in the cable.", "no fault"),
        ("Do you not see a fault?", "no fault"),
        ("I have not sent it yet.", "stays as it is"),
        ("Shall I leave it as it is?", "nothing changes"),
        ("I have cancelled it.", "keep your appointment"),
        ("I do not see any visit.", "fault"),
    ],
)
def test_other_words_for_something_else_do_not_say_it(text: str, wanted: str) -> None:
    assert not is_stated(text, [wanted])


@pytest.mark.parametrize(
    ("text", "wanted", "given"),
    [
        ("A visit cannot be moved on its day.", "on its day", True),
        ("It can't be cancelled before the minimum term is over.", "minimum term", True),
        ("It is too late.", "too late", True),
        ("It is not too late.", "too late", False),
        ("Is it too late?", "too late", False),
    ],
)
def test_why_something_cannot_be_is_given(text: str, wanted: str, given: bool) -> None:  # noqa: FBT001
    assert is_given(text, [wanted]) is given


@pytest.mark.parametrize(
    "text",
    [
        "All the slots on Monday are booked.",
        "We are fully booked on Monday.",
        "Tuesday is already booked up.",
        "I am sorry, every appointment on Friday is booked.",
        "Our technicians are all booked until Thursday.",
        "Both mornings are booked, but the afternoon is free.",
        "We're booked solid this week.",
    ],
)
def test_what_others_have_booked_is_no_deed(text: str) -> None:
    assert not is_stated(text, ["booked"])


@pytest.mark.parametrize(
    "text",
    [
        "Your slot on Monday is booked.",
        "All right, you are booked for Monday.",
        "Your appointment is booked.",
        "Both visits are booked.",
        "We have booked you in.",
        "I have booked all of it for you.",
    ],
)
def test_what_is_booked_for_the_caller_is_one(text: str) -> None:
    assert is_stated(text, ["booked"])


def test_a_denial_of_something_else_takes_nothing_back() -> None:
    lamp = "I have refunded the lamp."
    assert stated_after([lamp, "The delivery was not refunded."], ["refunded"])
    assert stated_after([lamp, "Gift cards are never refunded."], ["refunded"])
    assert not stated_after([lamp, "The lamp was not refunded."], ["refunded"])
    assert not stated_after([lamp, "It was not refunded."], ["refunded"])
    assert not stated_after([lamp, "Sorry, your money has not been refunded."], ["refunded"])
    assert not stated_after(["It is refunded.", "Your money was not refunded."], ["refunded"])
    booked = "I have booked your visit on Monday."
    assert stated_after([booked, "Your visit on Friday is not booked."], ["booked"])
    assert not stated_after([booked, "Your visit on Monday is not booked."], ["booked"])


@pytest.mark.parametrize(
    "sentence",
    [
        "Shall I cancel it?",
        "shall i cancel it",
        "okay do you have your order number",
        "Your order is late, is it?",
        "What is wrong?",
        "I have cancelled it, anything else?",
    ],
)
def test_a_question_is_one_with_a_question_mark_or_without(sentence: str) -> None:
    assert is_question(sentence)


@pytest.mark.parametrize(
    "sentence",
    ["I have cancelled it.", "What you need is a new router.", "I can help you with that."],
)
def test_a_statement_is_no_question(sentence: str) -> None:
    assert not is_question(sentence)
    assert not is_stated(sentence, [])


def test_a_sentence_is_read_by_the_clause_that_says_most() -> None:
    assert standing_of("It was not moved, but it is moved now.", "moved") is Standing.STATED
    assert standing_of("It was not moved.", "moved") is Standing.DENIED
    assert standing_of("Shall it be moved?", "moved") is Standing.OPEN
    assert standing_of("All is well.", "moved") is None
