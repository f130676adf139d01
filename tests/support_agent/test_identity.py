"""Whose rows a caller may have."""

import json
import random
from itertools import permutations
from typing import Any

import pytest
from livekit.agents import ToolError

from support_agent.desk import Desk, Rows
from support_agent.identity import (
    IdentifiedCaller,
    SaidName,
    find_named,
    is_named,
    not_found,
    spells,
    unclear,
)
from support_agent.registry import load_business

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


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("David Cohen", "David Cohen"),
        ("Davit Koen", "David Cohen"),
        ("in Grid Sorenson", "Ingrid Sorensen"),
        ("YashPatal", "Yash Patel"),
        ("uh Sinead O'Connor", "Sinéad O'Connor"),
        ("Maria de la Cruz", "Maria de la Cruz"),
    ],
)
def test_a_name_misspelt_is_the_callers(heard: str, name: str) -> None:
    assert unclear(SaidName(heard), name) == ()


@pytest.mark.parametrize(
    ("heard", "name"),
    [
        ("Daniel Cohen", "David Cohen"),
        ("Marta Reyes", "Mark Reyes"),
        ("Edward Allen", "Alison Allen"),
    ],
)
def test_another_first_name_before_the_same_surname_is_to_be_spelled(heard: str, name: str) -> None:
    assert unclear(SaidName(heard), name) == ("first_name",)
    assert not is_named(heard, name)


def test_a_caller_is_who_its_spelling_says() -> None:
    said = SaidName("Daniel Cohen")
    assert unclear(said._replace(first_name="david"), "David Cohen") == ()
    assert unclear(said._replace(first_name="daniel"), "David Cohen") == ("name",)


def test_somebody_of_whose_name_nothing_was_heard_is_not_taken_for_anybody() -> None:
    said = SaidName("WatchSachingion")
    assert unclear(said, "Wojciech Nguyen") == ("first_name",)
    assert unclear(said._replace(first_name="wojciech"), "Wojciech Nguyen") == ()
    other = SaidName("Sofia Wu", first_name="wojciech")
    assert unclear(other, "Wojciech Nguyen") == ("last_name",)
    assert unclear(other._replace(last_name="nguyen"), "Wojciech Nguyen") == ()


def test_of_two_of_one_sound_the_spelling_decides() -> None:
    rows: list[Any] = [{"name": "Marie Johnson"}, {"name": "Mary Johnson"}]
    said = SaidName("Mary Johnson")
    assert find_named(said._replace(first_name="marie"), rows) == (rows[0], ())
    alike: list[Any] = [{"name": "Erik Dahl"}, {"name": "Eric Dahl"}]
    assert find_named(SaidName("Eric Dahl"), alike) == (None, ("first_name",))


@pytest.mark.parametrize(
    ("letters", "name", "same"),
    [
        ("wojciech", "Wojciech", True),
        ("aron", "Aaron", True),
        ("tavid", "David", True),
        ("hristina", "Christina", True),
        ("dan", "Don", False),
        ("erika", "Erik", False),
        ("daniel", "David", False),
    ],
)
def test_a_name_is_spelled_but_for_letters_that_sound_alike(
    letters: str, name: str, *, same: bool
) -> None:
    assert spells(letters, name) is same


def test_of_a_hundred_shipped_first_names_fewer_than_one_is_taken_for_another() -> None:
    names = {
        str(row["name"]).split()[0]
        for business in ("shop", "internet", "clinic")
        for rows in load_business(business).stock.values()
        for row in rows
        if " " in str(row.get("name") or "")
    }
    drawn = random.Random(0).sample([*permutations(sorted(names), 2)], 2000)  # noqa: S311 - no secret
    taken = [pair for pair in drawn if is_named(f"{pair[0]} Cohen", f"{pair[1]} Cohen")]
    assert len(taken) <= len(drawn) // 100, taken
