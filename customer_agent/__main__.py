"""`python -m customer_agent`: run the customer worker; its exit status says how it ended."""

import sys

from shared.spec import Role
from shared.worker import run
from customer_agent.worker import server, settings

if __name__ == "__main__":
    sys.exit(run(server, Role.CUSTOMER, settings))
