"""`duologue deploy`: what it takes to ship each role alone."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from duologue.cli.terminal import Terminal
from duologue.deploy.staging import find_project
from duologue.deploy.staging import stage as stage_role
from shared.spec import Role
from support_agent import resolve_business

app = typer.Typer(help="Ship each role alone.", no_args_is_help=True)
out = Terminal()


@app.command()
def stage(
    role: Annotated[Role, typer.Argument(help="Which role.")],
    *,
    business: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BUSINESS",
            help="A business of your own that the support agent takes calls about, too, by its "
            "name or its folder; may be given for each.",
        ),
    ] = None,
) -> None:
    """Make the folder that the image of one role is built from: build/ROLE.

    It is made in the clone that this runs from, or else in the current folder.
    """
    businesses = [resolve_business(each, Path.cwd()) for each in business or ()]
    staged = stage_role(role, find_project(), businesses=businesses)
    out.print(
        f"{escape(str(staged.path))}: {staged.files} files, {staged.size / 1e6:.1f} MB",
        soft_wrap=True,
    )
    if staged.agent_id:
        out.print(f"agent {escape(staged.agent_id)}: lk agent deploy build/{role}")
    else:
        out.print(f"no agent yet: lk agent create build/{role}")
