"""The customer on a language model: LiveKit's own plugin, and a server that answers by script."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from livekit.agents import AgentSession
from livekit.plugins import openai

from customer_agent import parting
from customer_agent.agent import CustomerAgent, bare_spec
from customer_agent.instructions import instructions
from customer_agent.parting import is_farewell
from duologue.scenarios.scenario_file import load_scenario
from shared.customer_sheet import (
    Behaviours,
    CustomerSheet,
    Degree,
    Feeling,
    Mood,
    Persona,
    Spelling,
)
from shared.endings import EndReason
from shared.events.journal import Journal
from shared.settings import Settings
from shared.side.dialogue import REVIVE
from shared.side.line import Line
from shared.spec import Role
from tests.providers.chat import Reply, ToolCall, scripted
from tests.providers.openai_server import OpenAIServer

SPEC = load_scenario("late-and-charged-twice").to_spec(call_id="text", seed=0, engines={})
assert SPEC.customer
SHEET = SPEC.customer
GREETING = "Northwind, how can I help you?"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@asynccontextmanager
async def calling(server: OpenAIServer) -> AsyncIterator[tuple[AgentSession[Line], Line]]:
    """The caller of the default scenario, in text."""
    line = Line(Role.CUSTOMER, SPEC, Journal("customer"))
    model = openai.LLM(model="gpt-4.1-mini", api_key=server.key, base_url=server.url)
    async with AgentSession[Line](llm=model, userdata=line) as session:
        await session.start(CustomerAgent(line, SHEET))
        yield session, line
    await model.aclose()


@pytest.mark.parametrize(("met", "reason"), [(True, EndReason.GOODBYE), (False, EndReason.GAVE_UP)])
async def test_it_says_what_it_wants_and_hangs_up_by_its_tool(
    server: OpenAIServer, *, met: bool, reason: EndReason
) -> None:
    hang_up = ToolCall("hang_up", {"goals_met": met})
    server.answer = scripted(
        "My order is late.", "That is all.", Reply("Thank you. Goodbye.", (hang_up,))
    )
    async with calling(server) as (session, line):
        wanted: Any = await session.run(user_input=GREETING)
        wanted.expect.next_event().is_message(role="assistant")
        wanted.expect.no_more_events()
        await session.run(user_input="It will arrive on Friday. Is there anything else?")
        assert not line.ended.done()
        left: Any = await session.run(user_input="Thank you for calling. Goodbye.")
        left.expect.contains_function_call(name="hang_up", arguments={"goals_met": met})
        assert await line.ended is reason
    first, *_, last = server.chats
    assert first.instructions == instructions(SHEET)
    assert list(first.tools) == ["hang_up", "press_keys"]
    assert [chat.heard for chat in (first, last)] == [GREETING, "Thank you for calling. Goodbye."]
    assert len(server.chats) == 3  # nothing is to be said to what the tool returns


async def test_a_model_that_uses_its_tool_wrongly_is_told_so(server: OpenAIServer) -> None:
    wrong, right = (ToolCall("hang_up", each) for each in ({}, {"goals_met": True}))
    server.answer = scripted(Reply(calls=(wrong,)), Reply("Goodbye.", (right,)))
    async with calling(server) as (session, line):
        await session.run(user_input="Goodbye.")
        assert await line.ended is EndReason.GOODBYE
    assert "goals_met" in server.chats[-1].returned[0]


async def test_a_model_that_never_hangs_up_is_taken_to_have_after_the_goodbyes(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parting, "PARTING_S", 0.1)
    server.answer = scripted("My order is late.", "No, that is all.", "Thanks. Bye now!")
    async with calling(server) as (session, line):
        await session.run(user_input=GREETING)
        await session.run(user_input="It comes on Friday. Anything else?")
        assert not line.ended.done()
        await session.run(user_input="Thank you for calling. Goodbye.")
        assert await line.ended is EndReason.GOODBYE


async def test_two_goodbyes_of_its_own_are_enough_where_the_agent_says_none(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parting, "PARTING_S", 0.1)
    server.answer = scripted("That is all. Goodbye.", "Bye.")
    async with calling(server) as (session, line):
        await session.run(user_input="It comes on Friday.")
        await session.run(user_input="You are welcome.")
        assert await line.ended is EndReason.GOODBYE


async def test_who_is_asked_something_after_the_goodbyes_stays_on_the_line(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parting, "PARTING_S", 60.0)
    server.answer = scripted("Thank you. Goodbye.", "Yes, of course.")
    async with calling(server) as (session, line):
        await session.run(user_input="Have a nice day.")
        hanging_up = session.current_agent._parting._hanging_up  # type: ignore[attr-defined]
        await session.run(user_input="Wait, may I ask for your postcode?")
        assert hanging_up.cancelled()
        assert not line.ended.done()


async def test_a_silence_is_broken_by_asking_who_is_there(server: OpenAIServer) -> None:
    server.answer = lambda chat: Reply("My order is late." if chat.heard else "Hello?")
    async with calling(server) as (session, _):
        await session.run(user_input=GREETING)
        await session.generate_reply(instructions=REVIVE)
    # The last thing that it is told, whatever role a provider has for that.
    assert REVIVE in str(server.chats[-1].messages[-1]["content"])
    assert server.chats[-1].messages[-2]["role"] == "assistant"


@pytest.mark.parametrize("text", ["Good-bye!", "Bye bye.", "Have a nice day.", "Take care."])
def test_goodbyes_are_told(text: str) -> None:
    assert is_farewell(text)


@pytest.mark.parametrize("text", ["I will have it by the day.", "Good morning.", "Have a look."])
def test_what_is_no_goodbye_is_not_taken_for_one(text: str) -> None:
    assert not is_farewell(text)


def test_all_that_is_on_the_sheet_is_told_and_how_it_is_said() -> None:
    sheet = CustomerSheet.model_validate(
        {
            "persona": Persona(
                name="Lisa Orr",
                age=71,
                patience=Degree.LOW,
                verbosity=Degree.LOW,
                politeness=Degree.HIGH,
                spelling=Spelling.DOUBLES,
                disfluency=0.25,
                about="She has just moved.",
            ),
            "facts": {
                "order_number": "44709",
                "shop": {"value": "B2", "said": "The one in town."},
                "deposit": "$1,200.00",
            },
            "goals": [{"say": "Where is it?", "met_when": ["the secret answer"]}],
            "refuses": ["a voucher"],
            "mood": Mood(start=Feeling.ANNOYED, worse_when=("no record",), better_when=("sorry",)),
            "behaviours": Behaviours.model_validate({"ask_to_repeat": {"probability": 0.3}}),
            "instructions": "It was a birthday present.",
        }
    )
    prompt = instructions(sheet)
    for told in (
        "You are Lisa Orr",
        "71 years old",
        "impatient",
        "as little as you can",
        "very polite",
        '44709; said "double four seven oh nine"',
        '$1,200.00; said "one thousand two hundred dollars"',
        'B2; say: "The one in town."',
        "1. Where is it?",
        "a voucher",
        "annoyed",
        "no record",
        "sorry",
        "one in 4 of your turns",
        "about one in 3 of the agent's answers",
        "She has just moved.",
        "birthday present",
        "insist twice",
        "The agent speaks first.",
        "`hang_up`",
    ):
        assert told in prompt, told
    # What settles a goal is for the agent to say, not for the caller.
    assert "the secret answer" not in prompt
    assert "You speak first" in instructions(sheet, opens=True)


def test_a_caller_who_knows_a_date_of_birth_is_told_no_age_of_the_persona() -> None:
    facts = {"date_of_birth": {"value": "1990-05-04"}}
    persona = Persona(name="Lisa Orr", age=71)
    sheet = CustomerSheet.model_validate({"persona": persona, "facts": facts})
    assert "years old" not in instructions(sheet)
    assert "years old" in instructions(sheet.model_copy(update={"facts": {}}))


def test_a_bare_caller_is_told_as_much_as_any() -> None:
    sheet = bare_spec(Settings(_env_file=None)).customer
    assert sheet
    assert "{" not in instructions(sheet)
