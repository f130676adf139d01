"""What the log of somebody's worker says went wrong, each thing in one line.

A worker logs JSON (`start`), or lines for people (`dev`), and Python prints a traceback of what it
cannot import. A traceback becomes its exception, with the last place in somebody's own code.
"""

import asyncio
import json
import re
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

LIMIT = 300
"""Characters of a line that is shown."""
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_FOR_PEOPLE = re.compile(r"^\S*\s?\d\d:\d\d:\d\d\S*[\s-]+(?P<level>[A-Z]+)\s+(?P<told>.*)$")
_PLACE = re.compile(r'^\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_OF_OTHERS = re.compile(r"/(?:site|dist)-packages/|/lib/python\d|<frozen")
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?:: .*)?$")
_TRACEBACK = "Traceback (most recent call last)"
_CRASHED = ("unhandled exception while running the job", "error initializing process")
"""Of the entrypoint, and of what prepares a process for it (livekit-agents 1.8.9, ipc)."""
_ENGINE = "AgentSession is closing due to unrecoverable error"
_PORT = re.compile(r"bind on address \(.*?, (?P<port>\d+)|EADDRINUSE.*?:(?P<node>\d+)")


class TroubleKind(StrEnum):
    """What went wrong in somebody's worker."""

    CRASH = "crash"
    """Its own code raised, so that a job is over."""
    ENGINE = "engine"
    """A session has ended because one of its engines failed."""
    OTHER = "other"


class Trouble(NamedTuple):
    """One thing that went wrong."""

    kind: TroubleKind
    told: str
    """In one line, such as "agent.py:7: KeyError: 'name'"."""
    room: str | None
    """Of which call, where that is known."""


class AgentLog:
    """Reads the lines of one worker as they come."""

    def __init__(self) -> None:
        self.troubles: list[Trouble] = []
        self._traceback: list[str] = []
        """Lines of one that is printed outside of any record."""
        self._heading = ""
        self._more = asyncio.Event()

    def on_line(self, line: str) -> None:
        """Take the next line."""
        line = _ANSI.sub("", line)
        record = _json_record(line)
        people = None if record else _FOR_PEOPLE.match(line)
        if record or people:
            self._traceback, self._heading = [], ""
        if record:
            if record.get("level") in {"ERROR", "CRITICAL"}:
                message = str(record.get("message", ""))
                self._add(message, str(record.get("exc_info") or message), record.get("room"))
        elif people:
            if people["level"] in {"ERROR", "CRITICAL"}:
                self._heading = people["told"]
                self._add(self._heading, self._heading, None)
        elif self._traceback or line.startswith(_TRACEBACK):
            self._traceback.append(line)
            if len(self._traceback) > 1 and line[:1].strip() and _EXCEPTION.match(line):
                self._add(self._heading, "\n".join(self._traceback), None)

    def trouble(self, room: str | None = None) -> Trouble | None:
        """What went wrong last in this room, or in none that is named; best what ended it."""
        found = [each for each in self.troubles if room is None or each.room in {None, room}]
        known = [each for each in found if each.kind is not TroubleKind.OTHER]
        return next(reversed(known or found), None)

    async def crash(self, room: str) -> Trouble:
        """Wait until the code for this room has raised."""
        known = len(self.troubles)
        while True:
            fresh = [each for each in self.troubles[known:] if each.room in {None, room}]
            for each in fresh:
                if each.kind is TroubleKind.CRASH:
                    return each
            self._more.clear()
            await self._more.wait()

    def _add(self, message: str, text: str, room: object) -> None:
        kind = TroubleKind.OTHER
        if any(message.find(crash) >= 0 for crash in _CRASHED):
            kind = TroubleKind.CRASH
        elif _ENGINE in message:
            kind = TroubleKind.ENGINE
        told = in_one_line(text)
        if kind is TroubleKind.ENGINE and _TRACEBACK not in text:
            told = told.removeprefix(f"{_ENGINE}: ")
        self.troubles.append(Trouble(kind, told, room if isinstance(room, str) else None))
        self._more.set()


def in_one_line(text: str) -> str:
    r"""A message, or a traceback by its exception and the last place in somebody's own code.

    Example:
        >>> in_one_line("no such model\nmore of it")
        'no such model'
    """
    if taken := _PORT.search(text):
        port = taken["port"] or taken["node"]
        return f"port {port} is taken on this machine; give the worker another: AgentServer(port=0)"
    lines = text.splitlines()
    if _TRACEBACK not in text:
        return (lines or [""])[0][:LIMIT]
    raised = ""
    place = ""
    within = False
    for line in lines[next(i for i, one in enumerate(lines) if _TRACEBACK in one) :]:
        if found := _PLACE.match(line):
            within = True
            if not _OF_OTHERS.search(found["file"]):
                place = f"{Path(found['file']).name}:{found['line']}: "
        elif within and line[:1].strip():
            raised, within = line, False
    return f"{place}{raised}"[:LIMIT]


def _json_record(line: str) -> dict[str, object] | None:
    if not line.startswith("{"):
        return None
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "message" in record else None
