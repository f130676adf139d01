"""The table of commands: each is found, and what the list says of it is what it says of itself."""

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from duologue.cli.cli import COMMANDS, app, load
from shared.settings import inherited_environment

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


def run(*arguments: str, **variables: str) -> str:
    """What the command prints."""
    return subprocess.run(
        [sys.executable, "-m", "duologue", *arguments],
        env=inherited_environment() | variables,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def test_a_shell_is_told_to_ask_the_command_what_completes(tmp_path: Path) -> None:
    # Which shell it is, is seen from its process; here there may be none.
    alone = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1", "HOME": str(tmp_path)}
    script = run("--show-completion", "bash", **alone).strip()
    assert "_DUOLOGUE_COMPLETE=complete_bash" in script
    assert script.endswith("complete -o default -F _duologue_completion duologue")
    run("--install-completion", "bash", **alone)
    [installed] = re.findall(r"^source '(.+)'$", (tmp_path / ".bashrc").read_text(), re.MULTILINE)
    assert Path(installed).read_text().strip() == script


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("duologue su", "summary"),
        ("duologue deploy st", "stage"),
        ("duologue deploy stage s", "support"),
        ("duologue call --tr", "--transport"),
        ("duologue call --transport d", "direct"),
    ],
)
def test_commands_their_options_and_values_are_completed(typed: str, completed: str) -> None:
    word = str(len(shlex.split(typed)) - 1)
    said = run(_DUOLOGUE_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=word)
    assert said.split() == [completed]
