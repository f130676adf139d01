"""`duologue report`: an index of many calls, or one call's report anew."""

from pathlib import Path
from typing import Annotated

import typer

from duologue.cli.terminal import Terminal
from duologue.folder.folder import CALL, REPORT
from duologue.pipeline.relabel import relabel
from duologue.pipeline.stages import LabelStage
from duologue.report import index

out = Terminal()


def report(
    calls: Annotated[
        Path, typer.Argument(help="The folder that call folders are in, or one of these.")
    ] = Path("calls"),
) -> None:
    """Make a page of many calls, index.html, to sort and filter; or one call's report.html anew."""
    if (calls / CALL).exists():
        relabel(calls, LabelStage.REPORT)
        made = calls / REPORT
    else:
        made = index.write(calls)
    out.print(str(made), soft_wrap=True, markup=False)
