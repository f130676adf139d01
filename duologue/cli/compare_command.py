"""`duologue compare`: whether a folder of calls is worse than another beyond noise."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from duologue.call.outcome import ExitCode
from duologue.cli.compare_view import show_comparison
from duologue.cli.refused_folders import exit_without
from duologue.cli.terminal import Terminal
from duologue.comparison import side_by_side
from duologue.comparison.comparison import compare as compared
from duologue.comparison.gates import failures, read_limits, read_margins
from duologue.folder.folder import is_call_folder
from duologue.report.summary import CallsRead, read_calls
from shared.errors import UsageError


def compare(
    base: Annotated[Path, typer.Argument(help="The folder of the calls from before.")],
    new: Annotated[Path, typer.Argument(help="The folder of those that may be worse.")],
    *,
    fail_on: Annotated[
        str,
        typer.Option(
            metavar="MEASURE,...",
            help="What must not be worse beyond noise; latency=0.1 allows 0.1 s.",
        ),
    ] = "success,latency",
    limit: Annotated[
        str,
        typer.Option(
            metavar="MEASURE=VALUE,...",
            help="What NEW must keep whatever BASE did, as success=0.9,latency_p95=1.5.",
        ),
    ] = "",
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page with recordings side by side, too."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Compare two folders of calls, scenario by scenario, and say what is worse beyond noise.

    Returns 0 if nothing that counts is, 1 if something is, 2 for wrong use.
    """
    margins, limits = read_margins(fail_on), read_limits(limit)
    before, after = _calls(base), _calls(new)
    result = compared(before.calls, after.calls, margins)
    failed = failures(result, margins, limits)
    if html:
        side_by_side.write(html, result, failed, before.calls, after.calls)
    if as_json:
        found = {"failed": failed, **result.model_dump(mode="json")}
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
    else:
        show_comparison(result, failed, Terminal())
    exit_without([*before.refused, *after.refused])
    sys.exit(ExitCode.GOAL_NOT_REACHED if failed else ExitCode.GOAL_REACHED)


def _calls(folder: Path) -> CallsRead:
    if is_call_folder(folder):
        raise UsageError(f"{folder} is a single call; name the folder that it is in")
    return read_calls(folder)
