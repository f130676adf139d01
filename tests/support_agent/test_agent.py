import json
from typing import Any

from livekit.agents import AgentSession

from duologue.scenarios.scenario_file import load_scenario
from shared.events import DeskChanged
from shared.events.journal import Event, Journal
from shared.settings import Settings
from shared.side.dialogue import RulesLLM
from shared.side.line import Line
from shared.spec import Role
from support_agent.agent import SupportAgent, bare_spec
from support_agent.instructions import instructions
from support_agent.registry import load_business
from support_agent.rules import dialogue


async def test_it_serves_a_caller_with_its_tools_and_reports_each_change_of_the_desk() -> None:
    events: list[Event] = []
    journal = Journal("support")
    journal.add_sink(events.append)
    line = Line(Role.SUPPORT, bare_spec(Settings(_env_file=None)), journal)
    shop = load_business("shop")
    desk = shop.open_desk(load_scenario("late-and-charged-twice").userdata.desk)
    rules = RulesLLM(lambda: dialogue(shop, opens=True))
    async with AgentSession[Line](llm=rules, userdata=line) as session:
        await session.start(SupportAgent(line, shop, desk))
        await session.generate_reply()
        await session.run(user_input="I was charged twice.")
        await session.run(user_input="47 to 19.")
        found: Any = await session.run(user_input="Josh Patel.")
        found.expect.contains_function_call(
            name="find_order", arguments={"order_number": "47219", "name": "Josh Patel"}
        )
        asked: Any = await session.run(user_input="Yes, please.")
        asked.expect.contains_message(role="assistant")
        refunded: Any = await session.run(user_input="6-0-6, 14.")
        refunded.expect.next_event().is_function_call(
            name="prove_caller", arguments={"fact": "postcode", "value": "60614"}
        )
        refunded.expect.next_event().is_function_call_output(is_error=False)
        refunded.expect.next_event().is_function_call(
            name="refund_charge", arguments={"charge_id": "P-2"}
        )
        output = refunded.expect.next_event().is_function_call_output(is_error=False)
        assert json.loads(output.event().item.output)["refunded"] is True
        said = refunded.expect.next_event().is_message(role="assistant").event().item.text_content
        assert said.startswith("I have refunded forty nine dollars")
    changes = [e.payload.changes for e in events if isinstance(e.payload, DeskChanged)]
    assert [list(change) for change in changes] == [[], ["charges"]]
    assert changes[-1]["charges"][0]["status"] == "refunded"


def test_a_language_model_is_told_the_policy() -> None:
    shop = load_business("shop")
    assert shop.policy.strip() in instructions(shop)
