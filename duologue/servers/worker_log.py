"""What a worker's log tells of errors, which is little of what it prints."""

import json
from collections.abc import Iterable
from typing import Any

LOUD = ("error", "critical")
LOGGERS = ("duologue", "livekit.")
"""Of ours and of LiveKit's; what it names `livekit` alone is its native part, which calls every
room that closes an error."""
TELLING = ("event", "reason", "problem", "error")
"""Fields that say what went wrong."""
TRACEBACK = "Traceback (most recent call last):"
NESTED = " |+-"
"""What stands before the lines of a group's exceptions."""
LONGEST = 300


class Errors:
    """Finds errors in what a worker prints, line by line."""

    def __init__(self) -> None:
        self._indent: int | None = None
        """Of the traceback that is being read."""

    def read(self, line: str) -> str | None:
        """The error that this line is the last of, in short; None if there is none."""
        if record := fields_of(line):
            self._indent = None
            return _in_record(record)
        bare = line.lstrip(NESTED)
        indent = len(line) - len(bare)
        if TRACEBACK in line:
            self._indent = indent
        elif self._indent is not None and bare and indent <= self._indent:
            self._indent = None
            return bare[:LONGEST]
        return None


def last_error(lines: Iterable[str]) -> str:
    """The last error in what a worker has printed, in short; empty if there is none."""
    errors = Errors()
    last = ""
    for line in lines:
        last = errors.read(line) or last
    return last


def fields_of(line: str) -> dict[str, Any]:
    """The fields of a line of JSON; none if it is something else."""
    try:
        fields = json.loads(line)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _in_record(record: dict[str, Any]) -> str | None:
    text = str(record.get("exception") or "").strip()
    exception = last_error(text.splitlines()) or text.rpartition("\n")[2]
    known = str(record.get("logger")).startswith(LOGGERS)
    if record.get("level") not in LOUD or not (known or exception):
        return None
    told = [str(record.get(name) or "").strip() for name in TELLING]
    return ": ".join(filter(None, [*told, exception]))[:LONGEST]
