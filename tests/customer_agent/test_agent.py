import pytest
from livekit.agents import AgentSession

from customer_agent.agent import CustomerAgent, bare_spec
from customer_agent.instructions import instructions
from customer_agent.rules import Caller
from shared.customer_sheet import CustomerSheet, Fact, Goal, Persona
from shared.endings import EndReason
from shared.events.journal import Journal
from shared.settings import Settings
from shared.side.dialogue import RulesLLM
from shared.side.line import Line
from shared.spec import Role
from support_agent.registry import load_business

SHEET = CustomerSheet(
    persona=Persona(name="Yash Patel"),
    facts={"order_number": Fact(value="47219")},
    goals=(Goal(say="My order is late.", met_when=("will arrive",)),),
    refuses=("a voucher",),
    instructions="You are in a hurry.",
)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [("It will arrive on Friday.", EndReason.GOODBYE), ("No idea.", EndReason.GAVE_UP)],
)
async def test_it_hangs_up_by_its_tool_and_says_whether_its_goals_were_met(
    answer: str, reason: EndReason
) -> None:
    spec = bare_spec(Settings(_env_file=None))
    line = Line(Role.CUSTOMER, spec, Journal("customer"))
    rules = RulesLLM(lambda: Caller(SHEET, opens=False).dialogue())
    async with AgentSession[Line](llm=rules, userdata=line) as session:
        await session.start(CustomerAgent(line, SHEET))
        await session.run(user_input="How can I help you?")
        await session.run(user_input=f"{answer} Is there anything else?")
        for _ in range(2):
            await session.run(user_input="Is there anything else?")
        assert not line.ended.done()
        await session.run(user_input="Thank you for calling. Goodbye.")
        assert await line.ended is reason


def test_a_language_model_is_told_the_sheet_and_how_to_hang_up() -> None:
    prompt = instructions(SHEET)
    for part in ("Yash Patel", "47219", "My order is late.", "a voucher", "in a hurry", "hang_up"):
        assert part in prompt


def test_a_bare_caller_has_an_order_in_the_stock_of_the_shop() -> None:
    sheet = bare_spec(Settings(_env_file=None)).customer
    assert sheet
    desk = load_business("shop").open_desk({})
    order = desk.get("orders", sheet.facts["order_number"].value)
    assert order
    owner = desk.get("customers", order["customer_id"])
    assert owner
    postcode = sheet.facts["postcode"].value
    assert (owner["name"], owner["postcode"]) == (sheet.persona.name, postcode)
