"""One call over LiveKit, from an empty room to a recording."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager

import aiohttp
from livekit import api

from duologue.call.counterpart import OVERHEARD_BY, Counterpart
from duologue.call.monitor import Monitor
from duologue.call.over_livekit.agent_log import AgentLog
from duologue.call.over_livekit.attendance import Attendance
from duologue.call.over_livekit.causes import true_cause
from duologue.call.over_livekit.clip_sender import ClipSender
from duologue.call.over_livekit.dispatch import create_room
from duologue.call.over_livekit.recorder import Recorder, new_identity, recorder_token
from duologue.call.transport import UNWATCHED, Held, Watch
from duologue.folder.folder import CallFolder
from shared import engines
from shared.address import ServerAddress
from shared.endings import Ending, Fault, Outcome
from shared.engines.clips import read_clips, to_flac
from shared.errors import DispatchNotPickedUp, JobRefused
from shared.events import CallEnded
from shared.events.journal import Journal
from shared.logs import get_logger
from shared.settings import Settings
from shared.spec import CallSpec, Role

log = get_logger(__name__)

Loss = Callable[[str], Coroutine[None, None, Ending]]
"""Waits until something that the call in this room needs is lost, and says how it ends by that."""

LOST_TIMEOUT_S = 6.0
"""How long the recorder may take to notice that the room or its server is gone."""


def new_room_name(call_id: str) -> str:
    """A name that no other attempt at this call has, here or elsewhere on the server.

    Else agents of an attempt whose driver was killed would be taken for those of the next.
    """
    return f"duologue-{call_id}-{secrets.token_hex(4)}"


async def hold_call(
    spec: CallSpec,
    address: ServerAddress,
    folder: CallFolder,
    settings: Settings,
    *,
    counterpart: Counterpart,
    watch: Watch = UNWATCHED,
    losses: Collection[Loss] = (),
    agent_log: AgentLog | None = None,
) -> Held:
    """Hold one call and record it into `folder`, however it ends; each of `losses` ends it.

    What led to an end that is only a symptom may be in the `agent_log` of somebody's worker.

    Cancelling it ends the call with the outcome `cancelled`, with which it returns.

    Raises:
        UsageError: The server does not let us in, an engine cannot be used here, or a recorded
            file cannot be played.
        DuologueError: The files cannot be written.
    """
    if not counterpart.answers_agents:  # the customer's side is taken here
        engines.check(spec.engines[Role.CUSTOMER], settings)
    if not counterpart.reports:
        ours = spec.engines[Role.CUSTOMER]
        engines.check(ours.model_copy(update={"stt": OVERHEARD_BY}), settings)
    clips = await asyncio.to_thread(_clips, spec)
    room = new_room_name(spec.call_id)
    spec = spec.model_copy(update={"recorder": new_identity()})
    journal = Journal("driver", room=room, call_id=spec.call_id)
    async with (
        _room(address, room, spec) as livekit,
        Recorder(
            folder, journal, room=room, call_id=spec.call_id, counterpart=counterpart
        ) as recorder,
    ):
        recorder.on_event(watch.on_event)
        for listener in watch.listeners:
            recorder.on_audio(listener)
        attendance = Attendance(
            spec,
            settings,
            address,
            room=room,
            livekit=livekit,
            recorder=recorder,
            journal=journal,
            counterpart=counterpart,
        )
        try:
            ending = await _hold(
                attendance, recorder, counterpart, address, journal, clips=clips, losses=losses
            )
        except asyncio.CancelledError:
            ending = Ending(Outcome.CANCELLED, Fault.SYSTEM, "cancelled by the caller")
        trouble = agent_log.trouble(room) if agent_log else None
        ending = true_cause(ending, recorder.session_error, trouble)
        journal.emit(CallEnded(**ending._asdict()))
        # Before the room is deleted, which would be the last thing recorded.
        return Held(ending, await recorder.stop())


@asynccontextmanager
async def _room(address: ServerAddress, room: str, spec: CallSpec) -> AsyncIterator[api.LiveKitAPI]:
    """The room of a call; gone afterwards, whatever happened in it."""
    async with address.client() as livekit:
        try:
            await create_room(livekit, room, spec.limits)
            yield livekit
        finally:
            try:
                await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
            except (api.TwirpError, aiohttp.ClientError, TimeoutError) as error:
                # Deleted from outside, or its server is gone, and it with that.
                log.info("room not deleted", room=room, error=str(error))


async def _hold(
    attendance: Attendance,
    recorder: Recorder,
    counterpart: Counterpart,
    address: ServerAddress,
    journal: Journal,
    *,
    clips: Mapping[str, bytes],
    losses: Collection[Loss],
) -> Ending:
    """Bring both sides into the room, and wait until the call has ended and both have left."""
    monitor = Monitor(counterpart)
    recorder.on_event(monitor.on_event)
    recorder.on_alive(monitor.on_alive)

    def on_refused(role: Role, reason: str) -> None:
        refused = JobRefused(attendance.room, role, reason)
        monitor.settle(Ending(Outcome.REFUSED, Fault.SYSTEM, str(refused)))

    def on_failed(problem: str) -> None:
        monitor.settle(Ending(Outcome.RECORDING_FAILED, Fault.SYSTEM, problem))

    async def end_by(loss: Loss) -> None:
        monitor.settle(await loss(attendance.room))

    recorder.on_refused(on_refused)
    recorder.on_failed(on_failed)
    sender = ClipSender(recorder, clips)
    token = recorder_token(
        address, attendance.room, attendance.recorder_identity, sends=bool(clips)
    )
    await recorder.start(address.url, token)
    connecting = asyncio.create_task(
        _connect(attendance, recorder, monitor, counterpart=counterpart),
        name="connect",
    )
    waiting = asyncio.create_task(monitor.wait(journal, address.check), name="monitor")
    losing = [asyncio.create_task(end_by(loss), name="loss") for loss in losses]
    try:
        await asyncio.wait([connecting, waiting], return_when=asyncio.FIRST_COMPLETED)
        if connecting.done():
            connecting.result()  # raises what went wrong
        ending = await waiting
        if monitor.leaving and not recorder.closed.done():
            await attendance.gone()
        return ending
    finally:
        for task in (connecting, waiting, *losing):
            task.cancel()
        await asyncio.wait([connecting, waiting, *losing])
        await sender.aclose()
        await attendance.aclose()


def _clips(spec: CallSpec) -> dict[str, bytes]:
    """What the customer plays, as FLAC files by the digests of what they are made of."""
    read = read_clips(spec.customer).values()
    return {each.clip.sha256: to_flac(each.samples) for each in read}


async def _connect(
    attendance: Attendance, recorder: Recorder, monitor: Monitor, *, counterpart: Counterpart
) -> None:
    """Bring both sides and their tracks into the room, or settle why that failed."""
    try:
        await attendance.come()
    except* DispatchNotPickedUp as errors:
        detail = "; ".join(str(error) for error in errors.exceptions)
        taken = not counterpart.reports and any(map(_was_taken, errors.exceptions))
        monitor.settle(
            Ending(Outcome.PEER_NEVER_CAME, counterpart.missing, detail)
            if taken
            else Ending(Outcome.NOT_PICKED_UP, Fault.SYSTEM, detail)
        )
    except* (api.TwirpError, aiohttp.ClientError, TimeoutError) as errors:
        # The room is gone, or its server; the recorder knows which of them, a little later.
        await asyncio.wait([recorder.closed], timeout=LOST_TIMEOUT_S)
        detail = "; ".join(str(error) or type(error).__name__ for error in errors.exceptions)
        monitor.settle(Ending(Outcome.SERVER_LOST, Fault.SYSTEM, detail))
    else:
        await monitor.expect_tracks(counterpart.tracks_timeout_s)


def _was_taken(error: BaseException) -> bool:
    """Whether a worker has taken the job, and its agent did not come."""
    return isinstance(error, DispatchNotPickedUp) and error.taken
