"""The engines of a call: what recognizes speech, speaks, detects voices and, maybe, thinks.

Engines are named in `shared.engines.table`. Weights are loaded once per process and shared by all
of its sessions; `load` makes what belongs to one session, which costs next to nothing.
"""

import importlib
import re
import threading
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from livekit.agents import llm, stt, tts, vad

from shared.engines import table
from shared.engines.silero import SileroVAD
from shared.engines.silero import load as load_silero
from shared.engines.table import Order, Row
from shared.engines.turns import TurnSettings
from shared.errors import EngineUnavailable
from shared.latency import NO_DELAYS, Delays
from shared.settings import Settings
from shared.spec import Engines

__all__ = [
    "Models",
    "TurnSettings",
    "at_pace",
    "check",
    "describe",
    "load",
    "load_judge",
    "preload",
    "services",
]

T = TypeVar("T")

_PACE = re.compile(r"0\.[5-9]\d?|1(?:\.[0-5]\d?)?")
"""How much quicker a voice may be made to speak."""
_LOADING = threading.Lock()
"""Sessions may share the process as threads; one at a time loads weights."""


class Models(NamedTuple):
    """The engines of one session."""

    stt: stt.STT[Any]
    llm: llm.LLM[Any] | None
    """None for "rules": the role brings its own."""
    tts: tts.TTS[Any]
    vad: vad.VAD
    turn: TurnSettings
    delays: Delays
    """What the engines are made to take; already in those of this project."""

    async def aclose(self) -> None:
        """Close connections to services, when the session is over."""
        for engine in (self.stt, self.llm, self.tts):
            if engine:
                await engine.aclose()


def check(engines: Engines, settings: Settings) -> None:
    """Fail if `engines` cannot be used here; nothing heavy is loaded.

    On the main thread, where LiveKit's plugins have to be imported for the first time.

    Raises:
        EngineUnavailable: One is unknown, not installed, or its key is missing.
    """
    for _, engine, row, _ in _rows(engines):
        for package in row.packages:
            if find_spec(package.module) is None:
                extra = f'install the extra "{row.extra}"' if row.extra else "install it"
                raise EngineUnavailable(engine, f"{package.name} is not installed; {extra}")
        if _key(engine, row, settings):
            importlib.import_module(row.packages[0].module)


def preload(engines: Engines, settings: Settings) -> None:
    """Load what is heavy and run it once, so that no first utterance is slow. Blocks.

    Raises:
        EngineUnavailable: As `check`.
    """
    check(engines, settings)
    with _LOADING:
        load_silero()
        for _, _, row, name in _rows(engines):
            if row.load:
                row.load(name)


def load(
    engines: Engines, settings: Settings, *, seed: int = 0, delays: Delays = NO_DELAYS
) -> Models:
    """The engines for one session, in the loop it runs in.

    Args:
        engines: Which.
        settings: Keys and addresses of services.
        seed: What voices that have a choice choose by.
        delays: What the engines are made to take; without, nothing on top of their work.

    Raises:
        EngineUnavailable: As `check`.
    """
    turn = _find(table.STT, "stt", engines.stt)[0].turn
    silero = SileroVAD(min_silence_s=turn.vad_min_silence_s)

    def make(rows: tuple[Row[T], ...], kind: str) -> T:
        engine = getattr(engines, kind)
        row, name = _find(rows, kind, engine)
        return row.make(Order(name, _key(engine, row, settings), settings, silero, seed, delays))

    with _LOADING:
        return Models(
            stt=make(table.STT, "stt"),
            llm=make(table.LLM, "llm"),
            tts=make(table.TTS, "tts"),
            vad=make(table.VAD, "vad"),
            turn=turn,
            delays=delays,
        )


def load_judge(engine: str, settings: Settings) -> llm.LLM[Any]:
    """A language model by itself, to judge calls with.

    Raises:
        EngineUnavailable: It is unknown, not installed, its key is missing, or it is no model.
    """
    row, name = _find(table.LLM, "llm", engine)
    key = _key(engine, row, settings)
    silero = SileroVAD(min_silence_s=row.turn.vad_min_silence_s)
    model = row.make(Order(name, key, settings, silero, 0, NO_DELAYS))
    if model is None:
        raise EngineUnavailable(
            engine, "it cannot judge; name a language model, see docs/engines.md"
        )
    return model


def describe(engines: Engines) -> dict[str, dict[str, Any]]:
    """Where each engine comes from, by kind (`stt`, `llm`, `tts`, `vad`), for the record."""
    return {
        kind: {
            "engine": engine,
            "provider": row.provider,
            "name": name,
            "packages": [
                {"name": package.name, "version": version(package.name), "licence": package.licence}
                for package in row.packages
            ],
        }
        for kind, engine, row, name in _rows(engines)
    }


def at_pace(voice: str, speed: float) -> str:
    """The name of a voice that speaks so much quicker; the same one if it cannot.

    Raises:
        EngineUnavailable: There is no such voice.
    """
    row, _ = _find(table.TTS, "tts", voice)
    return f"{voice}@{speed:g}" if row.paced and speed != 1 and "@" not in voice else voice


def services(engines: Engines) -> dict[str, Row[Any]]:
    """Those of `engines` that answer over the network, by kind (`stt`, `llm`, `tts`)."""
    return {kind: row for kind, _, row, _ in _rows(engines) if row.key}


def _rows(engines: Engines) -> Iterator[tuple[str, str, Row[Any], str]]:
    """Kind, engine, row and name of the four."""
    tables: dict[str, tuple[Row[Any], ...]] = {
        "stt": table.STT,
        "llm": table.LLM,
        "tts": table.TTS,
        "vad": table.VAD,
    }
    for kind, rows in tables.items():
        engine = getattr(engines, kind)
        yield kind, engine, *_find(rows, kind, engine)


def _find(rows: tuple[Row[T], ...], kind: str, engine: str) -> tuple[Row[T], str]:
    """The row of `engine`, and its name without the provider."""
    provider, _, name = engine.partition("/")
    for row in rows:
        if row.provider != provider or bool(name) != bool(row.names):
            continue
        if row.paced and "@" in name:
            voice, _, speed = name.partition("@")
            if voice in row.names and _PACE.fullmatch(speed):
                return row, name
        if name and name not in row.names:
            if not row.open_ended:
                continue
            if row.load and not Path(name).is_file():
                raise EngineUnavailable(engine, f"there is no file {name}")
        return row, name
    known = [
        f"{row.provider}/{name}" if name else row.provider
        for row in rows
        for name in (*row.names, *(["..."] if row.open_ended else [])) or ("",)
    ]
    raise EngineUnavailable(engine, f"{kind} engines are: {', '.join(known)}")


def _key(engine: str, row: Row[Any], settings: Settings) -> str:
    """The key of an engine; empty if it needs none."""
    if row.key is None:
        return ""
    key = getattr(settings, row.key)
    if key is None:
        raise EngineUnavailable(engine, f"set {row.key.upper()}")
    return str(key.get_secret_value())
