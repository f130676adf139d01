"""What a business is to the support agent: its desk, tools, policy, and how it works off problems.

Each lies in a folder of its own, whose package has it as `BUSINESS`; docs/your-own-business.md
says how to write one, `support_agent.registry` which there are.
"""

from collections.abc import Callable
from importlib.resources import files
from typing import NamedTuple

from livekit.agents import llm
from livekit.agents.llm import find_function_tools

from support_agent import reception
from support_agent.desk import NO_ROWS, Desk, Rows
from support_agent.slots import Slot
from support_agent.talk import Problem, Talk


class Identification(NamedTuple):
    """One way to find out who calls: ask for the slots, then look them up.

    The tool takes the slots as arguments by name. It returns what `IdentifiedCaller.found` or
    `not_found` gives: all that is known of the caller, or the names of the slots to ask again.
    """

    slots: tuple[Slot, ...]
    tool: str
    doubts: tuple[Slot, ...] = ()
    """What the tool may ask for besides, where it is not sure: the spelling of a name."""


def no_neighbours(_: Rows) -> Rows:
    """Put no rows beside those of a call."""
    return NO_ROWS


class Business(NamedTuple):
    """One business."""

    name: str
    """As it is spoken."""
    schema: str
    """DDL of the desk's own tables; the first column of each is its key."""
    policy: str
    """What the agent may do, in words for a language model."""
    tools: Callable[[Desk], object]
    """What has the tools over a desk, as methods; they enforce the policy."""
    identifications: tuple[Identification, ...]
    """In the order in which they are tried."""
    problems: tuple[Problem, ...]
    stock: Rows = NO_ROWS
    """Its own rows."""
    public: frozenset[str] = frozenset()
    """Tables that are about nobody in particular, of which anybody may be told."""
    grows: frozenset[str] = frozenset()
    """Tables that its tools add rows to."""
    needs_consent: frozenset[str] = frozenset()
    """Tools that it uses only once the caller has said yes."""
    proofs: tuple[Slot, ...] = ()
    """Second facts, in the order in which callers are asked for them, until they know one."""
    needs_proof: frozenset[str] = frozenset()
    """Tools that move money, before which a caller has to tell one of `proofs`."""
    neighbours: Callable[[Rows], Rows] = no_neighbours
    """Rows easily mistaken for those of a call, put beside them."""
    asks: tuple[Slot, ...] = ()
    """What else callers may be asked for; it identifies nobody."""

    def identity(self) -> tuple[Slot, ...]:
        """All that identifies a caller, each once."""
        return tuple(dict.fromkeys(slot for way in self.identifications for slot in way.slots))

    def slots(self) -> tuple[Slot, ...]:
        """All that callers are asked for, each once."""
        doubts = (slot for way in self.identifications for slot in way.doubts)
        return tuple(dict.fromkeys((*self.identity(), *doubts, *self.proofs, *self.asks)))

    def talk(self) -> Talk:
        """A conversation with a caller, before its first word."""
        return Talk(self.problems, self.slots(), self.identity(), self.proofs)

    def open_desk(self, rows: Rows) -> Desk:
        """The desk of one call: the stock, neighbours of the call's rows, and these rows.

        Raises:
            SpecError: The rows do not fit the schema.
        """
        schema = self.schema + reception.SCHEMA
        empty = Desk(schema)
        empty.check(rows)
        stock = {table: list(own) for table, own in self.stock.items()}
        for table, near in self.neighbours(rows).items():
            key = empty.key(table)
            taken = {row[key] for row in stock.get(table, [])}
            stock.setdefault(table, []).extend(row for row in near if row[key] not in taken)
        return Desk(schema, stock=stock, rows=rows)

    def tools_at(self, desk: Desk) -> list[llm.Tool]:
        """All that the agent can do at a desk."""
        return [
            *find_function_tools(self.tools(desk)),
            *find_function_tools(reception.Reception(desk)),
        ]


def read_text(package: str | None, name: str) -> str:
    """A text file beside the modules of a package: `read_text(__package__, "policy.md")`."""
    assert package
    return (files(package) / name).read_text(encoding="utf-8")
