"""`duologue deploy`: what it takes to ship each role alone."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from duologue.deploy.staging import find_project
from duologue.deploy.staging import stage as stage_role
from shared.spec import Role

app = typer.Typer(help="Ship each role alone.", no_args_is_help=True)
out = Console(highlight=False)


@app.command()
def stage(
    role: Annotated[Role, typer.Argument(help="Which role.")],
) -> None:
    """Make the folder that the image of one role is built from: build/ROLE.

    It is made in the clone that this runs from, or else in the current folder.
    """
    staged = stage_role(role, find_project())
    out.print(
        f"{escape(str(staged.path))}: {staged.files} files, {staged.size / 1e6:.1f} MB",
        soft_wrap=True,
    )
    if staged.agent_id:
        out.print(f"agent {escape(staged.agent_id)}: lk agent deploy build/{role}")
    else:
        out.print(f"no agent yet: lk agent create build/{role}")
