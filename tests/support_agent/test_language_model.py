"""The support agent on a language model: LiveKit's own plugin, and a server answering by script."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from livekit.agents import AgentSession
from livekit.plugins import openai

from duologue.scenarios.scenario_file import load_scenario
from shared.events import DeskChanged
from shared.events.journal import Event, Journal
from shared.side.line import Line
from shared.spec import Role
from support_agent.agent import SupportAgent
from support_agent.instructions import instructions
from support_agent.registry import load_business
from tests.providers.chat import Reply, ToolCall, scripted
from tests.providers.openai_server import OpenAIServer

FIND = ToolCall("find_order", {"order_number": "47219", "name": "Yash Patel"})
CHARGES = ToolCall("find_charges", {"order_number": "47219"})
PROVE = ToolCall("prove_caller", {"fact": "postcode", "value": "60614"})


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@asynccontextmanager
async def serving(
    server: OpenAIServer, label: str = "late-and-charged-twice"
) -> AsyncIterator[tuple[AgentSession[Line], list[Event]]]:
    """The agent of a scenario's business, in text, and what is told to its journal."""
    spec = load_scenario(label).to_spec(call_id="text", seed=0, engines={})
    assert spec.support
    events: list[Event] = []
    journal = Journal("support")
    journal.add_sink(events.append)
    line = Line(Role.SUPPORT, spec, journal)
    business = load_business(spec.support.business)
    model = openai.LLM(model="gpt-4.1-mini", api_key=server.key, base_url=server.url)
    async with AgentSession[Line](llm=model, userdata=line) as session:
        desk = business.open_desk(spec.support.desk)
        await session.start(SupportAgent(line, business, desk))
        yield session, events
    await model.aclose()


def changes(events: list[Event]) -> dict[str, Any]:
    said = [event.payload for event in events]
    return [payload.changes for payload in said if isinstance(payload, DeskChanged)][-1]


async def test_it_works_at_the_desk_by_its_tools(server: OpenAIServer) -> None:
    refund = ToolCall("refund_charge", {"charge_id": "P-2"})
    server.answer = scripted(
        "Northwind, how can I help you?",
        Reply(calls=(FIND,)),
        Reply(calls=(CHARGES,)),
        "You were charged twice. Shall I refund one?",
        Reply(calls=(refund,)),
        "And your postcode?",
        Reply(calls=(PROVE,)),
        Reply(calls=(refund,)),
        "I have refunded forty nine dollars.",
    )
    async with serving(server) as (session, events):
        await session.generate_reply()
        asked: Any = await session.run(user_input="Yash Patel, 47219. I was charged twice.")
        asked.expect.next_event().is_function_call(name="find_order", arguments=FIND.arguments)
        asked.expect.next_event().is_function_call_output(is_error=False)
        asked.expect.next_event().is_function_call(name="find_charges")
        output = asked.expect.next_event().is_function_call_output(is_error=False)
        assert json.loads(output.event().item.output)["duplicates"] == ["P-2"]
        asked.expect.next_event().is_message(role="assistant")
        assert changes(events) == {}
        agreed: Any = await session.run(user_input="Yes, please.")
        agreed.expect.contains_function_call(name="refund_charge")
        agreed.expect.contains_message(role="assistant")
        assert changes(events) == {}
        proven: Any = await session.run(user_input="60614.")
        proven.expect.contains_function_call(name="prove_caller")
        proven.expect.contains_function_call(name="refund_charge")
        assert changes(events)["charges"][0]["status"] == "refunded"
    opening = server.chats[0]
    shop = load_business("shop")
    assert opening.instructions == instructions(shop)
    assert shop.policy.strip() in opening.instructions
    assert {"find_order", "refund_charge", "put_through"} <= opening.tools.keys()
    assert json.loads(server.chats[-1].returned[0])["refunded"] is True


async def test_the_policy_is_the_tools_whatever_the_model_does(server: OpenAIServer) -> None:
    """It is told why, as a tool's error, and can say so."""
    refund = ToolCall("refund_charge", {"charge_id": "P-1"})
    server.answer = scripted(
        Reply(calls=(CHARGES,)), "Who are you?", Reply(calls=(FIND,)), Reply(calls=(refund,)), "No."
    )
    async with serving(server) as (session, events):
        early: Any = await session.run(user_input="I was charged twice for 47219.")
        early.expect.contains_function_call_output(is_error=True)
        late: Any = await session.run(user_input="Yash Patel. Refund the first one.")
        late.expect.contains_function_call_output(is_error=True)
        assert changes(events) == {}
    assert "only once" in server.chats[-1].returned[0]


async def test_it_puts_a_caller_through_and_says_goodbye(server: OpenAIServer) -> None:
    through = ToolCall("put_through", {"about": "a person"})
    goodbye = "I am putting you through now. Goodbye."
    server.answer = scripted(Reply(calls=(through,)), goodbye)
    async with serving(server) as (session, events):
        put: Any = await session.run(user_input="I want to speak to a person.")
        put.expect.contains_function_call(name="put_through")
        said = put.expect.contains_message(role="assistant")
        assert said.event().item.text_content == goodbye
        assert changes(events)["transfers"] == [{"id": "T1", "about": "a person"}]


def test_it_is_told_whether_it_speaks_first() -> None:
    shop = load_business("shop")
    assert "greet the caller in the name of Northwind" in instructions(shop)
    assert "The caller speaks first." in instructions(shop, opens=False)
