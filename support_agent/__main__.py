"""`python -m support_agent`: run the support worker; its exit status says how it ended."""

import sys

from shared.spec import Role
from shared.worker import run
from support_agent.worker import server, settings

if __name__ == "__main__":
    sys.exit(run(server, Role.SUPPORT, settings))
