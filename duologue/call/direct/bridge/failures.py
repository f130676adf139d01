"""What went wrong in somebody's agent, in a line: what Python says, and where in their code."""

import traceback
from pathlib import Path

LONGEST = 300


def in_a_line(error: BaseException, file: Path | None = None) -> str:
    """An error, and the last line of `file` that led to it.

    Example:
        >>> in_a_line(ValueError("no such room"))
        'ValueError: no such room'
    """
    said = " ".join(str(error).split())
    told = f"{type(error).__name__}: {said}" if said else type(error).__name__
    if len(told) > LONGEST:
        told = told[: LONGEST - 3] + "..."
    if isinstance(error, SyntaxError) or file is None:
        return told
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == str(file)
    ]
    return f"{told} ({file.name}, line {lines[-1]})" if lines else told
