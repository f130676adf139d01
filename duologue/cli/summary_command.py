"""`duologue summary`: what came of many calls."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from duologue.cli.refused_folders import exit_without
from duologue.cli.terminal import Terminal
from duologue.report.summary import read_calls, show_summary, summarize, write_csv


def summary(
    folders: Annotated[Path, typer.Argument(help="The folder that call folders are in.")] = Path(
        "calls"
    ),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line per call, as CSV.")] = False,
    worst: Annotated[int, typer.Option(min=0, help="How many of the worst calls to show.")] = 10,
) -> None:
    """Say what came of many calls: outcomes, reply gaps, durations, and the worst first."""
    calls, refused = read_calls(folders)
    if as_csv:
        write_csv(calls, sys.stdout)
    elif as_json:
        sys.stdout.write(json.dumps(summarize(calls), indent=2) + "\n")
    else:
        show_summary(calls, Terminal(), worst=worst)
    exit_without(refused)
