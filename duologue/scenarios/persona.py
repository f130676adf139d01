"""Personas: people who call, read from YAML by the names they go by there."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Annotated

from pydantic import BeforeValidator, RootModel

from duologue.scenarios.document import Document
from shared.customer_sheet import Persona
from shared.values import Text

PERSONAS = Path(__file__).resolve().parent / "bundled" / "personas.yaml"


class PersonaFile(RootModel[dict[Text, Persona]]):
    """A file of personas."""


@cache
def load_personas(path: Path = PERSONAS) -> Mapping[str, Persona]:
    """The personas in a file; unless told, in the bundled one.

    Raises:
        DocumentError: It has something else.
    """
    return Document.read(path).parse(PersonaFile).root


def deal_persona(seed: int) -> Persona:
    """One of the bundled personas, by a seed."""
    personas = load_personas()
    return personas[Random(seed).choice([*personas])]  # noqa: S311 - nothing secret


def _by_name(data: object) -> object:
    if not isinstance(data, str):
        return data
    personas = load_personas()
    if data not in personas:
        raise ValueError(f"no persona {data!r}; there are {', '.join(personas)}")
    return personas[data]


NamedPersona = Annotated[Persona, BeforeValidator(_by_name, json_schema_input_type=Persona | str)]
"""A persona; in a file the name of a bundled one will do."""
