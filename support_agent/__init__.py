"""The support agent: its desk, businesses, dialogue rules and worker."""

from support_agent.agent import bare_spec, check_desk, create_party

__all__ = ["bare_spec", "check_desk", "create_party"]
