"""`duologue business`: businesses of one's own, from an empty folder to a first call."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from duologue.businesses import check, write_business
from duologue.cli.terminal import Terminal
from duologue.scenarios.at_business import scenarios_file
from shared.errors import UsageError
from support_agent import known_businesses, overshadowed_businesses, resolve_business

app = typer.Typer(help="List, write and check businesses.", no_args_is_help=True)
out = Terminal()
err = Terminal(stderr=True)


@app.command("list")
def list_businesses() -> None:
    """List the businesses that can be called by name, and the package that each comes from."""
    table = Table("business", "package", box=None)
    for name, source in known_businesses().items():
        table.add_row(escape(name), escape(source))
    out.print(table)
    for unused in overshadowed_businesses():
        err.print(f"[yellow]warning:[/yellow] {escape(unused)}", soft_wrap=True)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="The folder to make, called like the business.")],
) -> None:
    """Write a small business that runs at once, to be made your own."""
    for file in write_business(folder):
        out.print(escape(str(file)), soft_wrap=True)
    # A name alone may be that of another business, which goes first.
    place = folder if len(folder.parts) > 1 else f"./{folder}"
    out.print(
        f"\nCall it: duologue call --business {place} --transport direct\n"
        f"After each change: duologue business check {place}",
        soft_wrap=True,
    )


@app.command("check")
def check_business(
    business: Annotated[str, typer.Argument(metavar="BUSINESS", help="Its folder, or its name.")],
) -> None:
    """Say what is missing or wrong in a business: what, where, and what to do."""
    reference = resolve_business(business, Path.cwd())
    complaints = check(reference)
    for complaint in complaints:
        err.print(f"[red]error:[/red] {escape(str(complaint))}", soft_wrap=True)
    if complaints:
        sys.exit(UsageError.exit_code)
    out.print(f"{escape(business)}: ok; its scenarios: {scenarios_file(reference)}", soft_wrap=True)
