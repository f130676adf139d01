"""The customer: the caller's persona, dialogue rules and worker."""

from customer_agent.agent import bare_spec, create_party

__all__ = ["bare_spec", "create_party"]
