"""Where commands print: without secrets, and without what a terminal would obey."""

import errno
import io
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from shared.masking import mask
from shared.printable import printable


class _Screen(io.FileIO):
    """A terminal that swallows what is printed once it was closed."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return memoryview(data).nbytes


def outlive_terminal() -> None:
    """Have what is printed on a closed terminal lost, instead of raising OSError.

    SIGHUP ends the command then, and it cleans up, which it could not if it failed at its own
    last words.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream.isatty():
            screen = io.BufferedWriter(_Screen(stream.fileno(), "wb", closefd=False))
            encoded = {"encoding": stream.encoding, "errors": stream.errors}
            setattr(sys, name, io.TextIOWrapper(screen, **encoded, line_buffering=True))


class Terminal(Console):
    """A console that may be given text of others, with its markup escaped.

    What a transcript, a label, a model or a worker says is shown as it is, and never obeyed.

    Args:
        stderr: Whether to print on standard error.
        quiet: Whether to print nothing.
    """

    def __init__(self, *, stderr: bool = False, quiet: bool = False) -> None:
        super().__init__(stderr=stderr, quiet=quiet, highlight=False)

    def render_str(self, text: str, **options: Any) -> Text:
        """The styled text of a string, wherever it stands: rich asks for each, in tables, too."""
        return super().render_str(printable(mask(text)), **options)
