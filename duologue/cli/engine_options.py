"""The options by which a command line names engines: `--profile`, and one a role and kind."""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Annotated, Any, NamedTuple

import typer

from duologue.scenarios.scenario import NO_OPTIONS
from shared.settings import Profile
from shared.spec import EngineChoice, Engines, Role

_PANEL = "Engines"
_ENGINE = Annotated[
    str | None,
    typer.Option(
        metavar="ENGINE",
        help="provider/model-or-voice; several with commas: each for when those before it fail.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
_PROFILE = Annotated[
    Profile | None,
    typer.Option(
        help="The engines where neither option, scenario nor environment names one.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
_OPTIONS: dict[str, Any] = {"profile": _PROFILE} | {
    f"{role}_{kind}": _ENGINE for role in Role for kind in Engines.model_fields
}


class NamedEngines(NamedTuple):
    """What a command line says of engines."""

    profile: Profile | None = None
    choices: Mapping[Role, EngineChoice] = NO_OPTIONS

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "NamedEngines":
        """From options by their names, such as `support_tts`."""
        choices = {
            role: EngineChoice(**{kind: options[f"{role}_{kind}"] for kind in Engines.model_fields})
            for role in Role
        }
        return cls(options["profile"], choices)


NOTHING_NAMED = NamedEngines()


def with_engine_options(command: Callable[..., None]) -> Callable[..., None]:
    """A command with these options, which it gets as its parameter `named`.

    Typer reads a command's options from its signature, so that is what is made here.
    """
    own = inspect.signature(command, eval_str=True).parameters

    @wraps(command)
    def with_options(**given: Any) -> None:
        engines = {name: given.pop(name) for name in _OPTIONS}
        command(**given, named=NamedEngines.of(engines))

    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]
    kept = [parameter for name, parameter in own.items() if name != "named"]
    with_options.__signature__ = inspect.Signature([*kept, *added])  # type: ignore[attr-defined]
    with_options.__annotations__ = {each.name: each.annotation for each in (*kept, *added)}
    return with_options
