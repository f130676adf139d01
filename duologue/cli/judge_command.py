"""`duologue judge`: what language models say of calls."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from duologue.cli.refused_folders import exit_without
from duologue.cli.terminal import Terminal
from duologue.labels import judges
from duologue.labels.judges import HOW_TO_RAISE
from duologue.labels.recorded_call import Call
from duologue.report.summary import read_calls
from shared import engines
from shared.settings import Settings, read_settings


def judge(
    folders: Annotated[Path, typer.Argument(help="The folder that call folders are in.")] = Path(
        "calls"
    ),
    *,
    model: Annotated[
        str, typer.Option(help="The language model that judges, such as openai/gpt-4.1-mini.")
    ],
) -> None:
    """Have a language model judge the calls that it has not judged yet (LiveKit's judges)."""
    calls, refused = read_calls(folders)
    asyncio.run(judge_calls(calls, model, read_settings(), Terminal()))
    exit_without(refused)


async def judge_calls(
    calls: Sequence[Call], name: str, settings: Settings, console: Console
) -> None:
    """Have `name` judge each of `calls` that it has not judged yet, and say so.

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
                if known and known.model == name
                else await judges.judge(folder, model, name, cuts)
            )
            for where in cuts:
                told = f"{each.id}: a reply of {name} was cut {where} ({HOW_TO_RAISE})"
                console.print(told, markup=False, soft_wrap=True)
            counts.update((one.judge, one.verdict) for one in judged.judgments)
            failed = [f"{one.judge}: {one.reasoning}" for one in judged.judgments if one.failed]
            told = "; ".join(failed) or "nothing failed"
            console.print(f"{each.id}: {told}", markup=False, soft_wrap=True)
    for maker in judges.JUDGES:
        named = maker().name
        verdicts = ", ".join(f"{counts[named, kind]} {kind}" for kind in ("pass", "maybe", "fail"))
        console.print(f"{named}: {verdicts}")
