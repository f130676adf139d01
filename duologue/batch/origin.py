"""What finished calls were made from: the specifications of a plan, or others of the same names.

It is in their call.json. A hundred thousand of these are not read at every start: which of them
were made from what the plan says is remembered in the user's cache.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pydantic import BaseModel, ValidationError

from duologue.batch.plan import Plan
from duologue.batch.store import Store
from duologue.folder.folder import CALL
from shared.errors import UsageError
from shared.spec import CallSpec

REMEMBERED_FROM = 1000
"""Calls. Fewer are read again at the next start, which takes half a second."""
READERS = 16
"""Files read at the same time, for those of a bucket take long to come."""
READ_AT_ONCE = 256


class _Made(BaseModel):
    """What is needed of call.json."""

    spec: CallSpec


def check_origin(plan: Plan, finished: Iterable[int], store: Store, cache: Path) -> None:
    """Make sure that finished calls were made from what the plan says.

    One whose call.json this version cannot read is left to the commands that read calls.

    Args:
        plan: What is to be made.
        finished: The indexes of its calls that are in `store`.
        store: Where calls are kept.
        cache: Where is remembered which of them were compared.

    Raises:
        UsageError: A call was made from another specification; none is made.
    """
    place = hashlib.sha256(str(store.workplace.absolute()).encode()).hexdigest()[:16]
    memory = cache / "origins" / place
    known = frozenset(memory.read_text().split()) if memory.exists() else frozenset()
    keys = {index: _key(plan, index, store) for index in finished}
    unknown = [index for index, key in keys.items() if key not in known]
    same: list[int] = []
    others: list[tuple[int, CallSpec]] = []
    for index, made in zip(unknown, _read([plan.ids[i] for i in unknown], store), strict=True):
        if made == plan.spec(index):
            same.append(index)
        elif made:
            others.append((index, made))
    if others:
        raise UsageError(_told(plan, others))
    if len(same) >= REMEMBERED_FROM:
        memory.parent.mkdir(parents=True, exist_ok=True)
        with memory.open("a", encoding="ascii") as file:
            file.writelines(f"{keys[index]}\n" for index in same)


def _key(plan: Plan, index: int, store: Store) -> str:
    """Another one when either the plan's call or the finished one becomes another."""
    digest = hashlib.blake2b(plan.origin(index), digest_size=16)
    digest.update(store.stamp(plan.ids[index]).encode())
    return digest.hexdigest()


def _read(ids: Sequence[str], store: Store) -> Iterator[CallSpec | None]:
    """What calls were made from, in their order; None where that cannot be read."""

    def read(call_id: str) -> CallSpec | None:
        try:
            return _Made.model_validate_json(store.read(call_id, CALL)).spec
        except (OSError, ValidationError):
            return None

    with ThreadPoolExecutor(READERS, "origin") as readers:
        for start in range(0, len(ids), READ_AT_ONCE):
            yield from readers.map(read, ids[start : start + READ_AT_ONCE])


def _told(plan: Plan, others: Sequence[tuple[int, CallSpec]]) -> str:
    index, made = others[0]
    planned = plan.spec(index)
    parts = [
        name for name in CallSpec.model_fields if getattr(made, name) != getattr(planned, name)
    ]
    return (
        f"{len(others)} finished calls in --out were made from another specification than the "
        f"plan's, first {plan.ids[index]} (another {', '.join(parts)}); choose another --out, or "
        "move them away to have them made anew"
    )
