"""One side of a call, whatever carries it: from its engines to the end of its part.

A transport brings a `Connection`; everything else that has an effect on a call is here and in
what this calls, the same for all of them.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from livekit.agents import AgentSession

from shared import engines
from shared.endings import EndReason
from shared.engines import Models
from shared.engines.latency import Delays
from shared.errors import in_a_line
from shared.events import (
    Ended,
    EnginesLoaded,
    Failed,
    Linked,
    PeerStateChanged,
    Ready,
    ReplyCut,
    Revived,
)
from shared.events.journal import Event, Journal
from shared.settings import Settings
from shared.side.agent import CallAgent, Party
from shared.side.line import Line
from shared.side.watch import watch
from shared.spec import CallSpec, Peer, PeerKind, Role

Factory = Callable[[CallSpec, Journal, Models], Party]
"""Builds a role's side of a call."""

OPENS_AFTER_S = 4.0
"""How long a caller waits for an agent of which it is not known whether it speaks first."""


class Connection(Protocol):
    """One side's way to its peer; agents and sessions do not know which transport it is of."""

    @property
    def peer(self) -> Peer:
        """Who is at the other end now."""

    async def start(self, agent: CallAgent, session: AgentSession[Line]) -> None:
        """Start the session, with its audio going to the peer and coming from it."""

    async def press(self, key: str) -> None:
        """Press a key of the telephone, which the peer is told of."""

    async def wait_until_linked(self, session: AgentSession[Line]) -> None:
        """Wait until the peer is there, and audio goes both ways."""

    async def wait_until_heard(self) -> None:
        """Wait until a peer that is an agent listens, so that it hears the first word."""


async def load_models(role: Role, spec: CallSpec, settings: Settings, journal: Journal) -> Models:
    """The engines of `role`, weights loaded.

    Raises:
        EngineUnavailable: One of them cannot be used here.
    """
    chosen = spec.engines[role]
    await asyncio.to_thread(engines.preload, chosen, settings)
    delays = Delays(spec.latency, f"{spec.seed} {role}")

    def on_cut(engine: str, where: str) -> None:
        journal.emit(ReplyCut(engine=engine, where=where))

    models = engines.load(
        chosen,
        settings,
        seed=spec.seed,
        delays=delays,
        silence_s=spec.silences_s.get(role, 0.0),
        on_cut=on_cut,
    )
    journal.emit(EnginesLoaded(**engines.describe(chosen)))
    return models


async def converse(party: Party, connection: Connection) -> EndReason:
    """Hold the conversation with the peer; the reason why it ended.

    What ended it first stands: a session whose engine has failed may raise as well.
    """
    line = party.line
    try:
        return await _converse(party, connection)
    except Exception as error:
        if not line.ended.done():
            raise
        _report(line.journal, error)
        return line.ended.result()


async def _converse(party: Party, connection: Connection) -> EndReason:
    agent, session, line = party
    line.press_key = connection.press
    await connection.start(agent, session)
    call = asyncio.create_task(_begin(party, connection), name="call")
    try:
        done, _ = await asyncio.wait([call, line.ended], return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        call.cancel()
        await asyncio.wait([call])
        await session.aclose()


async def _begin(party: Party, connection: Connection) -> EndReason:
    """Wait for the peer, open the call if that is this side's part, and watch over it."""
    agent, session, line = party
    greeted = _spoken_to(line)
    try:
        # Of a peer that the specification names; of others nobody knows whether they come.
        named = line.spec.peers.get(line.role)
        async with asyncio.timeout(named.patience_s if named else None):
            await connection.wait_until_linked(session)
            peer = connection.peer
            line.journal.emit(Linked(identity=peer.identity, kind=peer.kind))
            if peer.kind is PeerKind.AGENT and line.spec.peers:
                await connection.wait_until_heard()
    except TimeoutError:
        line.end(EndReason.PEER_NEVER_CAME, peer=connection.peer.identity)
        return await line.ended
    line.journal.emit(Ready())
    if line.spec.opener is line.role:
        await agent.open()
    elif not line.spec.opener_is_known:
        await _open_unless(greeted, agent)
    await watch(party, greeted, connection.peer.patience_s)
    return await line.ended


def _spoken_to(line: Line) -> asyncio.Event:
    """Set once the other side has begun to speak."""
    begun = asyncio.Event()

    def on_event(event: Event) -> None:
        payload = event.payload
        if isinstance(payload, PeerStateChanged) and payload.new == "speaking":
            begun.set()

    line.journal.add_sink(on_event)
    return begun


async def _open_unless(greeted: asyncio.Event, agent: CallAgent) -> None:
    """Open the call after all if nobody speaks."""
    try:
        async with asyncio.timeout(OPENS_AFTER_S):
            await greeted.wait()
    except TimeoutError:
        agent.line.journal.emit(Revived())
        await agent.revive()


def report_crash(journal: Journal, error: Exception) -> None:
    """Say that a side's own code raised, which ends its part."""
    _report(journal, error)
    journal.emit(Ended(reason=EndReason.CRASHED, error=in_a_line(error)))


def _report(journal: Journal, error: Exception) -> None:
    journal.emit(Failed(source="agent", error=f"{type(error).__name__}: {error}"))
