"""index.html: many calls in a table to sort and filter, with how their figures are spread."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from duologue.labels.recorded_call import Call
from duologue.report.page import render
from shared.errors import DuologueError
from shared.spec import Role

FILE = "index.html"
_CODE = ("histogram.js", "index.js")
_GOALS = {True: "reached", False: "missed"}


class ColumnKind(StrEnum):
    """What the values of a column are, and so how it is shown and filtered."""

    CALL = "call"
    """A call id, which leads to the report; the findings stand below it."""
    CHOICE = "choice"
    """One of few words."""
    TEXT = "text"
    SECONDS = "seconds"
    SHARE = "share"
    """From 0 to 1."""
    COUNT = "count"


class _Column(NamedTuple):
    name: str
    title: str
    kind: ColumnKind
    value: Callable[[Call], str | float | None]
    meaning: str = ""
    """What a figure says, where its title does not."""
    shown: bool = True
    """In a column of the table."""


_REPLIES = "95\N{NO-BREAK SPACE}% of replies within"
_WER = "misheard, of the words it said"
_ENTITIES = "misheard, of the names and numbers it said"


def _entities(call: Call, role: Role) -> float | None:
    errors = call.metrics.entity_errors.get(role)
    return errors["all"].rate if errors else None


_COLUMNS = (
    _Column("call", "Call", ColumnKind.CALL, lambda each: each.id),
    _Column("goal", "Goal", ColumnKind.CHOICE, lambda each: _GOALS[each.succeeded]),
    _Column("outcome", "Outcome", ColumnKind.CHOICE, lambda each: each.outcome.replace("_", " ")),
    _Column("valid", "Valid", ColumnKind.CHOICE, lambda each: "yes" if each.valid else "no"),
    _Column("fault", "Fault", ColumnKind.CHOICE, lambda each: each.fault or "none"),
    _Column("scenario", "Scenario", ColumnKind.CHOICE, lambda each: each.scenario),
    _Column("caller", "Caller", ColumnKind.CHOICE, lambda each: each.persona or "unknown"),
    _Column("transport", "Transport", ColumnKind.CHOICE, lambda each: each.transport, shown=False),
    _Column(
        "duration",
        "Duration",
        ColumnKind.SECONDS,
        lambda each: each.metrics.duration_s,
        "of the call",
    ),
    _Column(
        "support_reply",
        "Support replies",
        ColumnKind.SECONDS,
        lambda each: each.metrics.reply_gap_s["customer_to_support"].p95,
        _REPLIES,
    ),
    _Column(
        "customer_reply",
        "Customer replies",
        ColumnKind.SECONDS,
        lambda each: each.metrics.reply_gap_s["support_to_customer"].p95,
        _REPLIES,
    ),
    _Column(
        "customer_wer",
        "Customer WER",
        ColumnKind.SHARE,
        lambda each: each.metrics.wer[Role.CUSTOMER].rate,
        _WER,
    ),
    _Column(
        "support_wer",
        "Support WER",
        ColumnKind.SHARE,
        lambda each: each.metrics.wer[Role.SUPPORT].rate,
        _WER,
    ),
    _Column(
        "customer_entities",
        "Customer entities",
        ColumnKind.SHARE,
        lambda each: _entities(each, Role.CUSTOMER),
        _ENTITIES,
    ),
    _Column(
        "support_entities",
        "Support entities",
        ColumnKind.SHARE,
        lambda each: _entities(each, Role.SUPPORT),
        _ENTITIES,
    ),
    _Column(
        "cut_off",
        "Turns cut off",
        ColumnKind.COUNT,
        lambda each: each.metrics.turn_cut_off,
        "by replies into pauses",
    ),
    _Column(
        "findings",
        "Findings",
        ColumnKind.TEXT,
        lambda each: "; ".join([*each.record.run.earlier, *map(str, each.findings)]),
        shown=False,
    ),
)


def write(folder: Path, calls: Sequence[Call]) -> Path:
    """Make index.html in a folder, of the calls in it; says where it is.

    Raises:
        DuologueError: It cannot be written; one that is there stays as it is.
    """
    new, final = folder / f".{FILE}", folder / FILE
    try:
        new.write_text(page(calls), encoding="utf-8")
        return new.replace(final)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise DuologueError(f"cannot write {final}: {error.strerror}") from None


def page(calls: Sequence[Call]) -> str:
    """The index of calls, which are in the order in which they are listed at first."""
    return render(
        "index",
        code=_CODE,
        data={
            "columns": [
                {"name": each.name, "title": each.title, "kind": each.kind, "shown": each.shown}
                for each in _COLUMNS
            ],
            "rows": [[column.value(each) for column in _COLUMNS] for each in calls],
            "folders": [each.path.name if each.report.exists() else None for each in calls],
        },
        columns=_COLUMNS,
        calls=len(calls),
    )
