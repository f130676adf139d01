"""One job of a worker: join the room, link the peer, hold this side of the call, leave."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress

from livekit import api, rtc
from livekit.agents import JobContext
from livekit.agents.types import ATTRIBUTE_AGENT_STATE

from shared import diagnosis, engines
from shared.agent import Party
from shared.bus import RoomBus
from shared.engines import Models
from shared.events import EventName, Journal
from shared.line import EndReason, Line
from shared.linking import RoomGone, find_peer, room_options
from shared.settings import Settings
from shared.spec import CallSpec, Kind, Mode, Peer, Role
from shared.watch import watch

Factory = Callable[[CallSpec, Journal, Models], Party]
"""Builds a role's side of a call."""

PEER_TIMEOUT_S = 30.0
"""How long a peer that is named in the specification may take to link and to listen."""


async def take_call(
    context: JobContext, role: Role, spec: CallSpec, factory: Factory, settings: Settings
) -> None:
    """Take one side of a call in the job's room, until it ends for whatever reason.

    An exception that left this function would be reported as a successful job and leave the
    participant in the room (livekit-agents 1.8.9, ipc/job_proc_lazy_main.py), so none does.
    """
    journal = Journal(role, room=context.job.room.name, call_id=spec.call_id, job_id=context.job.id)
    reason = EndReason.CRASHED
    async with AsyncExitStack() as stack:
        bus = RoomBus(context.room, spec.recorder, journal) if spec.recorder else None
        if bus:
            stack.push_async_callback(bus.aclose)
        journal.emit(EventName.START, worker_id=context.worker_id)
        journal.emit(EventName.ROLE, mode=spec.mode)
        try:
            chosen = spec.engines[role]
            await asyncio.to_thread(engines.preload, chosen, settings)
            models = engines.load(chosen, settings, seed=spec.seed)
            journal.emit(EventName.ENGINES, **engines.describe(chosen))
            # Connect late: what a peer says before the session listens is lost.
            await _join(context, bus)
            peer = spec.peers.get(role) or await find_peer(context.room, role)
            if spec.mode is Mode.TALK:
                reason = await _talk(context.room, peer, factory(spec, journal, models))
            else:
                reason = await diagnosis.answer(
                    context.room, peer, role, spec=spec, journal=journal, models=models
                )
        except RoomGone:
            reason = EndReason.STOPPED
            journal.emit(EventName.ENDED, reason=reason)
        except Exception as error:  # noqa: BLE001 - see the docstring
            journal.emit(EventName.ERROR, source="agent", error=f"{type(error).__name__}: {error}")
            journal.emit(EventName.ENDED, reason=EndReason.CRASHED)
            with suppress(Exception):
                # If it failed before it joined: whoever waits for this side is to hear why.
                await _join(context, bus)
    context.shutdown(reason=reason)


async def _join(context: JobContext, bus: RoomBus | None) -> None:
    """Join the room, and begin to send events; joined already, nothing.

    Raises:
        RoomGone: It had been deleted; joining made it anew, so it is deleted again.
    """
    await _connect(context)
    if await context.room.sid != context.job.room.sid:
        await context.api.room.delete_room(api.DeleteRoomRequest(room=context.room.name))
        raise RoomGone
    if bus:
        bus.start()


async def _connect(context: JobContext) -> None:
    """Connect to the room, and do not let go of a connection that is being made.

    LiveKit's native part ends the whole process, and so every call of this worker, when nobody
    takes a connection that it has made (livekit 1.1.21, rtc/_ffi_client.py). Connecting to a room
    that is just being deleted takes longer than a job may take to end, which is then cancelled.
    """
    connecting = asyncio.create_task(context.connect(), name="connect")
    try:
        await asyncio.shield(connecting)
    except asyncio.CancelledError:
        await asyncio.wait([connecting])
        raise


async def _talk(room: rtc.Room, peer: Peer, party: Party) -> EndReason:
    """Hold the conversation with `peer`; the reason why it ended."""
    agent, session, line = party
    _end_with_peer(room, peer, line)
    await session.start(
        agent, room=room, room_options=room_options(peer), record=False, session_host=False
    )
    call = asyncio.create_task(_begin(room, peer, party), name="call")
    try:
        done, _ = await asyncio.wait([call, line.ended], return_when=asyncio.FIRST_COMPLETED)
        return done.pop().result()
    finally:
        call.cancel()
        await asyncio.wait([call])
        await session.aclose()


async def _begin(room: rtc.Room, peer: Peer, party: Party) -> EndReason:
    """Wait for the peer, open the call if that is this side's part, and watch over it."""
    agent, session, line = party
    try:
        async with asyncio.timeout(PEER_TIMEOUT_S if line.spec.peers else None):
            await session.room_io.wait_for_ready()
            line.journal.emit(EventName.LINKED, identity=peer.identity, kind=peer.kind)
            if peer.kind is Kind.AGENT and line.spec.peers:
                await _wait_until_listening(room, peer)
    except TimeoutError:
        line.end(EndReason.PEER_NEVER_CAME, peer=peer.identity)
        return await line.ended
    line.journal.emit(EventName.OK)
    if line.spec.opener is line.role:
        await agent.open()
    await watch(party)
    return await line.ended


def _end_with_peer(room: rtc.Room, peer: Peer, line: Line) -> None:
    """End the line when the peer leaves for any reason, a crash included, or the room is gone.

    LiveKit's own close_on_disconnect misses a peer that crashed (room_io.py, 1.8.9).
    """

    @room.on("participant_disconnected")
    def on_left(participant: rtc.RemoteParticipant) -> None:
        if participant.identity == peer.identity:
            line.end(EndReason.PEER_LEFT)

    @room.on("disconnected")
    def on_disconnected(_: object) -> None:
        line.end(EndReason.STOPPED)


async def _wait_until_listening(room: rtc.Room, peer: Peer) -> None:
    """Wait until the peer's session has started, so that it hears the first word."""
    listening = asyncio.Event()

    def check(*_: object) -> None:
        participant = room.remote_participants.get(peer.identity)
        if participant and participant.attributes.get(ATTRIBUTE_AGENT_STATE) == "listening":
            listening.set()

    room.on("participant_attributes_changed", check)
    check()
    try:
        await listening.wait()
    finally:
        room.off("participant_attributes_changed", check)
