"""`python -m customer_agent`: run the customer worker; its exit status says how it ended."""

import sys

from customer_agent.agent import bare_spec, create_party
from shared.spec import Role
from shared.worker.worker import run

if __name__ == "__main__":
    sys.exit(run(Role.CUSTOMER, create_party, bare_spec))
