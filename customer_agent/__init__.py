"""The customer: the caller's persona, dialogue rules and worker."""

from shared.native_libraries import ONE_THREAD, is_run, set_defaults

if is_run(__name__):
    set_defaults(ONE_THREAD)

# isort: split
from customer_agent.agent import bare_spec, create_party
from customer_agent.rules import Caller

__all__ = ["Caller", "bare_spec", "create_party"]
