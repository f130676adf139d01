"""The support agent: its desk, businesses, dialogue rules and worker."""

import shared  # noqa: F401 - before NumPy, see shared.settings
from support_agent.agent import (
    bare_spec,
    check_desk,
    create_party,
    identifying_tools,
    public_tables,
)

__all__ = ["bare_spec", "check_desk", "create_party", "identifying_tools", "public_tables"]
