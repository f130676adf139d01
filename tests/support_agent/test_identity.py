"""Whose rows a caller may have."""

import json

import pytest
from livekit.agents import ToolError

from support_agent.desk import Desk, Rows
from support_agent.identity import IdentifiedCaller, not_found

SCHEMA = "CREATE TABLE rooms (number TEXT PRIMARY KEY NOT NULL, guest TEXT NOT NULL);"
ROOMS: Rows = {
    "rooms": [{"number": "12", "guest": "Ann Lee"}, {"number": "13", "guest": "Bob Ray"}]
}


def test_a_caller_has_the_rows_it_was_found_by_and_no_others() -> None:
    caller = IdentifiedCaller(Desk(SCHEMA, stock=ROOMS), "rooms", "Not this caller's room.")
    with pytest.raises(ToolError, match=r"Not this caller's room\."):
        caller.require("12")
    told = json.loads(caller.found("12", customer="Ann Lee", floor=1))
    assert told == {"found": True, "customer": "Ann Lee", "floor": 1}
    assert caller.require("12")["guest"] == "Ann Lee"
    with pytest.raises(ToolError, match="room"):
        caller.require("13")


def test_a_row_that_is_not_there_is_nobodys() -> None:
    caller = IdentifiedCaller(Desk(SCHEMA), "rooms", "Not this caller's room.")
    caller.found("99", customer="Ann Lee")
    with pytest.raises(ToolError, match="room"):
        caller.require("99")


def test_a_look_up_that_found_nobody_names_the_slots_to_ask_again() -> None:
    assert json.loads(not_found("number", "name")) == {"found": False, "again": ["number", "name"]}
