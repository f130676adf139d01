"""Imports that come when they are needed: those of a command, those of a process of a batch."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def importing() -> Iterator[None]:
    """Import a lot here, a seventh quicker: nothing of it is garbage, so none is looked for."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
