import json
from typing import Any

import pytest
from livekit.agents import ToolError, llm

from shared.language.likeness import SAME, likeness
from shared.values import Row
from support_agent.businesses.internet import BUSINESS
from support_agent.desk import Desk

TODAY = "2026-11-16"


class Counter:
    """The tools, used by name as a language model does."""

    def __init__(self, desk: Desk) -> None:
        self._tools = llm.ToolContext(BUSINESS.tools_at(desk)).function_tools

    async def use(self, tool: str, *arguments: str) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(await self._tools[tool](*arguments))
        return result


def account(number: str, name: str, born: str = "1980-02-03", **other: Any) -> Row:
    return {
        "number": number,
        "name": name,
        "date_of_birth": born,
        "postcode": "60614",
        "plan": "standard",
        "term_ends_on": TODAY,
        **other,
    }


def open_provider(**changed: Any) -> tuple[Counter, Desk]:
    """A desk on which account 204518 is the caller's, changed as told, and others are not."""
    desk = BUSINESS.open_desk(
        {
            "calendar": [{"what": "today", "day": TODAY}],
            "accounts": [
                account("204518", "Yash Patel", **changed),
                account("888888", "Jash Patel"),
                account("204519", "Laura Chen", "1990-05-04", fault="router"),
            ],
            "outages": [
                {"postcode": "60615", "reason": "a storm", "ends_on": TODAY, "ends_at": "12:00"}
            ],
            "slots": [
                {"id": "TODAY", "postcode": "60614", "day": TODAY, "time": "17:00"},
                {"id": "TAKEN", "postcode": "60614", "day": "2026-11-18", "time": "08:00"},
                {"id": "LATE", "postcode": "60614", "day": "2026-11-18", "time": "10:00"},
                {"id": "SOON", "postcode": "60614", "day": "2026-11-17", "time": "10:00"},
                {"id": "FAR", "postcode": "10001", "day": "2026-11-18", "time": "10:00"},
            ],
            "visits": [{"account_number": "888888", "slot": "TAKEN"}],
            "charges": [
                charge("OLD", 900, 0, "2026-10-01"),
                charge("PLAN", 6000, 6000),
                charge("VISIT", 4500, 500),
                charge("CHEAP", 100, 200),
                {**charge("HERS", 4500, 0), "account_number": "204519"},
            ],
        }
    )
    return Counter(desk), desk


def charge(key: str, amount: int, agreed: int, day: str = "2026-11-01") -> Row:
    return {
        "id": key,
        "account_number": "204518",
        "item": "something",
        "amount_cents": amount,
        "agreed_cents": agreed,
        "billed_on": day,
    }


async def identified(**changed: Any) -> tuple[Counter, Desk]:
    tools, desk = open_provider(**changed)
    assert (await tools.use("find_account", "204518", "Yash Patel"))["found"]
    assert (await tools.use("prove_caller", "date_of_birth", "1980-02-03"))["found"]
    return tools, desk


@pytest.mark.parametrize("name", ["Yash Patel", "Josh Battle", "it is Yash Patell"])
async def test_an_account_is_found_by_its_number_and_a_name_as_heard(name: str) -> None:
    tools, _ = open_provider()
    assert (await tools.use("find_account", "204518", name))["customer"] == "Yash Patel"


@pytest.mark.parametrize(
    ("number", "name", "again"),
    [
        ("204510", "Yash Patel", ["account_number"]),
        ("204519", "Yash Patel", ["account_number", "name"]),
        ("204518", "Laura Chen", ["account_number", "name"]),
        ("204518", "Olga Murphy", ["account_number", "name"]),
    ],
)
async def test_an_account_of_somebody_else_is_not_found(
    number: str, name: str, again: list[str]
) -> None:
    tools, _ = open_provider()
    assert await tools.use("find_account", number, name) == {"found": False, "again": again}


async def test_a_number_misheard_by_a_digit_does_not_find_somebody_of_a_similar_name() -> None:
    rows = [account("204518", "Yash Patel"), account("204538", "Josh Battle")]
    tools = Counter(BUSINESS.open_desk({"accounts": rows}))
    assert not (await tools.use("find_account", "204538", "Yash Patel"))["found"]
    assert (await tools.use("find_account", "204538", "Josh Battle"))["found"]


