"""Engines that somebody chose by their names, and whose they are."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from shared.engines import registry
from shared.engines.providers import Offer, Provider
from shared.errors import DuologueError, EngineUnavailable, in_a_line
from shared.settings import Settings, variable_of
from shared.spec import RULES, Engines

_PACE = re.compile(r"0\.[5-9]\d?|1(?:\.[0-5]\d?)?")
"""How much quicker a voice may be made to speak."""


class Chosen(NamedTuple):
    """An engine that somebody chose."""

    kind: str
    """`stt`, `llm`, `tts` or `vad`."""
    engine: str
    """As it was named: `provider/model-or-voice`."""
    provider: Provider
    offer: Offer[Any]
    name: str
    """Of the model or the voice, without the provider."""

    @property
    def is_service(self) -> bool:
        """Whether it answers over the network."""
        return self.provider.base_url is not None

    @contextmanager
    def named(self, done: str) -> Iterator[None]:
        """Have whatever its provider raises meanwhile name it, and what is `done`: "made".

        Raises:
            EngineUnavailable: Something was raised.
        """
        try:
            yield
        except DuologueError:
            raise
        except Exception as error:
            raise EngineUnavailable(
                self.engine, f"it cannot be {done}: {in_a_line(error)}"
            ) from error

    def key(self, settings: Settings) -> str:
        """Its key; empty if it needs none.

        Raises:
            EngineUnavailable: It is missing.
        """
        if not self.is_service:
            return ""
        key = settings.provider(self.provider.name).api_key
        if key is None:
            raise EngineUnavailable(
                self.engine, f"set {variable_of(self.provider.name, 'api_key')}"
            )
        return key.get_secret_value()


def all_of(engines: Engines) -> Iterator[Chosen]:
    """All of them, kind by kind, each followed by what is there for when it fails.

    Raises:
        EngineUnavailable: One is unknown, or cannot stand beside another.
    """
    for kind in Engines.model_fields:
        yield from of_kind(engines, kind)


def of_kind(engines: Engines, kind: str) -> list[Chosen]:
    """Those of one kind, the first one first.

    Raises:
        EngineUnavailable: As `all_of`.
    """
    names = getattr(engines, kind).split(",")
    if len(names) > 1 and (kind == "vad" or RULES in names):
        raise EngineUnavailable(getattr(engines, kind), f"{names[-1]} cannot stand beside another")
    return [find(kind, name.strip()) for name in names]


def find(kind: str, engine: str) -> Chosen:
    """The engine of a kind that has this name.

    Raises:
        EngineUnavailable: There is none.
        UsageError: Its provider is another package's and cannot be used.
    """
    whose, _, name = engine.partition("/")
    provider = registry.find(whose)
    offer = provider and provider.offer(kind)
    if provider and offer and bool(name) == bool(offer.names):
        plain = _without_pace(name) if offer.paced else name
        if plain in offer.names or not name:
            return Chosen(kind, engine, provider, offer, name)
        if offer.open_ended:
            if offer.load and not Path(name).is_file():
                raise EngineUnavailable(engine, f"there is no file {name}")
            return Chosen(kind, engine, provider, offer, name)
    raise EngineUnavailable(engine, f"{kind} engines are: {', '.join(_known(kind))}")


def _without_pace(voice: str) -> str:
    """A voice's name without the pace after it, if that is one."""
    plain, at, speed = voice.partition("@")
    return plain if at and _PACE.fullmatch(speed) else voice


def _known(kind: str) -> Iterator[str]:
    for provider in registry.usable():
        if offer := provider.offer(kind):
            for name in (*offer.names, *(["..."] if offer.open_ended else [])) or ("",):
                yield f"{provider.name}/{name}" if name else provider.name
