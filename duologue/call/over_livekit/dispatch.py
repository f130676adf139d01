"""Dispatches that are verified.

A dispatch for which no worker is registered is stored, answered with success, and never tried
again (livekit-server 1.13.5, pkg/agent/client.go). So a dispatch counts when a participant with
its agent name is in the room; one that nobody took is deleted and made again until a deadline.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from livekit import api

from duologue.call.patience import Patience
from shared.errors import DispatchNotPickedUp
from shared.events import Dispatched, Redispatched
from shared.events.journal import Journal
from shared.limits import Limits

T = TypeVar("T")

TAKEN_TIMEOUT_S = 6.0
"""Until when a worker must have taken the job; else the dispatch is made again. The server shows
jobs only once it has asked around for agent names, which takes 5 s (livekit-server 1.13.5,
CheckEnabledTimeout in pkg/agent/client.go) if it has not done so within the last minute."""
POLL_S = 0.25
ROOM_MARGIN_S = 120
"""How much longer than its call a room may live in which nobody but agents ever was."""
DEPARTURE_TIMEOUT_S = 5
"""How long agents may stay after all others have left. Longer than a recorder whose connection is
lost tries to come back (`presence.RECONNECT_TIMEOUT_S`)."""


async def create_room(livekit: api.LiveKitAPI, room: str, limits: Limits) -> None:
    """Create the room of a call, open as long as its recorder is there.

    Agents do not keep a room open: it is closed `empty_timeout` after its creation, in mid-call, if
    nobody else ever joined, and `departure_timeout` after somebody has left when only agents are
    there still (livekit-server 1.13.5, pkg/rtc/room.go CloseIfEmpty). So agents whose recorder was
    killed are soon sent away.
    """
    request = api.CreateRoomRequest(
        name=room,
        empty_timeout=int(limits.max_length_s) + ROOM_MARGIN_S,
        departure_timeout=DEPARTURE_TIMEOUT_S,
    )
    await _answered(livekit.room.create_room(request))


async def dispatch(
    livekit: api.LiveKitAPI,
    *,
    room: str,
    agent_name: str,
    metadata: str,
    attributes: Mapping[str, str],
    present: Callable[[], bool],
    journal: Journal,
    timeout_s: float,
    join_timeout_s: float,
) -> None:
    """Dispatch an agent into a room and wait until it is `present` there.

    One whose job was taken, and that is not there after `join_timeout_s`, is dispatched again.

    Raises:
        DispatchNotPickedUp: It was not there before the deadline; its dispatch was deleted.
    """
    dispatches = livekit.agent_dispatch
    request = api.CreateAgentDispatchRequest(
        room=room, agent_name=agent_name, metadata=metadata, attributes=attributes
    )
    waited = Patience()
    asked: type[Dispatched | Redispatched] = Dispatched
    while True:
        made = await _answered(dispatches.create_dispatch(request))
        journal.emit(asked(agent_name=agent_name, dispatch_id=made.id))
        tried = Patience()
        while waited.seconds() < timeout_s:
            if present():
                return
            await asyncio.sleep(POLL_S)
            waited_s = tried.seconds()
            if waited_s > join_timeout_s:
                break
            if waited_s > TAKEN_TIMEOUT_S and not await _taken(livekit, room, made.id):
                break
        if present():  # since it was last asked; deleting the dispatch would end its job
            return
        over = waited.seconds() >= timeout_s
        taken = over and await _taken(livekit, room, made.id)
        await dispatches.delete_dispatch(made.id, room)
        if over:
            raise DispatchNotPickedUp(room, agent_name, waited.seconds(), taken=taken)
        asked = Redispatched


async def _answered(request: Awaitable[T]) -> T:
    """The answer to a request that makes something, waited for even when cancelled meanwhile.

    It is on its way then, and would make the room anew if it arrived after the room's deletion.
    """
    asking = asyncio.ensure_future(request)
    try:
        return await asyncio.shield(asking)
    except asyncio.CancelledError:
        await asyncio.wait([asking])
        raise


async def _taken(livekit: api.LiveKitAPI, room: str, dispatch_id: str) -> bool:
    found = await livekit.agent_dispatch.get_dispatch(dispatch_id, room)
    return bool(found and found.state.jobs)
