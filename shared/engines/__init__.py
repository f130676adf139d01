"""The engines of a call: what recognizes speech, speaks, detects voices and, maybe, thinks.

Whose they are: `shared.engines.providers`, and what installed packages bring. Weights are loaded
once per process and shared by all of its sessions; `load` makes what belongs to one session, which
costs next to nothing.
"""

import importlib
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from shared.engines.chosen import Chosen, all_of, find, of_kind
from shared.engines.models import LOADING, Models, judge, load
from shared.engines.providers import Package
from shared.engines.silero import load as load_silero
from shared.engines.turn_settings import AFTER_SERVICE_S, TurnSettings
from shared.errors import EngineUnavailable
from shared.settings import Settings
from shared.spec import Engines

__all__ = [
    "Models",
    "TurnSettings",
    "at_pace",
    "check",
    "check_names",
    "describe",
    "judge",
    "load",
    "preload",
    "same_provider",
    "services",
    "silence_after",
]


def check(engines: Engines, settings: Settings) -> None:
    """Fail if `engines` cannot be used here; nothing heavy is loaded.

    On the main thread, where LiveKit's plugins have to be imported for the first time.

    Raises:
        EngineUnavailable: One is unknown, not installed, or its key is missing.
        UsageError: One is another package's, which cannot be used.
    """
    for one in all_of(engines):
        provider = one.provider
        for package in provider.packages:
            if not _installed(package):
                extra = f'install the extra "{provider.extra}"' if provider.extra else "install it"
                raise EngineUnavailable(one.engine, f"{package.name} is not installed; {extra}")
        if one.key(settings):
            for package in provider.packages:
                try:
                    importlib.import_module(package.module)
                except Exception as error:
                    why = f"{package.name} cannot be imported: {type(error).__name__}: {error}"
                    raise EngineUnavailable(one.engine, why.splitlines()[0]) from error


def check_names(engines: Engines) -> None:
    """Fail if one of `engines` is unknown, wherever it is to be used.

    Raises:
        EngineUnavailable: It is.
    """
    for _ in all_of(engines):
        pass


def preload(engines: Engines, settings: Settings) -> None:
    """Load what is heavy and run it once, so that no first utterance is slow. Blocks.

    Raises:
        EngineUnavailable: As `check`.
    """
    check(engines, settings)
    with LOADING:
        load_silero()
        for one in all_of(engines):
            if one.offer.load:
                with one.named("loaded"):
                    one.offer.load(one.name)


def describe(engines: Engines) -> dict[str, dict[str, Any]]:
    """Where each engine comes from, by kind (`stt`, `llm`, `tts`, `vad`), for the record.

    What is there for when it fails stands under `beside`.
    """
    described: dict[str, dict[str, Any]] = {}
    for one in all_of(engines):
        if one.kind in described:
            described[one.kind].setdefault("beside", []).append(_describe(one))
        else:
            described[one.kind] = _describe(one)
    return described


def _installed(package: Package) -> bool:
    try:
        return bool(version(package.name)) and find_spec(package.module) is not None
    except ModuleNotFoundError:  # of the distribution, or of a package that the module would be in
        return False


def _describe(one: Chosen) -> dict[str, Any]:
    return {
        "engine": one.engine,
        "provider": one.provider.name,
        "name": one.name,
        "packages": [
            {"name": package.name, "version": version(package.name), "licence": package.licence}
            for package in one.provider.packages
        ],
    }


def at_pace(voice: str, speed: float) -> str:
    """The name of a voice that speaks so much quicker; the same one if it cannot.

    Raises:
        EngineUnavailable: There is no such voice.
    """
    if speed == 1 or "," in voice:
        return voice
    paced = find("tts", voice).offer.paced
    return f"{voice}@{speed:g}" if paced and "@" not in voice else voice


def same_provider(one: str, other: str) -> bool:
    """Whether two engines are of one provider."""
    return one.partition("/")[0] == other.partition("/")[0]


def silence_after(engines: Engines) -> float:
    """Seconds of silence that end a turn of their voice at the earliest, whatever was said."""
    by_service = any(one.is_service for one in of_kind(engines, "tts"))
    return AFTER_SERVICE_S if by_service else 0.0


def services(engines: Engines) -> list[Chosen]:
    """Those of `engines` that answer over the network."""
    return [one for one in all_of(engines) if one.is_service]
