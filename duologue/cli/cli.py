"""The `duologue` command.

A known error is one line on standard error and exit status 2 (wrong use) or 3 (system);
docs/outcomes.md has the table.

What a command needs is imported when it is the one that was typed: LiveKit alone takes a second.
"""

import asyncio
import logging
import sys
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, NamedTuple

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from duologue.cli.terminal import Terminal
from duologue.startup import importing
from shared import logs
from shared.errors import DuologueError

CANCELLED_BY_SIGNAL = 130

err = Terminal(stderr=True)


class Command(NamedTuple):
    """Where a command is, and what is said of it in the list of all."""

    module: str
    name: str
    """Of the function, or of the Typer that has commands of its own."""
    help: str
    """How its own help begins."""


COMMANDS = {
    "call": Command(
        "duologue.cli.call_command",
        "call",
        "Make one call, show it while it happens, and leave its folder in --out.",
    ),
    "plan": Command(
        "duologue.cli.plan_command",
        "plan",
        "Write a plan for `duologue batch`: one call specification a line.",
    ),
    "test": Command(
        "duologue.cli.test_command",
        "assess",
        "Call a support agent in every scenario, several times, and say whether it does well "
        "enough.",
    ),
    "batch": Command(
        "duologue.cli.batch_command",
        "batch",
        "Make the calls of a plan that are not there yet; go on with it after any end.",
    ),
    "summary": Command(
        "duologue.cli.summary_command",
        "summary",
        "Say what came of many calls: outcomes, reply gaps, durations, and the worst first.",
    ),
    "report": Command(
        "duologue.cli.report_command",
        "report",
        "Make a page of many calls, index.html, to sort and filter; or one call's report.html "
        "anew.",
    ),
    "relabel": Command(
        "duologue.cli.relabel_command",
        "relabel",
        "Make transcript, metrics and report of recorded calls again; the same, if nothing "
        "changed.",
    ),
    "schema": Command(
        "duologue.cli.schema_command",
        "schema",
        "Print the format of a file of call folders as a JSON Schema.",
    ),
    "judge": Command(
        "duologue.cli.judge_command",
        "judge",
        "Have a language model judge the calls that it has not judged yet (LiveKit's judges).",
    ),
    "up": Command(
        "duologue.cli.server_commands",
        "up",
        "Keep a server and both workers running, and say how to use them, until Ctrl-C.",
    ),
    "token": Command(
        "duologue.cli.server_commands",
        "token",
        "Print a token with which a person may join a room.",
    ),
    "doctor": Command(
        "duologue.cli.server_commands",
        "doctor",
        "Say stage by stage what works and what does not, on the server that a call would use.",
    ),
    "scenarios": Command(
        "duologue.cli.scenarios_command", "app", "List, show and check scenarios."
    ),
    "business": Command(
        "duologue.cli.business_command", "app", "List, write and check businesses."
    ),
    "deploy": Command("duologue.cli.deploy_command", "app", "Ship each role alone."),
}


class Commands(TyperGroup):
    """All commands, of which only the one that was typed is imported."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, command in COMMANDS.items():
            self.add_command(TyperCommand(name, help=command.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that was typed, whole, and its arguments."""
        name, found, rest = super().resolve_command(ctx, args)
        return name, name and found and load(name), rest


def load(name: str) -> Any:
    """Import a command, with all that it needs."""
    one = typer.Typer()
    with importing():
        found = getattr(import_module(COMMANDS[name].module), COMMANDS[name].name)
    if isinstance(found, typer.Typer):
        one.add_typer(found, name=name)
    else:
        one.command(name)(found)
    return typer.main.get_group(one).commands[name]


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer's callbacks take the value so
    if wanted:
        typer.echo(f"duologue {version('duologue')}")
        raise typer.Exit


@app.callback()
def duologue(
    *,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say which version this is.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Two voice agents hold real phone calls over LiveKit, and every call is recorded."""


def main() -> None:
    """Run the command; turn known errors into one line and an exit status."""
    logs.configure("console", level=logging.ERROR)
    # LiveKit's native part calls every room that closes an error; those that are have an event.
    logging.getLogger("livekit").setLevel(logging.CRITICAL)
    try:
        app(prog_name="duologue")  # completion is set up by this name
    except DuologueError as error:
        err.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except asyncio.CancelledError:
        sys.exit(CANCELLED_BY_SIGNAL)
