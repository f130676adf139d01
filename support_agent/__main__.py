"""`python -m support_agent`: run the support worker; its exit status says how it ended."""

import sys

from shared.spec import Role
from shared.worker.worker import run
from support_agent.agent import bare_spec, check_spec, create_party

if __name__ == "__main__":
    sys.exit(run(Role.SUPPORT, create_party, bare_spec, check_spec))
