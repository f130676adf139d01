"""What can never come true at the desk of a business, as far as that is certain before a call."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from livekit.agents import llm

from shared.customer_sheet import Fact
from shared.errors import SpecError
from shared.language.as_heard import digits_of
from shared.spec import Expectation
from support_agent import reception
from support_agent.business import Business
from support_agent.desk import Desk, Rows
from support_agent.registry import load_business
from support_agent.slots import SlotKind


class Flaw(NamedTuple):
    """Something wrong in a scenario."""

    place: tuple[str | int, ...]
    """The keys that lead to it."""
    problem: str


def find_flaws(
    business: str, rows: Rows, facts: Mapping[str, Fact], expected: Expectation
) -> Iterator[Flaw]:
    """What is expected of a call and cannot be.

    Args:
        business: Whose desk it is.
        rows: Put into the desk before the call.
        facts: What the caller knows.
        expected: Of the call.

    Raises:
        SpecError: There is no such business, or `rows` do not fit its desk.
    """
    found = load_business(business)
    desk = found.open_desk(rows)
    yield from _unknown_tools(found, desk, expected)
    yield from _impossible_rows(found, desk, expected)
    yield from _unknown_caller(found, desk, facts, expected)


def _unknown_tools(business: Business, desk: Desk, expected: Expectation) -> Iterator[Flaw]:
    tools = llm.ToolContext(business.tools_at(desk)).function_tools
    for field, names in (("tools", expected.tools), ("never_done", expected.never_done)):
        for index, name in enumerate(names):
            if name not in tools:
                problem = f"no tool {name!r}; there are {', '.join(tools)}"
                yield Flaw(("expected", field, index), problem)


def _impossible_rows(business: Business, desk: Desk, expected: Expectation) -> Iterator[Flaw]:
    grows = business.grows | reception.TABLES
    for table, rows in expected.desk.items():
        keys = set()
        for index, row in enumerate(rows):
            place = ("expected", "desk", table, index)
            try:
                key = row.get(desk.key(table))
                for column, problem in desk.impossible(table, row):
                    yield Flaw((*place, column), problem)
            except SpecError as error:
                yield Flaw(place, str(error))
                continue
            if key is None:
                continue
            if key in keys:
                yield Flaw((*place, desk.key(table)), f"{key!r} is expected twice")
            keys.add(key)
            if table not in grows and desk.get(table, key) is None:
                yield Flaw(
                    (*place, desk.key(table)), f"there is no {key!r}, and none is ever added"
                )


def _unknown_caller(
    business: Business, desk: Desk, facts: Mapping[str, Fact], expected: Expectation
) -> Iterator[Flaw]:
    """A caller who is to be identified by codes, none of which is on the desk."""
    codes = [
        {slot.name for slot in way.slots if slot.kind is SlotKind.CODE}
        for way in business.identifications
    ]
    given = {name: facts[name] for name in facts if any(name in names for names in codes)}
    changes = (
        table not in business.public and desk.get(table, row.get(desk.key(table)))
        for table, rows in expected.desk.items()
        if table in desk.tables
        for row in rows
    )
    if not given or not all(codes) or any(fact.said for fact in given.values()) or not any(changes):
        return
    known = {
        digits_of(value)
        for table in desk.tables
        for row in desk.find(table)
        for value in row.values()
    }
    if not any(digits_of(fact.value) in known for fact in given.values()):
        name, fact = next(iter(given.items()))
        problem = f"{fact.value!r} is nowhere on the desk, so what is to change cannot be found"
        yield Flaw(("facts", name), problem)
