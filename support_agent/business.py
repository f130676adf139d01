"""What a business is to the support agent: its desk, tools, policy, and how it works off problems.

Each lives in a folder of its own under `support_agent/businesses/`, whose module has it as
`BUSINESS`; nothing else names it.
"""

import importlib
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from livekit.agents import llm
from livekit.agents.llm import find_function_tools

from shared.errors import SpecError
from support_agent import businesses, reception
from support_agent.desk import Desk, Rows
from support_agent.slots import Slot

if TYPE_CHECKING:
    from shared.side.dialogue import Dialogue
    from support_agent.rules import Talk


class Way(NamedTuple):
    """A way to identify the caller: ask for the slots, then look them up.

    The tool takes the slots as arguments by name. It returns `found`, and with it all that is
    known of the caller, or the names of the slots to ask `again`.
    """

    slots: tuple[Slot, ...]
    tool: str


class Problem(NamedTuple):
    """Something callers call about."""

    name: str
    label: str
    """As the agent names it among what it can help with: "a late order"."""
    signs: tuple[str, ...]
    """Regular expressions, one of which is found in what a caller says who has this problem.

    They are matched against normalized words (`shared.language.as_heard.phrase`).
    """
    solve: "Callable[[Talk], Dialogue[None]]"
    """Works it off; the caller is identified, unless `anybody` may ask."""
    anybody: bool = False
    """Whether it concerns no data of the caller's."""


class Business(NamedTuple):
    """One business."""

    name: str
    """As it is spoken."""
    schema: str
    """DDL of the desk's own tables; the first column of each is its key."""
    stock: Rows
    """Its own rows."""
    public: frozenset[str]
    """Tables that are about nobody in particular, of which anybody may be told."""
    grows: frozenset[str]
    """Tables that its tools add rows to."""
    neighbours: Callable[[Rows], Rows]
    """Rows easily mistaken for those of a call, put beside them."""
    policy: str
    """What the agent may do, in words for a language model."""
    tools: Callable[[Desk], object]
    """What has the tools over a desk, as methods; they enforce the policy."""
    ways: tuple[Way, ...]
    """In the order in which they are tried."""
    problems: tuple[Problem, ...]
    asks: tuple[Slot, ...] = ()
    """What else callers may be asked for; it identifies nobody."""

    def identity(self) -> tuple[Slot, ...]:
        """All that identifies a caller, each once."""
        return tuple(dict.fromkeys(slot for way in self.ways for slot in way.slots))

    def slots(self) -> tuple[Slot, ...]:
        """All that callers are asked for, each once."""
        return tuple(dict.fromkeys((*self.identity(), *self.asks)))

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


def load_business(name: str) -> Business:
    """The business in the folder `name`.

    Raises:
        SpecError: There is none.
    """
    known = sorted(module.name for module in pkgutil.iter_modules(businesses.__path__))
    if name not in known:
        raise SpecError(f"no business {name!r}; there are {', '.join(known)}")
    module = importlib.import_module(f"{businesses.__name__}.{name}")
    business: Business = module.BUSINESS
    return business
