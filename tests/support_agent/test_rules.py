"""Whole calls in text between the two roles' rules, with the real tools and desk."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from livekit.agents import llm

from duologue.businesses.text_call import MAX_TURNS, Channel, Side, TextCall, hold_call
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import load_scenario
from shared.customer_sheet import Persona
from shared.language.as_heard import phrase, sentences
from shared.side.dialogue import REVIVE, Dialogue, reply, say, tell
from shared.spec import Role
from shared.values import Row
from support_agent.registry import load_business
from support_agent.rules import dialogue
from support_agent.talk import Problem, Talk

VARIANTS = Path(__file__).parent.parent / "scenarios" / "shop_variants.yaml"
LABELS = re.findall(r"label: (\S+)", VARIANTS.read_text(encoding="utf-8"))


def default() -> Scenario:
    return load_scenario("late-and-charged-twice")


def with_rows(scenario: Scenario, table: str, *rows: Row) -> Scenario:
    desk = {**scenario.userdata.desk, table: rows}
    userdata = scenario.userdata.model_copy(update={"desk": desk})
    return scenario.model_copy(update={"userdata": userdata})


def garbled(replacements: dict[str, str]) -> Channel:
    def channel(text: str) -> str:
        for said, heard in replacements.items():
            text = text.replace(said, heard)
        return text

    return channel


def goodbyes(call: TextCall, role: Role) -> int:
    return phrase(call.said(role)).count(" good bye ")


@pytest.mark.parametrize("label", [None, *LABELS])
async def test_a_call_about_other_facts_needs_other_data_only(label: str | None) -> None:
    """What each file varies stands in its `tags.varies`."""
    call = await hold_call(load_scenario(f"{VARIANTS}#{label}") if label else default())
    assert call.verdict.task_success, call
    assert call.goals_met, call
    assert call.hung_up
    assert goodbyes(call, Role.CUSTOMER) == goodbyes(call, Role.SUPPORT) == 1, call
    assert all(not re.search(r"\d|\$", text) for _, text in call.turns), call


@pytest.mark.parametrize(
    "heard",
    [
        {"four seven two one nine": "47219"},
        {"four seven two one nine": "47 to 19"},
        {"four seven two one nine": "4-7-2, 1-9"},
        {"Yash Patel": "Josh Battle"},
        {"Yash Patel": "yes, Patell"},
        {"My name is Yash Patel": "My name as Jash Patel"},
        {"charged twice": "charge twice"},
        {"No, that is all.": "Know that is all."},
    ],
)
async def test_what_a_recogniser_makes_of_it_is_still_understood(heard: dict[str, str]) -> None:
    call = await hold_call(default(), to_support=garbled(heard))
    assert call.verdict.task_success, call


async def test_a_digit_misheard_is_asked_for_again_and_then_right() -> None:
    heard = iter(["47218"])

    def first_wrong(text: str) -> str:
        return re.sub("four seven two one nine", lambda _: next(heard, "47219"), text)

    call = await hold_call(default(), to_support=first_wrong)
    assert "could not find order number four seven two one eight" in call.said(Role.SUPPORT)
    assert call.verdict.task_success, call


async def test_a_name_that_is_not_found_is_not_read_back_nor_asked_for_digit_by_digit() -> None:
    call = await hold_call(default(), to_support=garbled({"Yash Patel": "Walter Grimm"}))
    said = call.said(Role.SUPPORT)
    assert "could not find" in said
    assert "Grimm" not in said
    for sentence in sentences(said):
        assert not re.search(r"name\b[^,]* digit by digit", sentence), sentence


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("other_fact", ["postcode", "email"])
async def test_a_digit_always_misheard_never_leads_to_somebody_elses_order(
    place: int, other_fact: str
) -> None:
    """The agent asks again, and gets there if at all by the postcode."""
    facts = {key: default().facts[key] for key in ("order_number", other_fact)}
    scenario = default().model_copy(update={"facts": facts})
    for digit in set("0123456789") - {"47219"[place]}:
        number = f"{'47219'[:place]}{digit}{'47219'[place + 1 :]}"
        call = await hold_call(scenario, to_support=garbled({"four seven two one nine": number}))
        assert call.said(Role.SUPPORT).count("order number") >= 3, call
        assert call.verdict.task_success is (other_fact == "postcode"), call
        refunded = [row["id"] for row in call.desk.changes().get("charges", [])]
        assert refunded == ["P-2"] * (other_fact == "postcode"), call


async def test_somebody_else_who_has_the_number_does_not_get_the_order() -> None:
    scenario = default()
    persona = Persona(name="Olga Murphy")
    call = await hold_call(scenario.model_copy(update={"persona": persona}))
    assert "desk lamp" not in call.said(Role.SUPPORT)
    assert not call.verdict.task_success
    assert set(call.desk.changes()) <= {"callbacks"}


@pytest.mark.parametrize(
    "second",
    [
        {"id": "P-2", "order_number": "47219", "amount_cents": 4800, "charged_on": "2026-11-14"},
        {"id": "P-2", "order_number": "47219", "amount_cents": 4900, "charged_on": "2026-11-24"},
    ],
)
async def test_a_charge_that_is_no_duplicate_is_not_refunded(second: Row) -> None:
    first = default().userdata.desk["charges"][0]
    call = await hold_call(with_rows(default(), "charges", first, second))
    assert "do not see a second charge" in call.said(Role.SUPPORT)
    assert call.desk.changes() == {}
    assert not call.verdict.task_success
    assert not call.goals_met


async def test_a_refund_that_is_refused_is_not_made() -> None:
    call = await hold_call(default().model_copy(update={"refuses": ("refund one",)}))
    assert call.desk.changes() == {}
    assert not call.verdict.task_success


@pytest.mark.parametrize(
    ("to_support", "to_customer"),
    [
        ("Thank you. Thank you for watching.", None),
        ("The the the of it.", None),
        (None, "Boing boing, the of."),
        ("La la la.", "La la la."),
        ("Yes.", None),
        (None, "Okay."),
        ("Four seven two one nine.", None),
    ],
)
async def test_noise_in_the_place_of_words_ends_a_call_without_success(
    to_support: str | None, to_customer: str | None
) -> None:
    def noise(text: str | None) -> Callable[[str], str]:
        return lambda said: text or said

    call = await hold_call(default(), to_support=noise(to_support), to_customer=noise(to_customer))
    assert not call.verdict.task_success
    assert not call.goals_met
    assert len(call.turns) < MAX_TURNS, call


def support() -> Side:
    business = load_business("shop")
    return Side(lambda: dialogue(business, opens=True), {})


async def say_to(side: Side, text: str) -> str:
    side.chat.add_message(role="user", content=text)
    return (await side.turn()).text


async def test_an_agent_that_can_help_with_one_thing_names_it_and_offers_no_choice() -> None:
    shop = load_business("shop")
    business = shop._replace(problems=shop.problems[:1])
    side = Side(lambda: dialogue(business, opens=True), {})
    await side.turn()
    await say_to(side, "The moon is full.")
    said = await say_to(side, "And the sea is wide.")
    assert said == f"I can help with {shop.problems[0].label}. What can I do for you?"


async def test_the_agent_repeats_itself_on_request_and_waits_when_asked_to() -> None:
    side = support()
    await side.turn()
    asked = await say_to(side, "My order is late.")
    assert await say_to(side, "Sorry, could you repeat that?") == asked
    assert await say_to(side, "Hold on, let me look.") == "Of course, take your time."
    assert "full name" in await say_to(side, "It's 47219.")


async def test_who_wants_something_repeated_does_not_always_mean_the_question() -> None:
    side = support()
    asked = (await side.turn()).text
    assert await say_to(side, "Could you repeat, please?") == asked
    assert "order number" in await say_to(side, "My repeat order is late.")


async def test_the_agent_asks_again_at_most_twice_and_then_another_way() -> None:
    side = support()
    await side.turn()
    asked = [await say_to(side, "My order is late.")]
    while "full name" not in asked[-1]:
        asked.append(await say_to(side, "Blue skies."))
    assert len(asked) == 4
    assert asked[-1].startswith("Let us try another way.")


async def test_an_interrupted_question_is_asked_again_without_counting() -> None:
    side = support()
    await side.turn()
    await say_to(side, "My order is late.")
    side.chat.messages()[-1].content = ["I can help you"]
    side.chat.messages()[-1].interrupted = True
    again = await say_to(side, "Great, thanks.")
    assert again == "I can help you with that. Could you tell me your order number, please?"


async def test_a_yes_that_is_taken_back_is_asked_for_again() -> None:
    side = support()
    await side.turn()
    asked = await say_to(side, "I do not know. The moon is full.")
    asked = await say_to(side, "And the sea is wide.")
    asked = await say_to(side, "And the sky is blue.")
    assert asked.endswith("Shall I have a colleague call you back?")
    again = await say_to(side, "Yes. No, wait.")
    assert again == "Sorry, is that a yes, or a no? Shall I have a colleague call you back?"


def confirming(question: str) -> Side:
    """An agent that asks this, and then says whether the caller agreed."""

    def hold() -> Dialogue[None]:
        agreed = yield from load_business("shop").talk().confirm(question)
        yield from say("agreed" if agreed else "declined")

    return Side(hold, {})


@pytest.mark.parametrize("answer", ["Yes, yes, go on.", "No, wait."])
async def test_an_answer_to_half_a_question_is_none(answer: str) -> None:
    side = confirming("Shall I send you a new mirror, free of charge?")
    await side.turn()
    spoken = side.chat.items[-1]
    assert isinstance(spoken, llm.ChatMessage)
    spoken.content, spoken.interrupted = ["Shall I send you a"], True
    assert await say_to(side, answer) == "Shall I send you a new mirror, free of charge?"
    assert await say_to(side, "Yes.") == "agreed"


async def test_a_question_that_lacks_its_last_word_was_put() -> None:
    side = confirming("Shall I cancel your order?")
    await side.turn()
    spoken = side.chat.items[-1]
    assert isinstance(spoken, llm.ChatMessage)
    spoken.content, spoken.interrupted = ["Shall I cancel your"], True
    assert await say_to(side, "Yes, please.") == "agreed"


async def test_not_wanting_it_is_neither_a_yes_nor_a_no() -> None:
    side = confirming("Shall I cancel your order?")
    await side.turn()
    assert "is that a yes, or a no?" in await say_to(side, "But I don't want it!")
    assert await say_to(side, "Yes.") == "agreed"
    side = confirming("Shall I cancel your order?")
    await side.turn()
    assert await say_to(side, "No, I don't want that.") == "declined"


async def test_who_is_not_understood_in_other_words_is_offered_a_list() -> None:
    def solve(_: Talk) -> Dialogue[None]:
        yield from tell("It is sunny.")

    topics = [Problem(each, each, (f" {each} ",), solve, anybody=True) for each in ("sun", "rain")]
    business = load_business("shop")._replace(problems=tuple(topics))
    side = Side(lambda: dialogue(business, opens=True), {})
    await side.turn()
    assert "It is sunny." in await say_to(side, "Tell me about the sun.")
    assert "in a few words" in await say_to(side, "Can't sell it.")
    assert await say_to(side, "Canned salad.") == "I can help with sun, or rain. Which one is it?"


async def test_a_silent_line_is_revived_with_the_last_question() -> None:
    side = support()
    await side.turn()
    await say_to(side, "My order is late.")
    side.chat.add_message(role="system", content=REVIVE)
    answer = reply(side.dialogue(), side.chat)
    assert answer.text == "Are you still there? Could you tell me your order number, please?"


async def test_a_caller_who_assents_to_being_asked_is_waited_for() -> None:
    side = support()
    await side.turn()
    await say_to(side, "My order is late.")
    assert await say_to(side, "Sure.") == ""
    named = await say_to(side, "It is 4 7 2 1 9.")
    assert named == "Could you tell me your full name, please?"


async def test_a_caller_who_assents_and_falls_silent_is_asked_again() -> None:
    side = support()
    await side.turn()
    await say_to(side, "My order is late.")
    assert await say_to(side, "Sure.") == ""
    side.chat.add_message(role="system", content=REVIVE)
    answer = reply(side.dialogue(), side.chat)
    assert answer.text == "Are you still there? Could you tell me your order number, please?"


async def test_a_caller_who_leaves_is_bid_goodbye_once() -> None:
    side = support()
    await side.turn()
    await say_to(side, "My order is late.")
    assert await say_to(side, "Never mind. Goodbye.") == "Thank you for calling Northwind. Goodbye."
    assert await say_to(side, "Bye bye.") == ""


async def test_a_goodbye_that_was_cut_off_or_fell_silent_is_said_again() -> None:
    goodbye = "Thank you for calling Northwind. Goodbye."
    side = support()
    await side.turn()
    await say_to(side, "My order is late.")
    assert await say_to(side, "Never mind. Goodbye.") == goodbye
    side.chat.messages()[-1].content = ["Thank you for calling"]
    side.chat.messages()[-1].interrupted = True
    assert await say_to(side, "There is something else.") == "Sorry, what else can I do for you?"
    assert await say_to(side, "Oh, that is all, thank you. Goodbye.") == goodbye
    side.chat.add_message(role="system", content=REVIVE)
    assert reply(side.dialogue(), side.chat).text == goodbye
