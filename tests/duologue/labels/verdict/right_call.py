"""A call that is right, to be made wrong in one thing."""

from typing import Any

from duologue.labels.verdict import Evidence, Spoken, ToolUse
from duologue.scenarios.scenario_file import load_scenario
from shared.endings import Ending, Outcome
from shared.spec import CallSpec, Expectation, Role
from shared.values import Row

C, S = Role.CUSTOMER, Role.SUPPORT
REFUNDED: dict[str, list[Row]] = {
    "charges": [{"id": "P-2", "order_number": "47219", "status": "refunded"}]
}


def spec(**expected: Any) -> CallSpec:
    made = load_scenario("late-and-charged-twice").to_spec(call_id="c1", seed=0, engines={})
    assert made.expected
    return made.model_copy(update={"expected": Expectation(desk=made.expected.desk, **expected)})


def used(tool: str, at_s: float, *, is_error: bool = False, **output: Any) -> ToolUse:
    return ToolUse(S, tool, output, is_error, at_s)


TURNS = (
    Spoken(S, "Thank you for calling Northwind. How can I help you today?", 0.0),
    Spoken(C, "Hi, my order four seven two one nine is late. I am Yash Patel.", 4.0),
    Spoken(S, "The desk lamp will arrive on Friday the twenty seventh of November.", 9.0),
    Spoken(C, "Thank you. My card was also charged twice.", 15.0),
    Spoken(S, "I can see two charges. Shall I refund one of them?", 17.2),
    Spoken(C, "Yes, please.", 17.6),
    Spoken(S, "I have refunded forty nine dollars. Goodbye.", 20.0),
    Spoken(C, "Goodbye.", 24.0),
)
TOOLS = (used("find_order", 8.0, found=True), used("find_charges", 17.0), used("refund_charge", 18))
RIGHT = Evidence(spec(), Ending(Outcome.COMPLETED), TURNS, TOOLS, REFUNDED)


def with_turn(role: Role, text: str, at_s: float) -> Evidence:
    turns = sorted((*TURNS, Spoken(role, text, at_s)), key=lambda turn: turn.at_s)
    return RIGHT._replace(turns=turns)


def at_s(turn: Spoken) -> float:
    """When a turn began, to sort by."""
    return turn.at_s
