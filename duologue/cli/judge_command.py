"""`duologue judge`: what language models say of calls."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from duologue.cli.refused_folders import exit_without
from duologue.cli.terminal import Terminal
from duologue.labels import judges
from duologue.labels.calibration import Agreement, agreements, write_sheet
from duologue.labels.judges import HOW_TO_RAISE
from duologue.labels.recorded_call import Call
from duologue.report.summary import read_calls
from shared import engines
from shared.errors import UsageError
from shared.settings import Settings, read_settings


def judge(
    folders: Annotated[Path, typer.Argument(help="The folder that call folders are in.")] = Path(
        "calls"
    ),
    *,
    model: Annotated[
        str | None,
        typer.Option(help="The language model that judges, such as openai/gpt-4.1-mini."),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Judge what it has judged, too, and say what changed.")
    ] = False,
    calibrate: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Say how far judges agree with people by this sheet; made to be filled in, if it "
            "is not there.",
        ),
    ] = None,
) -> None:
    """Have a language model judge the calls that it has not judged yet (LiveKit's judges)."""
    calls, refused = read_calls(folders)
    console = Terminal()
    if model:
        asyncio.run(judge_calls(calls, model, read_settings(), console, again=again))
    elif calibrate is None or again:
        raise UsageError("name the language model that judges: --model openai/gpt-4.1-mini")
    if calibrate and not calibrate.exists():
        write_sheet(calibrate, calls)
        told = f"{calibrate}: fill in pass, fail or maybe, and give it to --calibrate again"
        console.print(told, markup=False, soft_wrap=True)
    elif calibrate:
        show_agreement(agreements(calibrate, calls), console)
    exit_without(refused)


def show_agreement(found: Sequence[Agreement], console: Console) -> None:
    """Show how far judges agree with people."""
    table = Table("criterion", "calls", "alike", "Cohen's kappa", "people said, the judge said")
    for each in found:
        differently = ", ".join(
            f"{person}, {judge}: {number}" for (person, judge), number in sorted(each.pairs.items())
        )
        alike = "" if each.alike is None else f"{each.alike:.0%}"
        kappa = "" if each.kappa is None else f"{each.kappa:.2f}"
        table.add_row(each.criterion, str(each.calls), alike, kappa, differently)
    console.print(table)


async def judge_calls(
    calls: Sequence[Call], name: str, settings: Settings, console: Console, *, again: bool = False
) -> None:
    """Have `name` judge each of `calls` that it has not judged yet, or all `again`, and say so.

    Raises:
        EngineUnavailable: `name` is no language model, or cannot be used here.
        FolderError: A call is damaged.
        DuologueError: A judge did not answer.
    """
    counts: Counter[tuple[str, str]] = Counter()
    cuts: list[str] = []
    async with engines.judge(name, settings, cuts.append) as model:
        for each in calls:
            folder = each.path
            known = judges.read(folder)
            cuts.clear()
            judged = (
                known
                if known and known.model == name and not again
                else await judges.judge(folder, model, name, cuts)
            )
            for where in cuts:
                told = f"{each.id}: a reply of {name} was cut {where} ({HOW_TO_RAISE})"
                console.print(told, markup=False, soft_wrap=True)
            counts.update((one.judge, one.verdict) for one in judged.judgments)
            failed = [f"{one.judge}: {one.reasoning}" for one in judged.judgments if one.failed]
            told = "; ".join(failed) or "nothing failed"
            console.print(f"{each.id}: {told}", markup=False, soft_wrap=True)
            for one in judged.reversals:
                told = f"{each.id}: {one.judge} said {one.before} before, and says {one.now} now"
                console.print(told, markup=False, soft_wrap=True)
    for maker in judges.JUDGES:
        named = maker().name
        verdicts = ", ".join(f"{counts[named, kind]} {kind}" for kind in ("pass", "maybe", "fail"))
        console.print(f"{named}: {verdicts}")
