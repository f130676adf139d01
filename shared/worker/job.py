"""One job of a worker: one side of a call in the job's room."""

import asyncio
from functools import partial

from livekit import api
from livekit.agents import JobContext

from shared.events.journal import Journal
from shared.logs import get_logger
from shared.settings import Settings
from shared.side.conversation import Factory
from shared.spec import CallSpec, Role
from shared.worker.linking import RoomGone
from shared.worker.room import connected, take_side

log = get_logger("duologue.job")

NOTICES = "notices"
"""The name in a job process's user data of what its worker has to say (`Notices`)."""


async def take_call(
    context: JobContext, role: Role, spec: CallSpec, factory: Factory, settings: Settings
) -> None:
    """Take one side of a call in the job's room, until it ends for whatever reason.

    An exception that left this function would be reported as a successful job and leave the
    participant in the room (livekit-agents 1.8.9, ipc/job_proc_lazy_main.py), so none does.
    """
    looking: set[asyncio.Task[None]] = set()

    @context.room.on("reconnected")
    def on_reconnected() -> None:
        looking.add(asyncio.create_task(_stay_or_leave(context), name="stay or leave"))

    journal = Journal(role, room=context.job.room.name, call_id=spec.call_id, job_id=context.job.id)
    reason = await take_side(
        context.room,
        partial(_join, context),
        role=role,
        spec=spec,
        factory=factory,
        settings=settings,
        journal=journal,
        notices=context.proc.userdata.get(NOTICES),
        worker_id=context.worker_id,
    )
    for error in await asyncio.gather(*looking, return_exceptions=True):
        if error:  # a server that does not answer, or the room is gone again
            log.info("room not looked at", error=str(error))
    context.shutdown(reason=reason)


async def _join(context: JobContext) -> None:
    """Join the room; joined already, nothing.

    Raises:
        RoomGone: It had been deleted; joining made it anew.
    """
    await connected(context.connect())
    if await context.room.sid != context.job.room.sid:
        await _leave(context)
        raise RoomGone


async def _stay_or_leave(context: JobContext) -> None:
    """Leave a room that was deleted while the connection was away, and made anew by its return."""
    request = api.ListRoomsRequest(names=[context.job.room.name])
    found = await context.api.room.list_rooms(request)
    if found.rooms and found.rooms[0].sid != context.job.room.sid:
        await _leave(context)


async def _leave(context: JobContext) -> None:
    """Leave a room that is not the job's own, and remove it if it is nobody else's either."""
    room, own = context.job.room.name, context.room.local_participant.sid
    log.warning("the room of this job is gone; another of its name is left", room=room)
    await context.room.disconnect()
    present = await context.api.room.list_participants(api.ListParticipantsRequest(room=room))
    dispatches = await context.api.agent_dispatch.list_dispatch(room)
    # A room that comes of joining has a dispatch of its own, to workers without a name.
    expected = any(one.agent_name for one in dispatches)
    if not expected and all(one.sid == own for one in present.participants):
        await context.api.room.delete_room(api.DeleteRoomRequest(room=room))
