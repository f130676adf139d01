"""The support worker: `python -m livekit.agents start support_agent/worker.py` finds `server`."""

from shared.settings import read_settings
from shared.spec import Role
from shared.worker.worker import create_server
from support_agent.agent import bare_spec, check_spec, create_party

settings = read_settings()
server = create_server(Role.SUPPORT, create_party, settings, bare_spec, check_spec)