@pytest.mark.parametrize(
    ("born", "name", "again"),
    [
        ("1990-05-04", "Yash Patel", ["date_of_birth", "name"]),
        ("1890-05-04", "Yash Patel", ["date_of_birth"]),
        ("1980-02-03", "Yas Patel", ["first_name"]),
    ],
)
async def test_a_date_of_birth_needs_the_name_of_one_who_was_born_then(
    born: str, name: str, again: list[str]
) -> None:
    tools, _ = open_provider()
    assert await tools.use("find_holder", born, name) == {"found": False, "again": again}
    assert (await tools.use("find_holder", "1990-05-04", "Laura Chin"))["customer"] == "Laura Chen"


async def test_nothing_is_told_or_done_for_a_caller_who_is_not_identified() -> None:
    tools, desk = open_provider()
    await tools.use("find_account", "888888", "Jash Patel")
    for attempt in (
        tools.use("check_line", "204519"),
        tools.use("reset_router", "204519"),
        tools.use("find_visit", "204519"),
        tools.use("book_visit", "204519", "SOON"),
        tools.use("find_plans", "204519"),
        tools.use("change_plan", "204519", "premium"),
        tools.use("find_bill", "204519"),
        tools.use("credit_charge", "HERS"),
        tools.use("cancel_contract", "204519"),
    ):
        with pytest.raises(ToolError, match="not identified"):
            await attempt
    assert desk.changes() == {}


async def test_anybody_may_ask_for_an_outage() -> None:
    tools, _ = open_provider()
    assert (await tools.use("find_outage", "60615"))["outage"]["reason"] == "a storm"
    assert (await tools.use("find_outage", "60614"))["outage"] is None


@pytest.mark.parametrize("fault", ["none", "cable"])
async def test_only_a_router_that_needs_it_is_reset(fault: str) -> None:
    tools, desk = await identified(fault=fault)
    with pytest.raises(ToolError, match="would not help"):
        await tools.use("reset_router", "204518")
    assert desk.changes() == {}
    tools, desk = await identified(fault="router")
    await tools.use("reset_router", "204518")
    assert (await tools.use("check_line", "204518"))["fault"] == "none"


async def test_a_visit_is_booked_at_a_free_time_there_and_moved_until_the_day_before() -> None:
    tools, desk = await identified(fault="cable")
    free = (await tools.use("find_visit", "204518"))["free"]
    assert [slot["id"] for slot in free] == ["SOON", "LATE"]
    for slot in ("TODAY", "TAKEN", "FAR", "nothing"):
        with pytest.raises(ToolError, match="not free"):
            await tools.use("book_visit", "204518", slot)
    for slot in ("LATE", "SOON"):
        await tools.use("book_visit", "204518", slot)
        assert desk.changes()["visits"] == [{"account_number": "204518", "slot": slot}]
    desk.update("calendar", "today", day="2026-11-17")
    with pytest.raises(ToolError, match="on its day"):
        await tools.use("book_visit", "204518", "LATE")


async def test_no_technician_comes_without_a_fault_in_the_cable() -> None:
    tools, desk = await identified(fault="router")
    with pytest.raises(ToolError, match="only where the cable"):
        await tools.use("book_visit", "204518", "SOON")
    assert desk.changes() == {}


async def test_a_larger_plan_can_be_had_at_any_time_a_smaller_one_after_the_term() -> None:
    tools, desk = await identified(term_ends_on="2026-11-17")
    with pytest.raises(ToolError, match="ends on the seventeenth of November twenty twenty six"):
        await tools.use("change_plan", "204518", "basic")
    for plan, reason in (("standard", "already"), ("gold", "no such plan")):
        with pytest.raises(ToolError, match=reason):
            await tools.use("change_plan", "204518", plan)
    assert desk.changes() == {}
    await tools.use("change_plan", "204518", "premium")
    assert desk.changes()["accounts"][0]["plan"] == "premium"
    tools, desk = await identified(term_ends_on=TODAY)
    await tools.use("change_plan", "204518", "basic")
    assert desk.changes()["accounts"][0]["plan"] == "basic"


