"""`duologue deploy`: what it takes to ship each role alone."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from duologue.deploy.staging import stage as stage_role
from shared.spec import Role

CHECKOUT = Path(__file__).resolve().parents[2]

app = typer.Typer(help="Ship each role alone.", no_args_is_help=True)
out = Console(highlight=False)


@app.command()
def stage(
    role: Annotated[Role, typer.Argument(help="Which role.")],
) -> None:
    """Make the folder that the image of one role is built from: build/ROLE in the checkout."""
    staged = stage_role(role, CHECKOUT, CHECKOUT / "build" / role)
    out.print(
        f"{escape(str(staged.path))}: {staged.files} files, {staged.size / 1e6:.1f} MB",
        soft_wrap=True,
    )
    if staged.agent_id:
        out.print(f"agent {escape(staged.agent_id)}: lk agent deploy build/{role}")
    else:
        out.print(f"no agent yet: lk agent create build/{role}")
