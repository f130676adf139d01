"""Standard output whose reader may go away in mid-call, as `head -1` does."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TextIO

from duologue.cli.terminal import Terminal

P = ParamSpec("P")

CLOSED_PIPE = 128 + signal.SIGPIPE
"""The exit status of a program whose reader is gone, as a shell tells it."""


def replace_closed_streams() -> None:
    """Have what a command was started without lead nowhere.

    Python has None for it, and the next file to be opened would get its number, and what libraries
    print there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - to the end


def drop_output(stream: TextIO | None = None) -> None:
    """Have nothing more printed: where output goes may be closed or full.

    What is left in buffers is written when the program ends.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, (stream or sys.stdout).fileno())
    os.close(nowhere)


class OutputPipe:
    """Notices, once, that nobody reads standard output any more; from then on nothing is printed.

    Args:
        on_closed: Called then, in the thread that printed.
    """

    def __init__(self, on_closed: Callable[[], object]) -> None:
        self.closed = False
        self._on_closed = on_closed

    def guard(self, show: Callable[P, object]) -> Callable[P, None]:
        """`show`, which prints, without the error that tells of a closed pipe."""

        def guarded(*args: P.args, **options: P.kwargs) -> None:
            if self.closed:
                return
            try:
                show(*args, **options)
            except BrokenPipeError:
                self.closed = True
                drop_output()
                self._on_closed()

        return guarded


class PipedTerminal(Terminal):
    """A terminal that leaves it to its caller what a closed pipe means."""

    def on_broken_pipe(self) -> None:
        """Raise the error that is being handled, instead of ending the program."""
        raise  # noqa: PLE0704 - rich calls this where it has caught the error
