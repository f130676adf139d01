import json
from typing import Any

import pytest
from livekit.agents import ToolError, llm

from shared.values import Row
from support_agent.businesses.shop import BUSINESS
from support_agent.desk import Desk

DATES = {"ordered_on": "2026-01-01", "promised_on": "2026-01-04", "expected_on": "2026-01-09"}


class Counter:
    """The tools, used by name as a language model does."""

    def __init__(self, desk: Desk) -> None:
        self._tools = llm.ToolContext(BUSINESS.tools_at(desk)).function_tools

    async def use(self, tool: str, *arguments: str) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(await self._tools[tool](*arguments))
        return result


def charge(key: str, cents: int = 4900, day: str = "2026-01-01", status: str = "paid") -> Row:
    return {
        "id": key,
        "order_number": "47219",
        "amount_cents": cents,
        "charged_on": day,
        "status": status,
    }


def open_shop(*charges: Row, status: str = "delayed") -> tuple[Counter, Desk]:
    desk = BUSINESS.open_desk(
        {
            "customers": [
                {"id": "me", "name": "Yash Patel", "postcode": "60614"},
                {"id": "other", "name": "Jash Patel", "postcode": "60614"},
                {"id": "third", "name": "Laura Chen", "postcode": "10001"},
            ],
            "orders": [
                {"number": "47219", "customer_id": "me", "item": "lamp", "status": status, **DATES},
                {"number": "88888", "customer_id": "other", "item": "bag", **DATES},
                {"number": "47218", "customer_id": "third", "item": "hat", **DATES},
            ],
            "charges": charges,
        }
    )
    return Counter(desk), desk


async def identified(*charges: Row, status: str = "delayed") -> tuple[Counter, Desk]:
    tools, desk = open_shop(*charges, status=status)
    assert (await tools.use("find_order", "47219", "Yash Patel"))["found"]
    assert (await tools.use("prove_caller", "postcode", "60614"))["found"]
    return tools, desk


@pytest.mark.parametrize("name", ["Yash Patel", "Josh Battle", "it is Yash Patell"])
async def test_an_order_is_found_by_its_number_and_a_name_as_heard(name: str) -> None:
    tools, _ = open_shop()
    found = await tools.use("find_order", "47219", name)
    assert found["customer"] == "Yash Patel"
    assert found["order"]["item"] == "lamp"


@pytest.mark.parametrize(
    ("number", "name", "again"),
    [
        ("47210", "Yash Patel", ["order_number"]),
        ("47218", "Yash Patel", ["order_number", "name"]),
        ("47219", "Laura Chen", ["order_number", "name"]),
        ("47219", "Jack Pastor", ["first_name"]),
    ],
)
async def test_an_order_of_somebody_else_is_not_found(
    number: str, name: str, again: list[str]
) -> None:
    tools, _ = open_shop()
    assert (await tools.use("find_order", number, name)) == {"found": False, "again": again}


async def test_names_that_sound_alike_under_one_postcode_are_told_apart_or_asked_again() -> None:
    tools, _ = open_shop()
    yes = await tools.use("find_customer", "Laura Chin", "10001")
    assert yes["order"]["number"] == "47218"
    unclear = await tools.use("find_customer", "ash Patel", "60614")
    assert unclear == {"found": False, "again": ["first_name"]}
    assert (await tools.use("find_customer", "Yash Patel", "99999"))["found"] is False


async def test_only_the_later_of_two_equal_charges_is_a_duplicate() -> None:
    tools, desk = await identified(charge("a"), charge("b", day="2026-01-02"), charge("c", 500))
    assert (await tools.use("find_charges", "47219"))["duplicates"] == ["b"]
    with pytest.raises(ToolError, match="only once"):
        await tools.use("refund_charge", "a")
    await tools.use("refund_charge", "b")
    assert [row["id"] for row in desk.changes()["charges"]] == ["b"]


@pytest.mark.parametrize(
    "second",
    [charge("b", cents=4901), charge("b", day="2026-01-05"), charge("b", status="refunded")],
)
async def test_what_is_no_duplicate_is_not_refunded(second: Row) -> None:
    tools, desk = await identified(charge("a"), second)
    assert (await tools.use("find_charges", "47219"))["duplicates"] == []
    for key in ("a", "b", "nothing"):
        with pytest.raises(ToolError):
            await tools.use("refund_charge", key)
    assert desk.changes() == {}