async def test_what_is_wrong_on_the_bill_is_credited_once_and_nothing_else() -> None:
    tools, desk = await identified()
    bill = (await tools.use("find_bill", "204518"))["charges"]
    assert [(row["id"], row["excess_cents"]) for row in bill] == [
        ("CHEAP", -100),
        ("PLAN", 0),
        ("VISIT", 4000),
    ]
    for key, reason in (("PLAN", "right"), ("CHEAP", "right"), ("nothing", "no such charge")):
        with pytest.raises(ToolError, match=reason):
            await tools.use("credit_charge", key)
    await tools.use("credit_charge", "VISIT")
    with pytest.raises(ToolError, match="already"):
        await tools.use("credit_charge", "VISIT")
    assert desk.changes() == {"credits": [{"charge_id": "VISIT", "amount_cents": 4000}]}
    assert (await tools.use("find_bill", "204518"))["charges"][2]["credited"]


async def test_a_contract_is_cancelled_once_and_after_its_term() -> None:
    tools, desk = await identified(term_ends_on="2026-11-17")
    with pytest.raises(ToolError, match="cannot cancel your contract before"):
        await tools.use("cancel_contract", "204518")
    assert desk.changes() == {}
    tools, desk = await identified()
    await tools.use("cancel_contract", "204518")
    assert desk.changes()["accounts"][0]["status"] == "cancelled"
    for attempt in (
        tools.use("cancel_contract", "204518"),
        tools.use("change_plan", "204518", "premium"),
    ):
        with pytest.raises(ToolError, match="already"):
            await attempt


def test_a_call_gets_neighbours_with_charges_to_credit_and_an_outage_close_by() -> None:
    _, desk = open_provider(fault="router")
    accounts = {str(row["number"]): row for row in desk.find("accounts")}
    wrong = {str(row["account_number"]) for row in desk.find("charges", item="a new router")}
    near = [number for number in accounts if _digits_apart(number, "204518") == 1]
    assert set(near) - {"204519"}
    assert set(near) - {"204519"} <= wrong
    for number in near:
        assert likeness(str(accounts[number]["name"]), "Yash Patel") < SAME
    [alike] = [
        row for row in accounts.values() if row["name"] == "Jash Patel" and row["fault"] != "none"
    ]
    assert alike["date_of_birth"] != "1980-02-03"
    assert any(_digits_apart(str(row["postcode"]), "60615") == 1 for row in desk.find("outages"))
    assert desk.changes() == {}


def test_the_stock_has_many_accounts_and_near_misses_among_them() -> None:
    numbers = [str(row["number"]) for row in BUSINESS.stock["accounts"]]
    names = [str(row["name"]) for row in BUSINESS.stock["accounts"]]
    assert len(numbers) >= 100
    assert sum(_digits_apart(a, b) == 1 for a in numbers for b in numbers if a < b) >= 20
    assert sum(likeness(a, b) >= 0.75 for a in names for b in names if a < b) >= 8


def _digits_apart(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else 99


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("change_plan", ("204518", "premium")),
        ("credit_charge", ("VISIT",)),
        ("cancel_contract", ("204518",)),
    ],
)
@pytest.mark.parametrize(
    ("look_up", "asked"),
    [
        (("find_account", "204518", "Yash Patel"), {"date_of_birth": "1980-02-03"}),
        (("find_account", "204518", "Yash Patel"), {"postcode": "60614"}),
        (
            ("find_holder", "1980-02-03", "Yash Patel", "yash", "patel"),
            {"account_number": "204518"},
        ),
    ],
)
async def test_money_is_moved_once_the_caller_tells_what_did_not_identify_it(
    tool: str, arguments: tuple[str, ...], look_up: tuple[str, ...], asked: dict[str, str]
) -> None:
    tools, desk = open_provider()
    assert (await tools.use(*look_up))["found"]
    [(fact, value)] = asked.items()
    assert (await tools.use("prove_caller", fact, value[::-1]))["found"] is False
    refused = await tools.use(tool, *arguments)
    assert fact in refused["ask_for_one_of"]
    assert look_up[0] != "find_holder" or "date_of_birth" not in refused["ask_for_one_of"]
    assert desk.changes() == {}
    assert (await tools.use("prove_caller", fact, value))["found"]
    await tools.use(tool, *arguments)
    assert desk.changes()
