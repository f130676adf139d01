"""The options by which a command line names an agent: on a server, or by its file."""

from dataclasses import replace
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
DispatchTimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--dispatch-timeout",
        min=1,
        help="Seconds until agents must be there; 20 for ours, 30 for yours, and as long again "
        "until yours is heard.",
    ),
]
StartTimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--start-timeout",
        min=1,
        help="Seconds until the worker that --support-command starts must be registered; 60.",
    ),
]


def named_counterpart(
    name: str | None,
    command: str | None,
    file: Path | None = None,
    python: Path | None = None,
    *,
    follow_clock: bool = False,
    dispatch_timeout_s: float | None = None,
    start_timeout_s: float | None = None,
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
        agent_file = AgentFile(path=file.absolute(), python=python, follow_clock=follow_clock)
        return agent_file.with_dispatch_timeout(dispatch_timeout_s)
    if python or follow_clock:
        raise UsageError("--support-python and --follow-clock need --support-file, what they run")
    if name is None:
        if command is not None:
            raise UsageError("--support-command needs --support-agent, the name to call it by")
        if start_timeout_s is not None:
            raise UsageError("--start-timeout is for the worker of --support-command")
        return OURS.with_dispatch_timeout(dispatch_timeout_s)
    agent = LiveKitAgent(name, command).with_dispatch_timeout(dispatch_timeout_s)
    return replace(agent, start_timeout_s=start_timeout_s) if start_timeout_s else agent
