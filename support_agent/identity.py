"""Whether a caller is who a row says, by the name as it was heard, and whose rows it may have.

A name misspelt by the recognizer must do, and yet nobody may be taken for somebody else: not for
one whose code is a digit off, nor for one whose name sounds alike.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import NamedTuple

from livekit.agents import ToolError

from shared.language.as_heard import digits_of
from shared.language.edits import Edit, Op, align, edit_distance
from shared.language.likeness import SAME, alike, likeness, words
from shared.values import Row, Value
from support_agent.desk import Desk

PROVE = "prove_caller"
"""The name of the tool of a business that checks a second fact (`IdentifiedCaller.prove`)."""
_NO_FACTS: Mapping[str, Value] = MappingProxyType({})
_MARGIN = 0.1
_FIRST_NAME = 0.75
"""Likeness that the first name must have by itself: a family shares the rest, and a twin the date
of birth too. Of a sample of pairs of first names fewer than 1 in 100 are so alike, most of them of
one sound (benchmarks/identification.py)."""
_LAST_NAME = 0.5
_LETTERS_ALIKE = [frozenset(group) for group in ("bcdegptvz", "ajkh", "fsx", "mn", "iy", "quw")]
"""Letters whose names sound alike."""


class SaidName(NamedTuple):
    """How a caller's name was heard."""

    full: str
    first_name: str = ""
    """Its letters, if it was spelled."""
    last_name: str = ""
    """Its letters, if it was spelled."""


def is_named(heard: str, name: str, others: Iterable[str] = ()) -> bool:
    """Whether `heard` says `name`, and none of `others` clearly better."""
    return not unclear(SaidName(heard), name, others)


def named(heard: str, rows: Iterable[Row]) -> list[Row]:
    """Of `rows`, the one whose `name` was heard; several if it is not clear which, or none."""
    return _named(SaidName(heard), rows)


def find_named(said: SaidName, rows: Sequence[Row]) -> tuple[Row | None, tuple[str, ...]]:
    """Of `rows`, the one whose `name` was said; else what of the name has to be asked again."""
    fitting = _named(said, rows)
    if len(fitting) == 1:
        return fitting[0], ()
    if fitting:
        return None, ("name",) if said.first_name else ("first_name",)
    again = [unclear(said, str(row["name"])) for row in rows]
    return None, next((each for each in again if each != ("name",)), ("name",))


def _named(said: SaidName, rows: Iterable[Row]) -> list[Row]:
    fits = [
        (likeness(said.full, str(row["name"])), row)
        for row in rows
        if not unclear(said, str(row["name"]))
    ]
    best = max((fit for fit, _ in fits), default=0.0)
    return [row for fit, row in fits if best - fit < _MARGIN]


def unclear(said: SaidName, name: str, others: Iterable[str] = ()) -> tuple[str, ...]:
    """What has to be asked again before the caller can be taken for `name`; nothing if it is.

    What is not quite heard is asked to be spelled (`FIRST_NAME`, `LAST_NAME`): a caller is never
    taken for somebody on a guess. `others` are those for whom it might be mistaken.
    """
    first, last = _parts(name)
    whole = likeness(said.full, name)
    if any(likeness(said.full, other) > whole + _MARGIN for other in others):
        return ("name",)
    first_fit, last_fit = _fit(said.full, first, last)
    if said.first_name:
        first_fit = float(spells(said.first_name, first))
    if said.last_name:
        *_, final = words(name)  # of "de la Cruz" some spell "Cruz"
        last_fit = float(spells(said.last_name, last) or spells(said.last_name, final))
    first_sure, last_sure = first_fit >= _FIRST_NAME, last_fit >= _LAST_NAME
    if first_sure and last_sure:
        return ()
    if said.first_name and not first_sure:
        return ("name",)
    if first_sure and not said.last_name:
        return ("last_name",)
    if not said.first_name and (last_sure or whole >= SAME):
        return ("first_name",)
    return ("name",)


def spells(letters: str, name: str) -> bool:
    """Whether the letters heard spell a name.

    Of each four, one may be lost or be another that sounds alike; of two that are the same, one
    may always be lost.
    """
    heard, wanted = (re.sub(r"(.)\1+", r"\1", text) for text in (letters, "".join(words(name))))
    wrong = [edit for edit in align(wanted, heard) if edit.op is not Op.EQUAL]
    if len(wrong) > len(wanted) // 4:
        return False
    return all(_may_be_misheard(edit, wanted, heard) for edit in wrong)


