"""`duologue report`: an index of many calls, or one call's report anew."""

from pathlib import Path
from typing import Annotated

import typer

from duologue.cli.refused_folders import exit_without
from duologue.cli.terminal import Terminal
from duologue.folder.folder import REPORT, is_call_folder
from duologue.pipeline.relabel import relabel
from duologue.pipeline.stages import LabelStage
from duologue.report import index
from duologue.report.summary import read_calls

out = Terminal()


def report(
    calls: Annotated[
        Path, typer.Argument(help="The folder that call folders are in, or one of these.")
    ] = Path("calls"),
) -> None:
    """Make a page of many calls, index.html, to sort and filter; or one call's report.html anew."""
    if is_call_folder(calls):
        relabel(calls, LabelStage.REPORT)
        _tell(calls / REPORT)
        return
    readable, refused = read_calls(calls)
    _tell(index.write(calls, readable))
    exit_without(refused)


def _tell(made: Path) -> None:
    out.print(str(made), soft_wrap=True, markup=False)
