"""One side's hold on a call: what its agent, tools and watchdogs share while it lasts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from shared.endings import EndReason
from shared.events import Ended, KeysPressed
from shared.events.journal import Journal
from shared.spec import CallSpec, Role

if TYPE_CHECKING:
    from shared.engines.clips import Clips

PressKey = Callable[[str], Awaitable[None]]

KEYS = "0123456789*#"
"""Each at the place that is its code (RFC 4733)."""
BETWEEN_KEYS_S = 0.2


class Line:
    """The line one role is on: its specification, its journal, and the end of the call.

    It is the `userdata` of the role's AgentSession, so tools reach it by `RunContext`.
    """

    def __init__(self, role: Role, spec: CallSpec, journal: Journal) -> None:
        self.role, self.spec, self.journal = role, spec, journal
        self.clips: Clips = {}
        """What is played as it is, by its words; the rest is synthesized."""
        self.press_key: PressKey | None = None
        """How one key reaches the other side; None where there is no telephone."""
        self.ended: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()

    async def press(self, keys: str) -> None:
        """Press keys of the telephone, one after the other."""
        self.journal.emit(KeysPressed(keys=keys))
        for index, key in enumerate(keys):
            if index:
                await asyncio.sleep(BETWEEN_KEYS_S)
            if self.press_key:
                await self.press_key(key)

    def end(self, reason: EndReason, **details: str) -> None:
        """End this side's part, once; what ended it first stands."""
        if not self.ended.done():
            self.journal.emit(Ended(reason=reason, **details))
            self.ended.set_result(reason)

    def end_failed(self, kind: str, error: str) -> None:
        """End this side's part because its engine of a kind (`stt`, `llm`, `tts`) failed."""
        engine = getattr(self.spec.engines[self.role], kind)
        self.end(EndReason.ENGINE_FAILED, engine=f"{kind} {engine}", error=error)
