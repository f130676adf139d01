"""The customer: the caller's persona, dialogue rules and worker."""

import shared  # noqa: F401 - before NumPy, see shared.native_libraries
from customer_agent.agent import bare_spec, create_party
from customer_agent.rules import Caller

__all__ = ["Caller", "bare_spec", "create_party"]
