"""The customer worker: `python -m livekit.agents start customer_agent/worker.py` finds `server`."""

from customer_agent.agent import bare_spec, create_party
from shared.settings import read_settings
from shared.spec import Role
from shared.worker.worker import create_server

settings = read_settings()
server = create_server(Role.CUSTOMER, create_party, settings, bare_spec)
