"""The table of commands: each is found, and what the list says of it is what it says of itself."""

import inspect
import subprocess
import sys

import pytest
import typer
from typer.core import TyperGroup

from duologue.cli.cli import COMMANDS, app, load

SEEN = """
import sys
from contextlib import suppress
from duologue.cli.cli import app
with suppress(SystemExit):
    app()
print("livekit.agents" in sys.modules, file=sys.stderr)
"""


def sees_livekit(*arguments: str) -> str:
    """Whether LiveKit was imported for a command, as it is printed."""
    run = [sys.executable, "-c", SEEN, *arguments]
    return subprocess.run(run, capture_output=True, text=True, check=True).stderr.strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_its_own_help_begins_with(name: str) -> None:
    command = load(name)
    assert command.name == name
    first, *_ = inspect.cleandoc(command.help).split("\n\n")
    assert " ".join(first.split()) == COMMANDS[name].help


def test_every_command_is_in_the_list_and_nothing_else() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    assert [*group.commands] == [*COMMANDS]


def test_only_the_command_that_was_typed_is_imported() -> None:
    assert sees_livekit("--help") == "False"
    assert sees_livekit("call", "--help") == "True"


def test_a_batch_imports_what_its_calls_need_beside_its_processes() -> None:
    assert sees_livekit("batch", "--help") == "False"
