"""Which businesses there are: the bundled ones, those of other installed packages, and any folder.

A reference to a business is its name, `shop`, or the absolute path of its folder,
`/home/ann/hotel`. A path holds where the folder is; anywhere else, such as in an image that has a
copy of it, it means the business that is called like the folder.
"""

import importlib
import os
import pkgutil
import sys
import zlib
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from shared import entry_points
from shared.errors import SpecError, UsageError, in_a_line
from support_agent import businesses
from support_agent.business import Business

GROUP = "duologue.businesses"
"""The entry points by which other packages add theirs."""
BUNDLED = "duologue"


def load_business(reference: str) -> Business:
    """The business of this name, or in this folder.

    Raises:
        SpecError: There is none, or its folder has something else.
        UsageError: Another package adds it and cannot be used.
    """
    if _is_folder(reference):
        return _from_folder(Path(reference))
    name = business_name(reference)
    if name in _bundled():
        return _exported(_bundled_package(name))
    if entries := entry_points.added(GROUP).get(name):
        found = entry_points.load(entries)
        if not isinstance(found, Business):
            problem = f"is no Business but of type {type(found).__name__}"
            raise entry_points.unusable(entries, problem)
        return found
    elsewhere = "" if name == reference else f", nor is there a folder {reference}"
    raise SpecError(f"no business {name!r}; there are {', '.join(known_businesses())}{elsewhere}")


def known_businesses() -> dict[str, str]:
    """The businesses that have a name here, in its order, each with the distribution it is of."""
    ours = dict.fromkeys(_bundled(), BUNDLED)
    others = {name: entry_points.source(by) for name, by in entry_points.added(GROUP).items()}
    return dict(sorted((others | ours).items()))


def overshadowed_businesses() -> list[str]:
    """Those of other packages that are not used, for they are called like a bundled one."""
    return list(entry_points.overshadowed(GROUP, _bundled()))


def business_name(reference: str) -> str:
    """The name of a business, or of its folder."""
    return Path(reference).name or reference


def business_folder(reference: str) -> Path:
    """Where the files of a business lie.

    Raises:
        SpecError: There is no such business, or its folder has something else.
        UsageError: It is another package's and cannot be imported.
    """
    load_business(reference)
    if _is_folder(reference):
        return Path(reference)
    name = business_name(reference)
    if name in _bundled():
        package = _bundled_package(name)
    else:
        package = importlib.import_module(entry_points.added(GROUP)[name][0].module)
    assert package.__file__
    return Path(package.__file__).parent


def resolve_business(written: str, base: Path) -> str:
    """The reference that somebody means who writes a name, or a path seen from the folder `base`.

    A name that is known is no path: whoever means a folder `shop` of their own writes `./shop`.
    """
    if written in _bundled() or written in entry_points.added(GROUP):
        return written
    folder = Path(os.path.realpath(base / written))  # a loop of links resolves to itself
    return str(folder) if folder.is_dir() or "/" in written else written


def _is_folder(reference: str) -> bool:
    # A relative path means nothing where it was not written.
    return Path(reference).is_absolute() and Path(reference).is_dir()


def _bundled() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(businesses.__path__))


def _bundled_package(name: str) -> ModuleType:
    return importlib.import_module(f"{businesses.__name__}.{name}")


@cache
def _from_folder(folder: Path) -> Business:
    """The business in a folder, imported as a package of a name that no other has.

    So it can be called `json` or `shared`, and two folders called alike stay apart.
    """
    init = folder / "__init__.py"
    if not init.is_file():
        cure = f"`duologue business new {folder.name}` writes a folder to begin with"
        raise SpecError(f"{folder} is no business: it has no __init__.py; {cure}")
    name = f"business_{zlib.crc32(bytes(folder)):08x}_{folder.name}"
    spec = spec_from_file_location(name, init, submodule_search_locations=[str(folder)])
    assert spec
    assert spec.loader
    package = module_from_spec(spec)
    sys.modules[name] = package
    try:
        spec.loader.exec_module(package)
        return _exported(package)
    except (Exception, SystemExit) as error:
        for module in [one for one in sys.modules if f"{one}.".startswith(f"{name}.")]:
            del sys.modules[module]
        if isinstance(error, UsageError):
            raise
        raise SpecError(f"{folder} cannot be imported: {_why(error, folder)}") from error


def _exported(package: ModuleType) -> Business:
    found = getattr(package, "BUSINESS", None)
    if not isinstance(found, Business):
        raise SpecError(f"{package.__file__} has no BUSINESS that is a support_agent.Business")
    return found


def _why(error: BaseException, folder: Path) -> str:
    """An error in one line, with the last line of the folder's own code that led to it."""
    cure = ""
    if isinstance(error, ModuleNotFoundError) and error.name == folder.name:
        cure = "; write `from .tools import ...`, so that the folder can lie anywhere"
    return f"{in_a_line(error, folder)}{cure}"
