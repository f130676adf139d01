"""What came of many calls, read from their folders: counts, distributions, the worst first."""

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from duologue.labels import cost
from duologue.labels.collection import Calls
from duologue.labels.metrics import OtherMetric
from duologue.labels.recorded_call import Call
from duologue.report.others import show_others, summarize_others
from duologue.report.quantiles import QUANTILES, quantiles
from shared.errors import FolderError, UsageError
from shared.masking import mask
from shared.printable import printable
from shared.spec import Role


class CallsRead(NamedTuple):
    """The calls in a folder, as far as they can be read."""

    calls: list[Call]
    """Those that can be, the worst first; at least one."""
    refused: list[FolderError]
    """Why each other one cannot be."""


def read_calls(folder: Path) -> CallsRead:
    """The calls in a folder; one that is damaged, or of another version, keeps no other from it.

    Raises:
        UsageError: There is no such folder, or no call in it.
        FolderError: The only one cannot be read, or none of many.
    """
    calls: list[Call] = []
    refused: list[FolderError] = []
    for each in Calls(folder):
        try:
            _ = each.record, each.metrics  # which are all that is read of many calls
        except FolderError as error:
            refused.append(error)
        else:
            calls.append(each)
    if not calls:
        if not refused:
            raise UsageError(f"there is no call in {folder}")
        others = f"; nor can {len(refused) - 1} more be read" if len(refused) > 1 else ""
        raise FolderError(refused[0].folder, f"{refused[0].problem}{others}")
    return CallsRead(sorted(calls, key=lambda each: (_badness(each), each.id)), refused)


def _badness(call: Call) -> tuple[bool, bool, int, float]:
    """Sorts the worst call first: failed parts, missed goal, broken turns, slowest reply."""
    measured = call.metrics
    gaps = [gap for each in measured.reply_gap_s.values() for gap in each.values]
    broken = measured.turn_cut_off + measured.flawed_turns
    return (call.held, call.succeeded, -broken, -max(gaps, default=0.0))


def summarize(calls: Sequence[Call]) -> dict[str, Any]:
    """The figures of all calls together; times in seconds."""
    return _figures(calls, _used(calls))


def _used(calls: Sequence[Call]) -> list[tuple[Role, cost.Billed]]:
    return cost.added(each.metrics.usage for each in calls)


def _figures(calls: Sequence[Call], used: Sequence[tuple[Role, cost.Billed]]) -> dict[str, Any]:
    gaps = {
        direction: [gap for each in calls for gap in each.metrics.reply_gap_s[direction].values]
        for direction in calls[0].metrics.reply_gap_s
    }
    words = {role: sum(each.metrics.wer[role].words for each in calls) for role in Role}
    errors = {role: sum(each.metrics.wer[role].errors for each in calls) for role in Role}
    return {
        "calls": len(calls),
        "goals_reached": sum(each.metrics.passed for each in calls),
        "outcomes": _counted(each.outcome for each in calls),
        "valid": sum(each.valid for each in calls),
        "faults": _counted(each.fault or "none" for each in calls),
        "transports": _counted(each.transport for each in calls),
        "retried": sum(bool(each.record.run.earlier) for each in calls),
        "duration_s": quantiles([each.metrics.duration_s for each in calls]),
        "reply_gap_s": {direction: quantiles(values) for direction, values in gaps.items()},
        "wer": {role: errors[role] / words[role] if words[role] else None for role in Role},
        "turns_cut_off": sum(each.metrics.turn_cut_off for each in calls),
        "interruptions": sum(sum(each.metrics.interruptions.values()) for each in calls),
        **_costs(calls, used),
        **({"others": others} if (others := summarize_others(calls)) else {}),
        "failed": [
            {"call_id": each.id, "reasons": [*each.record.run.earlier, _ending(each)]}
            for each in calls
            if not each.held
        ],
    }


def _costs(calls: Sequence[Call], used: Sequence[tuple[Role, cost.Billed]]) -> dict[str, Any]:
    return {
        "cost_usd": round(sum(cost.known_usd(each.metrics.usage) for each in calls), 6),
        "cost_unknown": sum(each.metrics.cost_usd is None for each in calls),
        "usage": [
            {"role": role, **billed.model_dump(mode="json", exclude={"dated"})}
            for role, billed in used
        ],
    }


