"""Engines by their names: which row of the table each is of."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from shared.engines import catalog
from shared.engines.catalog import Row
from shared.errors import EngineUnavailable
from shared.settings import Settings
from shared.spec import RULES, Engines

TABLES: dict[str, tuple[Row[Any], ...]] = {
    "stt": catalog.STT,
    "llm": catalog.LLM,
    "tts": catalog.TTS,
    "vad": catalog.VAD,
}

_PACE = re.compile(r"0\.[5-9]\d?|1(?:\.[0-5]\d?)?")
"""How much quicker a voice may be made to speak."""


class Named(NamedTuple):
    """An engine that somebody named."""

    kind: str
    """`stt`, `llm`, `tts` or `vad`."""
    engine: str
    row: Row[Any]
    name: str
    """Of the model or the voice, without the provider."""

    def key(self, settings: Settings) -> str:
        """Its key; empty if it needs none.

        Raises:
            EngineUnavailable: It is missing.
        """
        if self.row.key is None:
            return ""
        key = getattr(settings, self.row.key)
        if key is None:
            raise EngineUnavailable(self.engine, f"set {self.row.key.upper()}")
        return str(key.get_secret_value())


def named(engines: Engines) -> Iterator[Named]:
    """All of them, kind by kind, each followed by what is there for when it fails.

    Raises:
        EngineUnavailable: One is unknown, or cannot stand beside another.
    """
    for kind in TABLES:
        yield from of_kind(engines, kind)


def of_kind(engines: Engines, kind: str) -> list[Named]:
    """Those of one kind, the first one first.

    Raises:
        EngineUnavailable: As `named`.
    """
    names = getattr(engines, kind).split(",")
    if len(names) > 1 and (kind == "vad" or RULES in names):
        raise EngineUnavailable(getattr(engines, kind), f"{names[-1]} cannot stand beside another")
    return [find(kind, name.strip()) for name in names]


def find(kind: str, engine: str) -> Named:
    """The engine of a kind that has this name.

    Raises:
        EngineUnavailable: There is none.
    """
    provider, _, name = engine.partition("/")
    rows = TABLES[kind]
    for row in rows:
        if row.provider != provider or bool(name) != bool(row.names):
            continue
        if row.paced and "@" in name:
            voice, _, speed = name.partition("@")
            if voice in row.names and _PACE.fullmatch(speed):
                return Named(kind, engine, row, name)
        if name and name not in row.names:
            if not row.open_ended:
                continue
            if row.load and not Path(name).is_file():
                raise EngineUnavailable(engine, f"there is no file {name}")
        return Named(kind, engine, row, name)
    known = [
        f"{row.provider}/{name}" if name else row.provider
        for row in rows
        for name in (*row.names, *(["..."] if row.open_ended else [])) or ("",)
    ]
    raise EngineUnavailable(engine, f"{kind} engines are: {', '.join(known)}")


def provider(engine: str) -> str:
    """The provider in an engine's name."""
    return engine.partition("/")[0]
