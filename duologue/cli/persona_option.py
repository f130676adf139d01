"""The option --persona, by which a command line names who calls."""

from typing import Annotated

import typer

from duologue.scenarios.persona import load_personas
from shared.customer_sheet import Persona
from shared.errors import UsageError

PersonaOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Who calls, by the name of a bundled persona, in the place of the scenario's own.",
    ),
]


def named_persona(name: str | None) -> Persona | None:
    """The bundled persona of this name.

    Raises:
        UsageError: There is none.
    """
    personas = load_personas()
    if name is not None and name not in personas:
        raise UsageError(f"there is no persona {name!r}, but {', '.join(personas)}")
    return personas[name] if name else None
