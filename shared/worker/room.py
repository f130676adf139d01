"""One side of a call in a LiveKit room: join it, link the peer, hold this side of the call."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from functools import partial

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.types import ATTRIBUTE_AGENT_STATE

from shared.endings import EndReason
from shared.events import Ended, RoleTaken, Started
from shared.events.journal import Journal
from shared.livekit_internals import skip_estimates, synchronizer_of
from shared.settings import Settings
from shared.side.agent import CallAgent
from shared.side.conversation import Factory, converse, load_models, report_crash
from shared.side.line import KEYS, Line
from shared.side.tap import Tap
from shared.spec import CallSpec, Mode, Peer, PeerKind, Role
from shared.steady_time import steady_time
from shared.worker import diagnosis
from shared.worker.bus import RoomBus
from shared.worker.clip_delivery import ClipDelivery
from shared.worker.linked_peer import Link
from shared.worker.linking import RoomGone, find_peer, room_options
from shared.worker.microphones import Microphones
from shared.worker.notice import Notices

_STARTED = ("listening", "thinking", "speaking")
"""States of an agent whose session hears the room."""

Join = Callable[[], Awaitable[None]]
"""Joins the room; joined already, does nothing. Raises RoomGone if the room is there no more."""


async def take_side(
    room: rtc.Room,
    join: Join,
    *,
    role: Role,
    spec: CallSpec,
    factory: Factory,
    settings: Settings,
    journal: Journal,
    notices: Notices | None = None,
    **started: str,
) -> EndReason:
    """Take one side of a call in `room`, until it ends for whatever reason; no error leaves this.

    Args:
        room: Not joined yet; who called this leaves it.
        join: Joins it.
        role: Which side.
        spec: The call.
        factory: Builds the side.
        settings: Keys and addresses of services.
        journal: Where the side says what happens; it goes to the recorder, too.
        notices: What the worker has to say, if one runs it.
        started: What is known of what takes this side.
    """
    notices = notices or Notices.new()
    reason = EndReason.CRASHED
    async with AsyncExitStack() as stack:
        stack.enter_context(steady_time())
        bus = RoomBus(room, spec.recorder, journal) if spec.recorder else None
        if bus:
            stack.push_async_callback(bus.aclose)

        async def arrive() -> None:
            await join()
            if bus:
                bus.start()

        journal.emit(Started(**started))
        journal.emit(RoleTaken(mode=spec.mode))
        try:
            models = await load_models(role, spec, settings, journal)
            stack.push_async_callback(models.aclose)
            # Join late: what a peer says before the session listens is lost.
            clips = ClipDelivery(room, spec, journal)
            await arrive()
            peer = spec.peers.get(role) or await find_peer(room, role, notices.draining)
            if spec.mode is Mode.TALK:
                party = factory(spec, journal, models)
                party.line.clips = await clips.wait()
                link = Link(room, peer, party.line)
                stop = partial(party.line.end, EndReason.STOPPED)
                stack.enter_context(notices.closing.told(stop))
                connection = RoomConnection(room, link, bus)
                stack.push_async_callback(connection.aclose)
                reason = await converse(party, connection)
            else:
                reason = await diagnosis.answer(
                    room, peer, role, spec=spec, journal=journal, models=models
                )
        except RoomGone:
            reason = EndReason.STOPPED
            journal.emit(Ended(reason=reason))
        except Exception as error:  # noqa: BLE001 - whatever it is, it ends this side
            report_crash(journal, error)
            with suppress(Exception):
                # If it failed before it joined: whoever waits for this side is to hear why.
                await arrive()
    return reason


async def connected(connecting: Coroutine[None, None, None]) -> None:
    """Connect, and do not let go of a connection that is being made.

    LiveKit's native part ends the whole process, and so every call in it, when nobody takes a
    connection that it has made (livekit 1.1.21, rtc/_ffi_client.py). Connecting to a room that is
    just being deleted takes longer than a job may take to end, which is then cancelled.
    """
    task = asyncio.create_task(connecting, name="connect")
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


class RoomConnection:
    """The way to a peer in a LiveKit room; what is played goes to whoever records, too."""

    def __init__(self, room: rtc.Room, link: Link, bus: RoomBus | None) -> None:
        self._room, self._link, self._bus = room, link, bus
        self._microphones = Microphones(room)

    @property
    def peer(self) -> Peer:
        """Who is linked now."""
        return self._link.peer

    async def start(self, agent: CallAgent, session: AgentSession[Line]) -> None:
        """Start the session in the room."""
        session.input.audio = self._microphones
        self._microphones.listen_to(self._link.hears)
        await session.start(
            agent,
            room=self._room,
            room_options=room_options(self.peer),
            record=False,
            # It is how a simulator reads along, and asks for our own verdict at the end.
            session_host=self.peer.kind is PeerKind.SIMULATOR,
        )
        self._link.on_changed(partial(self._listen_to, session))
        if self._bus and (output := session.output.audio):
            session.output.audio = Tap(output, self._bus.on_played)

    async def press(self, key: str) -> None:
        """Press a key, as somebody who calls by telephone does."""
        await self._room.local_participant.publish_dtmf(code=KEYS.index(key), digit=key)

    async def aclose(self) -> None:
        """Listen no more."""
        await self._microphones.aclose()

    def _listen_to(self, session: AgentSession[Line], peer: Peer) -> None:
        linked = session.room_io.linked_participant
        if not linked or linked.identity != peer.identity:
            session.room_io.set_participant(peer.identity)
        self._microphones.listen_to(self._link.hears)

    async def wait_until_linked(self, session: AgentSession[Line]) -> None:
        """Wait until the peer is in the room and subscribed to this side's track."""
        if synchronizer := synchronizer_of(session.room_io):
            skip_estimates(synchronizer, session.tts)
        await session.room_io.wait_for_ready()
        linked = session.room_io.linked_participant
        if linked and linked.identity != self.peer.identity:  # it had found another meanwhile
            self._listen_to(session, self.peer)

    async def wait_until_heard(self) -> None:
        """Wait until the peer's session has started; it may speak already."""
        listening = asyncio.Event()

        def check(*_: object) -> None:
            participant = self._room.remote_participants.get(self.peer.identity)
            state = participant and participant.attributes.get(ATTRIBUTE_AGENT_STATE)
            if state in _STARTED:
                listening.set()

        self._room.on("participant_attributes_changed", check)
        check()
        try:
            await listening.wait()
        finally:
            self._room.off("participant_attributes_changed", check)
