"""One job of a worker: join the room, link the peer, hold this side of the call, leave."""

import asyncio
from contextlib import AsyncExitStack, suppress

from livekit import api, rtc
from livekit.agents import AgentSession, JobContext
from livekit.agents.types import ATTRIBUTE_AGENT_STATE

from shared import diagnosis
from shared.agent import CallAgent
from shared.bus import RoomBus
from shared.events import EventName, Journal
from shared.line import EndReason, Line
from shared.linking import RoomGone, find_peer, room_options
from shared.played import Tap
from shared.settings import Settings
from shared.side import Factory, converse, load_models, report_crash
from shared.spec import CallSpec, Kind, Mode, Peer, Role
from shared.synchronizer import skip_estimates


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
            models = await load_models(role, spec, settings, journal)
            stack.push_async_callback(models.aclose)
            # Connect late: what a peer says before the session listens is lost.
            await _join(context, bus)
            peer = spec.peers.get(role) or await find_peer(context.room, role)
            if spec.mode is Mode.TALK:
                party = factory(spec, journal, models)
                _end_with_peer(context.room, peer, party.line)
                reason = await converse(party, RoomConnection(context.room, peer, bus))
            else:
                reason = await diagnosis.answer(
                    context.room, peer, role, spec=spec, journal=journal, models=models
                )
        except RoomGone:
            reason = EndReason.STOPPED
            journal.emit(EventName.ENDED, reason=reason)
        except Exception as error:  # noqa: BLE001 - see the docstring
            report_crash(journal, error)
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


class RoomConnection:
    """The way to a peer in a LiveKit room; what is played goes to whoever records, too."""

    def __init__(self, room: rtc.Room, peer: Peer, bus: RoomBus | None) -> None:
        self._room, self.peer, self._bus = room, peer, bus

    async def start(self, agent: CallAgent, session: AgentSession[Line]) -> None:
        """Start the session in the room."""
        await session.start(
            agent,
            room=self._room,
            room_options=room_options(self.peer),
            record=False,
            # It is how a simulator reads along, and asks for our own verdict at the end.
            session_host=self.peer.kind is Kind.SIMULATOR,
        )
        if self._bus and (output := session.output.audio):
            session.output.audio = Tap(output, self._bus.on_played)

    async def wait_until_linked(self, session: AgentSession[Line]) -> None:
        """Wait until the peer is in the room and subscribed to this side's track."""
        if synchronizer := session.room_io._tr_synchronizer:  # noqa: SLF001 - made in there
            skip_estimates(synchronizer, session.tts)
        await session.room_io.wait_for_ready()

    async def wait_until_heard(self) -> None:
        """Wait until the peer's session has started."""
        listening = asyncio.Event()

        def check(*_: object) -> None:
            participant = self._room.remote_participants.get(self.peer.identity)
            if participant and participant.attributes.get(ATTRIBUTE_AGENT_STATE) == "listening":
                listening.set()

        self._room.on("participant_attributes_changed", check)
        check()
        try:
            await listening.wait()
        finally:
            self._room.off("participant_attributes_changed", check)


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