def _may_be_misheard(edit: Edit, wanted: str, heard: str) -> bool:
    if edit.said is None or edit.heard is None:
        return edit.op is Op.DELETE
    pair = {wanted[edit.said], heard[edit.heard]}
    return any(pair <= group for group in _LETTERS_ALIKE)


def _parts(name: str) -> tuple[str, str]:
    first, *rest = words(name) or [""]
    return first, "".join(rest)


def _fit(heard: str, first: str, last: str) -> tuple[float, float]:
    """How well what was heard fits a first and a last name, where it is best parted in two."""
    if not last:
        return likeness(heard, first), 1.0
    halves = dict.fromkeys(_halves(words(heard)))
    fits = [(alike([one], [first]), alike([other], [last])) for one, other in halves]
    return max(fits, key=sum, default=(0.0, 0.0))


def _halves(heard: list[str]) -> Iterator[tuple[str, str]]:
    """What may be a first and a last name: "in Grid Sorensen" is "ingrid" and "sorensen"."""
    if len(heard) == 1:  # recognizers run names together
        [one] = heard
        yield from ((one[:at], one[at:]) for at in range(1, len(one)))
    for at in range(1, len(heard)):
        for before, after in product(range(1, 4), repeat=2):
            yield "".join(heard[max(0, at - before) : at]), "".join(heard[at : at + after])


def one_digit_apart(one: str, other: str) -> bool:
    """Whether two codes differ in one digit."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def result(**fields: object) -> str:
    """What a tool returns: its fields as a JSON object."""
    return json.dumps(fields)


def not_found(*again: str) -> str:
    """What a look-up returns that did not find the caller: the names of the slots to ask again."""
    return result(found=False, again=again)


def _can_be_told(value: Value) -> bool:
    """Whether a fact is one that callers can be asked for and recognizers hear: some digits."""
    letters = any(char.isalpha() for char in str(value))
    return value is not None and not letters and 4 <= len(digits_of(value)) <= 8


def _is_told(fact: Value, heard: str) -> bool:
    """Whether a second fact was told; in a code, a digit may be misheard, missing or too many.

    Of a hundred thousand guesses at five digits, 46 are right then.
    """
    is_date = re.fullmatch(r"\d{4}-\d\d-\d\d", str(fact))
    return edit_distance(digits_of(fact), digits_of(heard)) <= (0 if is_date else 1)


class IdentifiedCaller:
    """For which rows of one table, such as orders, the caller of one call is identified.

    What moves money needs a second fact, if the desk has one that did not identify the caller.

    Args:
        desk: Of the call.
        table: Whose rows belong to callers.
        refusal: What the agent is told that asks for another's row.
    """

    def __init__(self, desk: Desk, table: str, refusal: str) -> None:
        self._desk, self._table, self._refusal = desk, table, refusal
        self._keys: set[Value] = set()
        self._facts: dict[Value, dict[str, Value]] = {}
        """By key, what proves the caller, by the names of the slots."""
        self._proven: set[Value] = set()

    def found(
        self,
        key: Value,
        *,
        customer: Value,
        proofs: Mapping[str, Value] = _NO_FACTS,
        **known: object,
    ) -> str:
        """Let the caller have the row with this key; what the look-up returns.

        Args:
            key: Of the row.
            customer: The caller's name, as it is on the desk.
            proofs: Second facts, by the names of their slots: what the desk knows of the caller
                and the caller has not told to be found.
            known: What else is known of the caller; procedures find it in `Talk.record`.
        """
        self._keys.add(key)
        told = {name: value for name, value in proofs.items() if _can_be_told(value)}
        self._facts[key] = told
        asked = {"proofs": [*told]} if told else {}
        return result(found=True, customer=customer, **asked, **known)

    def prove(self, fact: str, value: str) -> str:
        """Check a second fact; what the tool `PROVE` returns."""
        fitting = {
            key
            for key, facts in self._facts.items()
            if fact in facts and _is_told(facts[fact], value)
        }
        self._proven |= fitting
        return result(found=True) if fitting else not_found(fact)

    def unproven(self, key: Value) -> str:
        """What a tool that moves money returns until a second fact was told; empty from then on."""
        facts = self._facts.get(key)
        if not facts or key in self._proven:
            return ""
        return result(done=False, ask_for_one_of=[*facts], then_use=PROVE)

    def require(self, key: Value) -> Row:
        """The row with this key, which is the caller's.

        Raises:
            ToolError: The caller is not identified for it.
        """
        row = self._desk.get(self._table, key) if key in self._keys else None
        if row is None:
            raise ToolError(self._refusal)
        return row
