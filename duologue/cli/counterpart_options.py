"""The options --support-agent and --support-command, by which a command line names an agent."""

from typing import Annotated

import typer

from duologue.call.counterpart import OURS, Counterpart, LiveKitAgent
from shared.errors import UsageError

SupportAgentOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Call your own agent, by the name it is dispatched by."),
]
SupportCommandOption = Annotated[
    str | None,
    typer.Option(
        metavar="COMMAND",
        help='Start your agent for the time of the calls, such as "python agent.py start".',
    ),
]


def named_counterpart(name: str | None, command: str | None) -> Counterpart:
    """Who holds the support side by these options.

    Raises:
        UsageError: They do not go together.
    """
    if name is None:
        if command is not None:
            raise UsageError("--support-command needs --support-agent, the name to call it by")
        return OURS
    return LiveKitAgent(name, command)
