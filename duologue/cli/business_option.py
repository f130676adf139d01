"""The option --business of the commands that make calls."""

from typing import Annotated

import typer

BusinessOption = Annotated[
    str | None,
    typer.Option(
        metavar="BUSINESS",
        help="Call this business, by its name or its folder; scenarios are then its own, unless "
        "others are named.",
    ),
]
