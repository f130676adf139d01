"""What surrounds requests to a service, for the tests of what is private to LiveKit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


class Answers:
    """Surrounds requests, and passes on what comes back, noting what it was."""

    def __init__(self) -> None:
        self.begun = self.ended = 0
        self.taken: list[str] = []
        self._target: Any = None

    @asynccontextmanager
    async def asking(self) -> AsyncIterator["Answers"]:
        self.begun += 1
        try:
            yield self
        finally:
            self.ended += 1

    def stand_in_for(self, target: Any) -> Any:
        self._target = target
        return self

    def __getattr__(self, name: str) -> Any:
        self.taken.append(name)
        return getattr(self._target, name)
