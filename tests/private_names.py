"""Private names that our classes share with those of LiveKit which they are made of."""

import ast
import importlib
import inspect
import pkgutil
import textwrap
from collections.abc import Iterator
from functools import cache
from types import ModuleType


def subclasses_of_livekit(package: ModuleType) -> list[type]:
    """The classes of `package`, with all of its modules, that are made of one of LiveKit's."""
    names = [each.name for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and any(map(is_livekits, value.__mro__))
    ]


def is_livekits(cls: type) -> bool:
    """Whether a class is LiveKit's own."""
    return cls.__module__.startswith("livekit.")


def livekits_names(cls: type) -> set[str]:
    """The private names of the LiveKit classes that `cls` is made of: methods and attributes."""
    return {name for base in filter(is_livekits, cls.__mro__) for name in _defined(base)}


def our_names(cls: type) -> set[str]:
    """The private names that `cls` defines or sets itself."""
    return _defined(cls)


def inherited_names(cls: type) -> set[str]:
    """The private names that `cls` uses of itself, and that none of our classes defines."""
    ours = [each for each in cls.__mro__ if not is_livekits(each) and each.__module__ != "builtins"]
    return {name for name, _ in _of_self(cls)} - {name for each in ours for name in _defined(each)}


@cache
def _defined(cls: type) -> set[str]:
    stored = {name for name, is_set in _of_self(cls) if is_set}
    return stored | {name for name in vars(cls) if _is_private(name)}


def _of_self(cls: type) -> Iterator[tuple[str, bool]]:
    """Each private name that the source of `cls` uses of `self`, and whether it sets it there."""
    try:
        source = inspect.getsource(cls)
    except (OSError, TypeError):  # made by a library, such as Generic
        return
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        match node:
            case ast.Attribute(ast.Name("self"), name, context) if _is_private(name):
                yield name, isinstance(context, ast.Store)


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith(("__", "_abc_", "_is_protocol"))
