"""What a terminal shows of a comparison."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from duologue.comparison.comparison import Change, Comparison, Difference
from duologue.comparison.measures import MEASURES, Measure

_COLORS = {Change.WORSE: "red", Change.BETTER: "green"}
_WIDTH = 7
"""Of a value, in characters."""


def show_comparison(result: Comparison, failed: Sequence[str], console: Console) -> None:
    """Each scenario, all together, and what fails."""
    _show_scenarios(result, console)
    console.print(_all(result))
    if result.pass_power:
        told = ", ".join(
            f"{each.k}: {each.base:.2f} > {each.new:.2f}" for each in result.pass_power
        )
        console.print(f"pass^k, BASE > NEW: {told}", markup=False)
    for note in result.notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", soft_wrap=True)
    for line in failed:
        console.print(f"[red]failed:[/red] {escape(line)}", soft_wrap=True)
    if not failed:
        console.print("[green]nothing that counts is worse beyond noise[/green]")


def _show_scenarios(result: Comparison, console: Console) -> None:
    """Two lines each, under a label that may be a sentence; within 80 columns."""
    known = [measure for measure in MEASURES if _is_known(result.all[measure.name])]
    for number, each in enumerate(result.scenarios):
        table = Table(box=None, show_header=number == 0, pad_edge=False)
        table.add_column("", width=4)
        for head in ("calls", *(measure.name.replace("_", " ") for measure in known)):
            table.add_column(head, width=max(_WIDTH, *map(len, head.split()), 0), justify="right")
        for side, calls in (("BASE", each.base_calls), ("NEW", each.new_calls)):
            found = [(measure, each.measures[measure.name]) for measure in known]
            table.add_row(side, str(calls), *(_cell(side, *one) for one in found))
        console.print(f"[bold]{escape(each.label)}[/bold]", soft_wrap=True)
        console.print(table)


def _cell(side: str, measure: Measure, found: Difference) -> str:
    value = measure.show(found.base if side == "BASE" else found.new)
    return value if side == "BASE" else _colored(value, found.change)


def _colored(text: str, change: Change) -> str:
    color = _COLORS.get(change)
    return f"[{color}]{text}[/]" if color else text


def _is_known(found: Difference) -> bool:
    return found.base is not None or found.new is not None


def _all(result: Comparison) -> Table:
    table = Table(
        "all scenarios", "BASE", "NEW", "difference", "95 % interval", "", box=None, pad_edge=False
    )
    for measure in MEASURES:
        found = result.all[measure.name]
        low, high = map(measure.show_change, found.interval) if found.interval else ("", "")
        table.add_row(
            measure.title.lower(),
            measure.show(found.base),
            measure.show(found.new),
            "" if found.difference is None else measure.show_change(found.difference),
            f"{low} to {high}" if low else "",
            _colored(found.change, found.change),
        )
    return table
