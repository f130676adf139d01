"""An agent's file, run as `python agent.py start` would run it, up to where its worker would."""

import sys
import types
from pathlib import Path
from typing import Any

from livekit.agents import AgentServer, WorkerOptions, cli

from .livekit_internals import Functions, functions_of


class NoAgent(Exception):
    """The file runs, and has nothing that takes calls."""


def load(path: Path) -> Functions:
    """What the file registers.

    Raises:
        NoAgent: It registers nothing.
        BaseException: Whatever the file raises.
    """
    given: list[Any] = []
    _capture(given)
    # As if it were the program: its folder comes first, and its name is __main__.
    sys.path.insert(0, str(path.parent))
    sys.argv = [str(path), "start"]
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = str(path)
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - that is it
    servers = given or [each for each in vars(module).values() if isinstance(each, AgentServer)]
    if not servers:
        raise NoAgent("it has no AgentServer, and gives none to cli.run_app")
    server = servers[0]
    if isinstance(server, WorkerOptions):
        server = AgentServer.from_server_options(server)
    functions = functions_of(server)
    if functions is None:
        raise NoAgent("its AgentServer has no @server.rtc_session")
    return functions


def _capture(given: list[Any]) -> None:
    """Have `cli.run_app` do nothing but say what it was given."""
    for module in (cli, cli.cli):
        module.run_app = given.append  # type: ignore[attr-defined]
