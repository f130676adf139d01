"""The support agent: its desk, businesses, dialogue rules and worker."""

import shared  # noqa: F401 - before NumPy, see shared.settings
from support_agent.agent import (
    bare_spec,
    check_desk,
    create_party,
    identifying_tools,
    public_tables,
)
from support_agent.desk import Rows
from support_agent.expectations import Flaw, find_flaws

__all__ = [
    "Flaw",
    "Rows",
    "bare_spec",
    "check_desk",
    "create_party",
    "find_flaws",
    "identifying_tools",
    "public_tables",
]
