"""The options by which a command line names engines."""

from collections.abc import Mapping
from typing import Annotated

import typer

from shared.settings import Profile
from shared.spec import EngineChoice, Role

_PANEL = "Engines"
EngineOption = Annotated[
    str | None,
    typer.Option(
        metavar="ENGINE",
        help="provider/model-or-voice; several with commas: each for when those before it fail.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
ProfileOption = Annotated[
    Profile | None,
    typer.Option(
        help="The engines where neither option, scenario nor environment names one.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]


def engine_options(**named: str | None) -> Mapping[Role, EngineChoice]:
    """What was named, such as `support_tts`, by role."""
    return {
        role: EngineChoice(
            **{
                option.removeprefix(f"{role}_"): engine
                for option, engine in named.items()
                if option.startswith(f"{role}_")
            }
        )
        for role in Role
    }
