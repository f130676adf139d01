"""The `duologue` command.

What goes wrong is one line on standard error and exit status 2 (wrong use) or 3 (system); only what
nobody thought of has a traceback. docs/outcomes.md has the table.

What a command needs is imported when it is the one that was typed: LiveKit alone takes a second.
"""

import asyncio
import logging
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from itertools import pairwise
from typing import Annotated, Any, NamedTuple

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup

from duologue.cli.output_pipe import CLOSED_PIPE, drop_output, replace_closed_streams
from duologue.cli.terminal import Terminal, outlive_terminal
from duologue.startup import importing
from shared import logs
from shared.errors import DuologueError, UsageError
from shared.native_libraries import ONE_THREAD, set_defaults

SYSTEM_FAILED = DuologueError.exit_code
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
    "compare": Command(
        "duologue.cli.compare_command",
        "compare",
        "Compare two folders of calls, scenario by scenario, and say what is worse beyond noise.",
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

    def invoke(self, ctx: Any) -> Any:
        """Run the command, and print all of what it says."""
        try:
            return super().invoke(ctx)
        finally:
            sys.stdout.flush()  # at the end of Python nobody could say that a disk is full

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
    """Run the command; turn what goes wrong into one line and an exit status."""
    set_defaults(ONE_THREAD)
    replace_closed_streams()
    outlive_terminal()
    logs.configure("console", level=logging.ERROR, to=sys.stderr)
    # LiveKit's native part calls every room that closes an error; those that are have an event.
    logging.getLogger("livekit").setLevel(logging.CRITICAL)
    logging.getLogger("livekit.agents").addFilter(_has_no_event)
    try:
        _refuse_empty(sys.argv[1:])
        app(prog_name="duologue")  # completion is set up by this name
    except asyncio.CancelledError:
        sys.exit(CANCELLED_BY_SIGNAL)
    except SystemExit as ended:
        # For a closed pipe Rich and Typer end with 1, which is a call's "goal not reached".
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        drop_output()
        sys.exit(CLOSED_PIPE)
    except Exception as error:  # noqa: BLE001 - with its traceback, if nobody thought of it
        if isinstance(error, OSError):
            drop_output()
        known = _known(error)
        if known is None:
            sys.excepthook(type(error), error, error.__traceback__)
            sys.exit(SYSTEM_FAILED)
        try:
            err.print(f"[red]error:[/red] {escape(_told(known))}", soft_wrap=True)
        except OSError:  # there is nobody to tell
            drop_output(sys.stderr)
        sys.exit(known.exit_code if isinstance(known, DuologueError) else SYSTEM_FAILED)


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse what a shell makes of a variable that is not set: it would mean the current folder."""
    for name, value in pairwise(["", *arguments]):
        option = name if name.startswith("--") else "an argument"
        if not value:
            raise UsageError(f"{option} is empty; give it a value, or leave it out")
        if value.startswith("--") and value.endswith("="):
            raise UsageError(f"{value[:-1]} is empty; give it a value, or leave it out")


def _has_no_event(record: logging.LogRecord) -> bool:
    """Whether LiveKit logs what no event of the call says: not so of a service's refusal."""
    from livekit.agents import APIError  # noqa: PLC0415 - whoever logs has imported it

    from shared.side.dialogue import DialogueCrashed  # noqa: PLC0415 - the same

    if record.exc_info:
        return not isinstance(record.exc_info[1], APIError | DialogueCrashed)
    return "closing due to unrecoverable error" not in record.getMessage()


def _known(error: Exception) -> DuologueError | OSError | None:
    """The error whose reason is known, alone or in a group of such; None if there is another."""
    if isinstance(error, ExceptionGroup):
        known = [_known(each) for each in error.exceptions]
        return known[0] if None not in known else None
    if isinstance(error, DuologueError):
        return error
    # What the system refused has a number; a time limit of ours has none.
    return error if isinstance(error, OSError) and error.errno is not None else None


def _told(error: DuologueError | OSError) -> str:
    if isinstance(error, DuologueError):
        return str(error)
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"
