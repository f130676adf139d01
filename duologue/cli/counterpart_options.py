"""The options by which a command line names an agent: on a server, or by its file."""

from pathlib import Path
from typing import Annotated

import typer

from duologue.call.counterpart import OURS, AgentFile, Counterpart, LiveKitAgent
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


SupportFileOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Run your agent's file, for --transport direct."),
]
SupportPythonOption = Annotated[
    Path | None,
    typer.Option(
        metavar="PYTHON", help="That of your agent's environment, such as venv/bin/python."
    ),
]
FollowClockOption = Annotated[
    bool,
    typer.Option("--follow-clock", help="Have datetime.now follow the call's clock in your agent."),
]


def named_counterpart(
    name: str | None,
    command: str | None,
    file: Path | None = None,
    python: Path | None = None,
    *,
    follow_clock: bool = False,
) -> Counterpart:
    """Who holds the support side by these options.

    Raises:
        UsageError: They do not go together.
    """
    if file is not None:
        if name or command:
            raise UsageError(
                "--support-file runs the agent without a server, --support-agent calls it on one; "
                "leave one of them out"
            )
        return AgentFile(path=file.absolute(), python=python, follow_clock=follow_clock)
    if python or follow_clock:
        raise UsageError("--support-python and --follow-clock need --support-file, what they run")
    if name is None:
        if command is not None:
            raise UsageError("--support-command needs --support-agent, the name to call it by")
        return OURS
    return LiveKitAgent(name, command)
