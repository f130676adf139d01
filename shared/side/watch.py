"""Watchdogs of one side of a call: dead air, too many turns, too long a call.

Both sides watch alike and each by itself, so a call ends even when the other side does not.
"""

import asyncio

from livekit.agents import AgentSession

from shared.endings import EndReason
from shared.events import Heard, PeerStateChanged, Revived, Said, StateChanged
from shared.events.journal import Event
from shared.side.agent import CallAgent, Party
from shared.side.line import Line
from shared.spec import Role

CUSTOMER_PATIENCE_S = 2.0
"""How much longer the customer bears a silence: the support agent is to break it first."""


async def watch(
    party: Party, greeted: asyncio.Event | None = None, patience_s: float = 0.0
) -> None:
    """End the party's line when a limit of its specification is reached; returns when it has.

    Args:
        party: The side.
        greeted: Set once the other side has spoken.
        patience_s: How long an agent that is not ours may be silent before its first word.
    """
    agent, session, line = party
    limits = line.spec.limits
    late = _Late(greeted, patience_s) if greeted and not line.spec.opener_is_known else None
    try:
        async with asyncio.timeout(limits.max_length_s):
            await asyncio.gather(_count_turns(line), _break_silence(agent, session, line, late))
    except TimeoutError:
        line.end(EndReason.LENGTH_LIMIT)


async def _count_turns(line: Line) -> None:
    turns = 0
    reached = asyncio.Event()

    def on_event(event: Event) -> None:
        nonlocal turns
        turns += isinstance(event.payload, Said | Heard)
        if turns >= line.spec.limits.max_turns:
            reached.set()

    line.journal.add_sink(on_event)
    await reached.wait()
    line.end(EndReason.TURN_LIMIT)


class _Late:
    """Whether the other side may still be on its way to its first word."""

    def __init__(self, greeted: asyncio.Event, patience_s: float) -> None:
        self._greeted = greeted
        self._loop = asyncio.get_running_loop()
        self._until_s = self._loop.time() + patience_s

    @property
    def awaited(self) -> bool:
        """Whether a silence is no dead air yet."""
        return not self._greeted.is_set() and self._loop.time() < self._until_s


async def _break_silence(
    agent: CallAgent, session: AgentSession[Line], line: Line, late: _Late | None
) -> None:
    """Revive a silent call once; end it when that is followed by silence too."""
    sound = asyncio.Event()

    def on_event(event: Event) -> None:
        if isinstance(event.payload, StateChanged | PeerStateChanged):
            sound.set()

    line.journal.add_sink(on_event)
    patience_s = CUSTOMER_PATIENCE_S if line.role is Role.CUSTOMER else 0.0
    revived = False
    while True:
        sound.clear()
        try:
            async with asyncio.timeout(line.spec.limits.dead_air_s + patience_s):
                await sound.wait()
        except TimeoutError:
            if "speaking" in (session.agent_state, session.user_state):
                continue
            if revived and late and late.awaited:
                continue
            if revived:
                line.end(EndReason.DEAD_AIR)
                return
            revived = True
            line.journal.emit(Revived())
            await agent.revive()