async def test_a_duplicate_is_refunded_once() -> None:
    tools, _ = await identified(charge("a"), charge("b"))
    await tools.use("refund_charge", "b")
    with pytest.raises(ToolError, match="already"):
        await tools.use("refund_charge", "b")
    with pytest.raises(ToolError, match="only once"):
        await tools.use("refund_charge", "a")


async def test_nothing_is_done_for_a_caller_who_is_not_identified() -> None:
    tools, desk = open_shop(charge("a"), charge("b"), status="delivered")
    await tools.use("find_order", "88888", "Jash Patel")
    for attempt in (
        tools.use("find_charges", "47219"),
        tools.use("refund_charge", "b"),
        tools.use("cancel_order", "47219"),
        tools.use("replace_item", "47219"),
    ):
        with pytest.raises(ToolError, match="not identified"):
            await attempt
    assert desk.changes() == {}


async def test_an_order_is_cancelled_and_refunded_unless_it_is_under_way() -> None:
    tools, desk = await identified(charge("a"))
    await tools.use("cancel_order", "47219")
    assert desk.changes()["orders"][0]["status"] == "cancelled"
    assert desk.changes()["charges"][0]["status"] == "refunded"
    with pytest.raises(ToolError, match="already"):
        await tools.use("cancel_order", "47219")
    tools, desk = await identified(status="shipped")
    with pytest.raises(ToolError, match="shipped already"):
        await tools.use("cancel_order", "47219")


async def test_a_delivered_item_is_replaced_once() -> None:
    tools, desk = await identified(status="delivered")
    await tools.use("replace_item", "47219")
    with pytest.raises(ToolError, match="already"):
        await tools.use("replace_item", "47219")
    assert [row["item"] for row in desk.changes()["replacements"]] == ["lamp"]
    tools, _ = await identified(status="delayed")
    with pytest.raises(ToolError, match="not been delivered"):
        await tools.use("replace_item", "47219")


@pytest.mark.parametrize(
    ("tool", "key"), [("refund_charge", "b"), ("cancel_order", "47219"), ("replace_item", "47219")]
)
@pytest.mark.parametrize("heard", ["606 14", "60604", "6014", "660614"])
async def test_money_is_moved_once_a_caller_found_by_number_tells_the_postcode_too(
    tool: str, key: str, heard: str
) -> None:
    status = "delivered" if tool == "replace_item" else "delayed"
    tools, desk = open_shop(charge("a"), charge("b"), status=status)
    assert (await tools.use("find_order", "47219", "Yash Patel"))["proofs"] == ["postcode"]
    for wrong in (
        ("postcode", "60641"),
        ("postcode", "6061499"),
        ("postcode", ""),
        ("name", "60614"),
    ):
        assert (await tools.use("prove_caller", *wrong))["found"] is False
        refused = await tools.use(tool, key)
        assert refused["done"] is False
        assert refused["ask_for_one_of"] == ["postcode"]
    assert desk.changes() == {}
    assert (await tools.use("prove_caller", "postcode", heard))["found"]
    assert "done" not in await tools.use(tool, key)
    assert desk.changes()


@pytest.mark.parametrize("postcode", ["", "SW1A 1AA", "?"])
async def test_what_is_not_on_the_desk_or_not_to_be_told_in_digits_is_not_asked_for(
    postcode: str,
) -> None:
    rows: dict[str, list[Row]] = {
        "customers": [{"id": "me", "name": "Yash Patel", "postcode": postcode}],
        "orders": [{"number": "47219", "customer_id": "me", "item": "lamp", **DATES}],
    }
    tools = Counter(BUSINESS.open_desk(rows))
    assert "proofs" not in await tools.use("find_order", "47219", "Yash Patel")
    assert (await tools.use("cancel_order", "47219"))["cancelled"]


async def test_who_was_found_by_name_and_postcode_has_nothing_else_to_tell() -> None:
    tools, _ = open_shop()
    assert "proofs" not in await tools.use("find_customer", "Laura Chen", "10001")
    assert (await tools.use("cancel_order", "47218"))["cancelled"]
