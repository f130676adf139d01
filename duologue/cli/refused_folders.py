"""What a command says of call folders that it could not read, once it has done the others."""

import sys
from collections.abc import Sequence

from rich.markup import escape

from duologue.cli.terminal import Terminal
from shared.errors import FolderError

err = Terminal(stderr=True)


def exit_without(refused: Sequence[FolderError]) -> None:
    """Name each, and end the command with the status for it, if there are any."""
    for each in refused:
        err.print(f"[red]left out:[/red] {escape(str(each))}", soft_wrap=True)
    if refused:
        sys.exit(FolderError.exit_code)
