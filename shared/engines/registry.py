"""Providers by their names: ours, and those that other installed packages add.

One that is broken, or has a name that another package gives, too, stops only who asks for it. One
with the name of one of ours is not used.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from shared import entry_points
from shared.engines import providers
from shared.engines.providers import Provider
from shared.errors import UsageError

GROUP = "duologue.engines"
"""The entry points by which other packages add theirs."""
BUNDLED = tuple(module.name for module in pkgutil.iter_modules(providers.__path__))


def names() -> list[str]:
    """The providers that there are; none of them is imported."""
    return sorted({*BUNDLED, *entry_points.added(GROUP)})


@cache
def find(name: str) -> Provider | None:
    """The provider of this name; None if there is none.

    Raises:
        UsageError: It is another package's and cannot be used.
    """
    if name in BUNDLED:
        return _bundled(name)
    entries = entry_points.added(GROUP).get(name)
    if entries is None:
        return None
    provider = entry_points.load(entries)
    # The one voice activity detection that there is, is ours.
    if not isinstance(provider, Provider) or provider.name != name or provider.vad:
        raise entry_points.unusable(entries, f"is no Provider {name!r} of stt, llm or tts")
    return provider


def usable() -> Iterator[Provider]:
    """The providers that can be imported, those whose engines run here first."""
    found = []
    for name in names():
        with suppress(UsageError):
            found.append(find(name))
    yield from sorted(filter(None, found), key=lambda one: (one.base_url is not None, one.name))


def _bundled(name: str) -> Provider:
    provider: Provider = importlib.import_module(f"{providers.__name__}.{name}").PROVIDER
    return provider
