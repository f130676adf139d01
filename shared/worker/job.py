"""One job of a worker: one side of a call in the job's room."""

from functools import partial

from livekit import api
from livekit.agents import JobContext

from shared.events.journal import Journal
from shared.settings import Settings
from shared.side.conversation import Factory
from shared.spec import CallSpec, Role
from shared.worker.linking import RoomGone
from shared.worker.room import connected, take_side

NOTICES = "notices"
"""The name in a job process's user data of what its worker has to say (`Notices`)."""


async def take_call(
    context: JobContext, role: Role, spec: CallSpec, factory: Factory, settings: Settings
) -> None:
    """Take one side of a call in the job's room, until it ends for whatever reason.

    An exception that left this function would be reported as a successful job and leave the
    participant in the room (livekit-agents 1.8.9, ipc/job_proc_lazy_main.py), so none does.
    """
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
    context.shutdown(reason=reason)


async def _join(context: JobContext) -> None:
    """Join the room; joined already, nothing.

    Raises:
        RoomGone: It had been deleted; joining made it anew, so it is deleted again.
    """
    await connected(context.connect())
    if await context.room.sid != context.job.room.sid:
        await context.api.room.delete_room(api.DeleteRoomRequest(room=context.room.name))
        raise RoomGone
