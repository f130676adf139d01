"""`duologue relabel`: label call folders again, without calling again."""

import os
import sys
from asyncio import CancelledError
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress

from duologue.cli.terminal import Terminal
from duologue.folder.folder import is_unlabelled
from duologue.pipeline.relabel import Done, Relabelled, find_folders, relabel_all
from duologue.pipeline.stages import LabelStage
from shared.errors import DuologueError, FolderError, UsageError

out = Terminal()
err = Terminal(stderr=True)


def relabel(
    calls: Annotated[Path, typer.Argument(help="A call folder, or a folder of such.")] = Path(
        "calls"
    ),
    *,
    stage: Annotated[
        LabelStage, typer.Option(help="Where to begin; the stages after it follow.")
    ] = LabelStage.PLACEMENT,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Calls at the same time at most; never more than cores."),
    ] = None,
    audio: Annotated[
        Path | None,
        typer.Option(help="This one call's audio, changed on purpose: kept beside the clean one."),
    ] = None,
) -> None:
    """Make transcript, metrics and report of recorded calls again; the same, if nothing changed."""
    folders = find_folders(calls)
    if audio and len(folders) > 1:
        raise UsageError(
            f"--audio is of one call, and {calls} has {len(folders)}: name one of them"
        )
    if audio and is_unlabelled(folders[0]):
        raise UsageError(f"{folders[0]} has no labels yet: relabel it first, then with --audio")
    cores = os.cpu_count() or 1  # each call keeps one busy, and takes memory of its own
    counts: Counter[Done] = Counter()
    try:
        with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
            task = progress.add_task("labelling", total=len(folders))
            for result in relabel_all(folders, stage, jobs=min(jobs or cores, cores), audio=audio):
                counts[result.done] += 1
                progress.advance(task)
                _show(result, alone=len(folders) == 1)
    except KeyboardInterrupt:
        raise CancelledError from None  # as every command is cancelled
    finally:
        if len(folders) > 1:
            told = [f"{counts[each]} {each}" for each in Done if counts[each]]
            if untold := len(folders) - counts.total():
                told.append(f"of {untold} nothing is known")
            out.print(f"{len(folders)} calls: {', '.join(told)}")
    if counts[Done.FAILED]:
        sys.exit(DuologueError.exit_code)
    sys.exit(FolderError.exit_code if counts[Done.REFUSED] else 0)


def _show(result: Relabelled, *, alone: bool) -> None:
    """Say what was done with a folder; of many, only if it is no longer as it was, or refused."""
    if result.done in {Done.REFUSED, Done.FAILED, Done.SKIPPED}:
        err.print(f"[red]{result.done}:[/red] {escape(result.detail)}", soft_wrap=True)
    elif alone or result.done in {Done.FINISHED, Done.RELABELLED}:
        what = f" ({escape(result.detail)})" if result.detail else ""
        out.print(f"{escape(str(result.folder))}: {result.done}{what}", soft_wrap=True)
