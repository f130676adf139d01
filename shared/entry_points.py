"""What other installed packages add to this one, by the entry points that they declare.

    [project.entry-points."duologue.businesses"]
    hotel = "grand_hotel:BUSINESS"

in the pyproject.toml of a package makes its `BUSINESS` known as the business `hotel`. Nothing of a
package is imported before it is asked for by this name. A name that several packages give belongs
to none of them; one that Duologue has itself stays Duologue's.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeAlias

from shared.errors import UsageError

Added: TypeAlias = tuple[EntryPoint, ...]
"""What is added under one name: one entry point, or one of each package that gives the name."""


@cache
def added(group: str) -> Mapping[str, Added]:
    """What installed packages add to a group such as `duologue.businesses`, by name."""
    found: dict[str, dict[str, EntryPoint]] = defaultdict(dict)
    for entry in entry_points(group=group):
        found[entry.name].setdefault(_distribution(entry), entry)
    return {name: tuple(of[each] for each in sorted(of)) for name, of in found.items()}


def source(entries: Added) -> str:
    """The distributions that give a name: "grand-hotel 1.0", or several with "and" between."""
    return " and ".join(map(_distribution, entries))


def load(entries: Added) -> Any:
    """What is added under a name, imported.

    Raises:
        UsageError: It cannot be imported, or several packages add it; the message names the
            distributions.
    """
    if len(entries) > 1:
        raise unusable(entries, "only one package may add it")
    (entry,) = entries
    try:
        return entry.load()
    except Exception as error:
        raise unusable(entries, f"{type(error).__name__}: {error}") from error


def unusable(entries: Added, problem: str) -> UsageError:
    """The error of what is added and cannot be used, in one line."""
    first, *_ = problem.splitlines() or [""]
    places = " and ".join(sorted({entry.value for entry in entries}))
    which, adds, cure = entries[0], "adds", "repair or uninstall that package"
    if len(entries) > 1:
        adds, cure = "add", "uninstall one of them"
    return UsageError(
        f"{which.name!r}, which {source(entries)} {adds} to {which.group}, cannot be used: "
        f"{places}: {first}; {cure}"
    )


def overshadowed(group: str, ours: Collection[str]) -> Iterator[str]:
    """What is not used because Duologue has something of its name itself, a line each."""
    for name, entries in sorted(added(group).items()):
        if name in ours:
            yield (
                f"{name!r}, which {source(entries)} adds to {group}, is not used: Duologue has one "
                "of this name itself; give it another name in that package"
            )


def _distribution(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
