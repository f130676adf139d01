"""One side's hold on a call: what its agent, tools and watchdogs share while it lasts."""

import asyncio
from enum import StrEnum

from shared.events import EventName, Journal
from shared.spec import CallSpec, Role


class EndReason(StrEnum):
    """Why one side's part in a call ended."""

    GOODBYE = "goodbye"
    """The customer hung up after both had said goodbye, or had nothing more to say."""
    GAVE_UP = "gave_up"
    """The customer hung up without its goals met."""
    HUNG_UP_EARLY = "hung_up_early"
    """The customer hung up in the middle of the call, as its sheet says."""
    TURN_LIMIT = "turn_limit"
    LENGTH_LIMIT = "length_limit"
    DEAD_AIR = "dead_air"
    """Nobody spoke, the call was revived once, and nobody spoke again."""
    PEER_LEFT = "peer_left"
    PEER_NEVER_CAME = "peer_never_came"
    ENGINE_FAILED = "engine_failed"
    CRASHED = "crashed"
    """The agent's own code raised."""
    STOPPED = "stopped"
    """The worker was told to stop, or the room was closed."""


class Line:
    """The line one role is on: its specification, its journal, and the end of the call.

    It is the `userdata` of the role's AgentSession, so tools reach it by `RunContext`.
    """

    def __init__(self, role: Role, spec: CallSpec, journal: Journal) -> None:
        self.role, self.spec, self.journal = role, spec, journal
        self.ended: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()

    def end(self, reason: EndReason, **details: str) -> None:
        """End this side's part, once; what ended it first stands."""
        if not self.ended.done():
            self.journal.emit(EventName.ENDED, reason=reason.value, **details)
            self.ended.set_result(reason)

    def end_failed(self, kind: str, error: str) -> None:
        """End this side's part because its engine of a kind (`stt`, `llm`, `tts`) failed."""
        engine = getattr(self.spec.engines[self.role], kind)
        self.end(EndReason.ENGINE_FAILED, engine=f"{kind} {engine}", error=error)
