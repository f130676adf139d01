"""What every business's support agent can do for a caller it cannot help: hand the matter on."""

import json

from livekit.agents import function_tool

from support_agent.desk import Desk

CALLBACK, PUT_THROUGH = "request_callback", "put_through"
"""The names of the tools."""

TABLES = frozenset({"callbacks", "transfers"})
"""Its part of each desk; its tools add rows to all of them."""

SCHEMA = """
CREATE TABLE callbacks (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    about TEXT NOT NULL
);
CREATE TABLE transfers (
    id TEXT PRIMARY KEY NOT NULL,
    about TEXT NOT NULL
);
"""
"""Their DDL."""


class Reception:
    """The tools that hand a call on."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @function_tool
    async def request_callback(self, name: str, about: str) -> str:
        """Have a colleague call the caller back.

        Args:
            name: The caller's name, as far as it is known.
            about: What the call is about, in a few words.
        """
        number = len(self._desk.find("callbacks")) + 1
        self._desk.add("callbacks", {"id": f"B{number}", "name": name, "about": about})
        return json.dumps({"requested": True})

    @function_tool
    async def put_through(self, about: str) -> str:
        """Put the caller through to a colleague. Say so, and goodbye, once this has returned.

        Args:
            about: What the call is about, in a few words.
        """
        number = len(self._desk.find("transfers")) + 1
        self._desk.add("transfers", {"id": f"T{number}", "about": about})
        return json.dumps({"put_through": True})
