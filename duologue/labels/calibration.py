"""How far judges that are models agree with people, who fill in a sheet without knowing the judges.

A sheet is CSV: a row for each call, in an order drawn by chance, with the conversation and what was
expected in words, but neither the call's name nor what anybody found in it; and a column for each
criterion, to be filled in with pass, fail or maybe.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

from livekit.agents import llm

from duologue.labels import judges
from duologue.labels.recorded_call import Call
from shared.errors import DocumentError, UsageError

VERDICTS = ("pass", "maybe", "fail")
CALL, EXPECTED, CONVERSATION = "call", "expected", "conversation"


class Agreement(NamedTuple):
    """What people and a judge say of the same calls, by one criterion."""

    criterion: str
    pairs: Counter[tuple[str, str]]
    """How often people said the first where the judge said the second."""

    @property
    def calls(self) -> int:
        """How many calls both have judged."""
        return self.pairs.total()

    @property
    def alike(self) -> float | None:
        """The share of them of which both say the same."""
        same = sum(number for (person, judge), number in self.pairs.items() if person == judge)
        return same / self.calls if self.calls else None

    @property
    def kappa(self) -> float | None:
        """Cohen's: 1 for always the same, 0 for no more than chance; None if there is no choice."""
        if self.alike is None:
            return None
        people = Counter[str]()
        judge = Counter[str]()
        for (person, model), number in self.pairs.items():
            people[person] += number
            judge[model] += number
        chance = sum(people[each] * judge[each] for each in VERDICTS) / self.calls**2
        return None if chance == 1 else (self.alike - chance) / (1 - chance)


def write_sheet(path: Path, calls: Sequence[Call], seed: int = 0) -> None:
    """Make the sheet for these calls.

    Raises:
        UsageError: No file can be made there.
    """
    shuffled = Random(seed).sample(calls, len(calls))  # noqa: S311 - nothing secret
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow([CALL, EXPECTED, CONVERSATION, *_criteria()])
            for call in shuffled:
                expected = call.spec.agent_expectations.strip()
                told = "\n".join(_told(judges.conversation(call.path, expected)))
                rows.writerow([_code(call), expected, told, *[""] * len(_criteria())])
    except OSError as error:
        raise UsageError(f"cannot write the sheet to {path}: {error.strerror}") from None


def agreements(path: Path, calls: Sequence[Call]) -> list[Agreement]:
    """What a sheet that people have filled in says against what judges said of its calls.

    Raises:
        DocumentError: It is no such sheet.
    """
    filled = _read(path)
    by_code = {_code(call): judges.read(call.path) for call in calls}
    found = {criterion: Counter[tuple[str, str]]() for criterion in _criteria()}
    for code, answers in filled.items():
        if judged := by_code.get(code):
            for one in judged.judgments:
                if person := answers.get(one.judge):
                    found[one.judge][person, one.verdict] += 1
    return [Agreement(criterion, pairs) for criterion, pairs in found.items()]


def _read(path: Path) -> dict[str, Mapping[str, str]]:
    filled: dict[str, Mapping[str, str]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            there = rows.fieldnames or ()
            if missing := [name for name in (CALL, *_criteria()) if name not in there]:
                raise DocumentError(path, 1, missing[0], "this column is missing")
            for row in rows:
                answers = {name: (row[name] or "").strip().lower() for name in _criteria()}
                for name, answer in answers.items():
                    if answer and answer not in VERDICTS:
                        problem = f"is {answer!r}, but can be {', '.join(VERDICTS)} or empty"
                        raise DocumentError(path, rows.line_num, name, problem)
                filled[row[CALL]] = answers
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DocumentError(path, 0, "", f"cannot be read: {error}") from None
    return filled


def _criteria() -> list[str]:
    return [make().name for make in judges.JUDGES]


def _code(call: Call) -> str:
    """What a call is called in a sheet: its name may tell what is wrong with it."""
    return hashlib.sha256(call.id.encode()).hexdigest()[:10]


def _told(said: llm.ChatContext) -> Iterator[str]:
    for item in said.items:
        if isinstance(item, llm.ChatMessage):
            who = "agent" if item.role == "assistant" else "caller"
            yield f"{who}: {item.text_content or ''}"
        elif isinstance(item, llm.FunctionCall):
            yield f"  [uses {item.name}({item.arguments})]"
        elif isinstance(item, llm.FunctionCallOutput):
            yield f"  [gets {item.output}]"
