"""Where commands print: without secrets, and without what a terminal would obey."""

from typing import Any

from rich.console import Console
from rich.text import Text

from shared.masking import mask
from shared.printable import printable


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