COLUMNS = (
    "call_id",
    "scenario",
    "seed",
    "transport",
    "outcome",
    "fault",
    "task_success",
    "duration_s",
    "gap_customer_to_support_p95_s",
    "gap_support_to_customer_p95_s",
    "wer_customer",
    "wer_support",
    "turns_cut_off",
    "attempts",
    "cost_usd",
    "problems",
)


def write_csv(calls: Sequence[Call], file: TextIO) -> None:
    """One line per call, without secrets and without what a terminal would obey."""
    writer = csv.writer(file)
    others = sorted({name for each in calls for name in each.metrics.others})
    writer.writerow([*COLUMNS, *map(_plain, others)])
    for each in calls:
        measured = each.metrics
        writer.writerow(
            _plain(value)
            for value in [
                each.id,
                each.scenario,
                each.seed,
                each.transport,
                each.outcome,
                each.fault or "",
                each.succeeded,
                measured.duration_s,
                measured.reply_gap_s["customer_to_support"].p95,
                measured.reply_gap_s["support_to_customer"].p95,
                measured.wer[Role.CUSTOMER].rate,
                measured.wer[Role.SUPPORT].rate,
                measured.turn_cut_off,
                len(each.record.run.earlier) + 1,
                measured.cost_usd,
                "; ".join(map(str, each.findings)),
                *(_cell(measured.others.get(name)) for name in others),
            ]
        )


def _plain(value: object) -> object:
    return printable(mask(value)) if isinstance(value, str) else value


def _cell(other: OtherMetric | None) -> str | float | None:
    """A metric of another package; lists and the like as JSON."""
    value = other.value if other else None
    return json.dumps(value) if isinstance(value, dict | list) else value


def show_summary(calls: Sequence[Call], console: Console, *, worst: int) -> None:
    """Print the figures, and the worst calls."""
    used = _used(calls)
    figures = _figures(calls, used)
    console.print(
        f"{figures['calls']} calls, {figures['goals_reached']} reached their goal, "
        f"{figures['valid']} valid, {figures['retried']} needed more than one attempt"
    )
    for what in ("outcomes", "faults"):
        console.print(f"{what}: " + ", ".join(f"{k} {v}" for k, v in figures[what].items()))
    table = Table("", *QUANTILES)
    rows = {"duration": figures["duration_s"]}
    rows |= {f"reply gap, {name}": gap for name, gap in figures["reply_gap_s"].items()}
    for name, spread in rows.items():
        told = ["" if spread[q] is None else f"{spread[q]:.2f} s" for q in QUANTILES]
        table.add_row(name.replace("_", " "), *told)
    console.print(table)
    for role in Role:
        rate = figures["wer"][role]
        share = "none said" if rate is None else f"{rate:.1%}"
        console.print(f"words of {role} misheard: {share}")
    show_others(figures.get("others", {}), console)
    _show_costs(figures, used, console)
    for each in calls[:worst]:
        goal = "goal reached" if each.succeeded else "goal not reached"
        why = "; ".join([*each.record.run.earlier, *map(str, each.findings)])
        ending = f"{_ending(each)}, {goal}" + (f" ({why})" if why else "")
        console.print(f"  {each.id}: {escape(ending)}", soft_wrap=True, highlight=False)


def _show_costs(
    figures: Mapping[str, Any], used: Sequence[tuple[Role, cost.Billed]], console: Console
) -> None:
    services = [(role, billed) for role, billed in used if not billed.local]
    told = f"cost: ${figures['cost_usd']:.4f}" if services else "cost: nothing, by local engines"
    if figures["cost_unknown"]:
        told += f"; that of {figures['cost_unknown']} calls is not known, or not all of it"
    console.print(told)
    for role, billed in services:
        price = "price not known" if billed.cost_usd is None else f"${billed.cost_usd:.4f}"
        console.print(f"  {role} {escape(billed.name)}: {price}, {_amounts(billed)}")


def _amounts(billed: cost.Billed) -> str:
    told = {
        "input tokens": billed.input_tokens,
        "of them cached": billed.cached_tokens,
        "output tokens": billed.output_tokens,
        "characters": billed.characters,
        "s of audio": round(billed.audio_s),
    }
    return ", ".join(f"{amount:,} {unit}" for unit, amount in told.items() if amount) or "uncounted"


def _ending(each: Call) -> str:
    return f"{each.outcome}: {each.detail}" if each.detail and not each.held else each.outcome


def _counted(values: Iterator[str]) -> dict[str, int]:
    return {str(value): number for value, number in Counter(values).most_common()}
