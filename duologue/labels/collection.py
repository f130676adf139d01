"""Many recorded calls, and those of them that are like something."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TypedDict, Unpack, get_type_hints

from duologue.folder.folder import TransportName, is_call_folder
from duologue.labels.recorded_call import Call
from shared.endings import Fault, Outcome
from shared.errors import UsageError


class Criteria(TypedDict, total=False):
    """What calls are told apart by; each is an attribute of `Call`."""

    id: str
    scenario: str
    seed: int
    business: str | None
    persona: str | None
    transport: str
    outcome: str
    held: bool
    fault: str | None
    succeeded: bool
    valid: bool


_KINDS = get_type_hints(Criteria)
_NAMES: dict[str, type[StrEnum]] = {"transport": TransportName, "outcome": Outcome, "fault": Fault}
"""The closed sets among them."""


def _check(name: str, value: object) -> None:
    """Refuse a value that no call has: what is meant was another, and nothing would be found."""
    kind = _KINDS[name]
    if not isinstance(value, kind):
        wanted = kind.__name__ if isinstance(kind, type) else kind
        raise UsageError(f"calls have no {name} {value!r}, but one of type {wanted}")
    names = _NAMES.get(name)
    if names and value is not None and value not in {*names}:
        raise UsageError(f"there is no {name} {value!r}, but {', '.join(names)}")


class Calls:
    """The calls in a folder, in order of their ids, or some of them.

    Nothing is kept: each time, the folder is looked at anew, and each call is read as far as it is
    asked for. What is unfinished, or no call folder, is left out. A damaged call is among them; a
    FolderError names it as soon as something of it is read, be it by `where`.

    Args:
        calls: The folder that call folders are in; or calls, which are given in their order.

    Raises:
        UsageError: There is no such folder.

    Example:
        >>> [call.id for call in duologue.Calls("calls")]
        ['first']
        >>> len(duologue.Calls("calls"))
        1
    """

    def __init__(self, calls: Path | str | Iterable[Call]) -> None:
        self._calls = Path(calls) if isinstance(calls, Path | str) else tuple(calls)
        self._conditions: tuple[Callable[[Call], bool], ...] = ()
        if isinstance(self._calls, Path) and not self._calls.is_dir():
            raise UsageError(f"{self._calls} is no folder of call folders")

    def where(self, *conditions: Callable[[Call], bool], **criteria: Unpack[Criteria]) -> "Calls":
        """Those calls whose attributes are equal to all criteria, and that meet all conditions.

        Raises:
            UsageError: Calls are not told apart by one of the criteria, or no call can be like it.

        Example:
            >>> calls = duologue.Calls("calls").where(valid=True, business="internet")
            >>> [call.id for call in calls.where(lambda call: call.duration_s > 10)]
            ['first']
        """
        for name in criteria.keys() - Criteria.__annotations__.keys():
            raise UsageError(
                f"calls are not told apart by {name!r}, but by "
                f"{', '.join(Criteria.__annotations__)}, or by a function of the call"
            )
        for name, value in criteria.items():
            _check(name, value)

        def alike(call: Call) -> bool:
            return all(getattr(call, name) == value for name, value in criteria.items())

        chosen = Calls(self._calls)
        chosen._conditions = (*self._conditions, alike, *conditions)
        return chosen

    def __iter__(self) -> Iterator[Call]:
        calls = _read(self._calls) if isinstance(self._calls, Path) else self._calls
        return (call for call in calls if all(fits(call) for fits in self._conditions))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _read(folder: Path) -> Iterator[Call]:
    for path in sorted(folder.iterdir()):
        if not path.name.startswith(".") and is_call_folder(path):
            yield Call(path)
