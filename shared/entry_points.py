"""What other installed packages add to this one, by the entry points that they declare.

    [project.entry-points."duologue.businesses"]
    hotel = "grand_hotel:BUSINESS"

in the pyproject.toml of a package makes its `BUSINESS` known as the business `hotel`. Nothing of a
package is imported before it is asked for by this name.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from shared.errors import UsageError


@cache
def added(group: str) -> Mapping[str, EntryPoint]:
    """What installed packages add to a group such as `duologue.businesses`, by name."""
    return {entry.name: entry for entry in entry_points(group=group)}


def source(entry: EntryPoint) -> str:
    """The distribution that declares an entry point: "grand-hotel 1.0"."""
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"


def load(entry: EntryPoint) -> Any:
    """What an entry point names, imported.

    Raises:
        UsageError: It cannot be imported, or another package adds the same name; the message names
            the distribution.
    """
    same = entry_points(group=entry.group, name=entry.name)
    if others := sorted({source(each) for each in same} - {source(entry)}):
        raise unusable(entry, f"{' and '.join(others)} adds it too")
    try:
        return entry.load()
    except Exception as error:
        raise unusable(entry, f"{type(error).__name__}: {error}") from error


def unusable(entry: EntryPoint, problem: str) -> UsageError:
    """The error of an entry point that is there and cannot be used, in one line."""
    first, *_ = problem.splitlines() or [""]
    return UsageError(
        f"{entry.name!r}, which {source(entry)} adds to {entry.group}, cannot be used: "
        f"{entry.value}: {first}; repair or uninstall that package"
    )
