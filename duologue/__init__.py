"""Two voice agents hold real phone calls: made, read and looked through from Python.

Everything in `__all__` is for everybody; docs/python.md has it by example. It is imported when it
is asked for, so that `import duologue` and the command line begin at once.
"""

from importlib import import_module
from inspect import Signature, signature
from types import ModuleType
from typing import TYPE_CHECKING, Any

import shared  # noqa: F401 - sets what native libraries are told, before they are imported

if TYPE_CHECKING:
    from duologue.api.making import acall as acall
    from duologue.api.making import call as call
    from duologue.call.counterpart import LiveKitAgent as LiveKitAgent
    from duologue.labels.collection import Calls as Calls
    from duologue.labels.recorded_call import Call as Call
    from duologue.scenarios.scenario import Scenario as Scenario
    from duologue.scenarios.scenario import UserData as UserData
    from duologue.scenarios.scenario_file import load_scenarios as load_scenarios
    from shared.customer_sheet import Behaviours as Behaviours
    from shared.customer_sheet import Fact as Fact
    from shared.customer_sheet import Goal as Goal
    from shared.customer_sheet import Mood as Mood
    from shared.customer_sheet import Persona as Persona
    from shared.errors import DuologueError as DuologueError
    from shared.errors import FolderError as FolderError
    from shared.errors import UsageError as UsageError
    from shared.limits import Limits as Limits
    from shared.spec import EngineChoice as EngineChoice
    from shared.spec import Expectation as Expectation
    from shared.spec import Role as Role

__all__ = [
    "Behaviours",
    "Call",
    "Calls",
    "DuologueError",
    "EngineChoice",
    "Expectation",
    "Fact",
    "FolderError",
    "Goal",
    "Limits",
    "LiveKitAgent",
    "Mood",
    "Persona",
    "Role",
    "Scenario",
    "UsageError",
    "UserData",
    "acall",
    "call",
    "load_scenarios",
]

_PUBLIC = {
    "duologue.api.making": ("acall", "call"),
    "duologue.call.counterpart": ("LiveKitAgent",),
    "duologue.labels.collection": ("Calls",),
    "duologue.labels.recorded_call": ("Call",),
    "duologue.scenarios.scenario": ("Scenario", "UserData"),
    "duologue.scenarios.scenario_file": ("load_scenarios",),
    "shared.customer_sheet": ("Behaviours", "Fact", "Goal", "Mood", "Persona"),
    "shared.errors": ("DuologueError", "FolderError", "UsageError"),
    "shared.limits": ("Limits",),
    "shared.spec": ("EngineChoice", "Expectation", "Role"),
}
"""Where what is public is; type checkers have it above."""


class _CallPackage(ModuleType):
    """The package `duologue.call`, which makes a call when it is called.

    Whenever a module of the package is imported first, Python makes `duologue.call` the package. A
    function of that name would be gone then; so the package itself is what can be called.
    """

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return import_module("duologue.api.making").call(*args, **kwargs)

    @property
    def __signature__(self) -> Signature:
        """What it takes, for `help` and for notebooks."""
        return signature(import_module("duologue.api.making").call)


import_module("duologue.call").__class__ = _CallPackage


def __getattr__(name: str) -> Any:
    for module, names in _PUBLIC.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
