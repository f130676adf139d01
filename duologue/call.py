"""One call over LiveKit, from an empty room to a call folder."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
import structlog
from livekit import api

from duologue.dispatch import DISPATCH_TIMEOUT_S, create_room, dispatch
from duologue.filing import ONLY_ATTEMPT, Attempt, CallResult, file_call
from duologue.folder import CallFolder, Transport
from duologue.listening import Listener
from duologue.monitor import Monitor
from duologue.outcome import Ending, Fault, Outcome
from duologue.recorder import Recorder, recorder_token
from shared.address import ServerAddress
from shared.errors import CallFailed, DispatchNotPickedUp, JobRefused
from shared.events import Event, EventName, Journal
from shared.linking import agent_name
from shared.spec import CallSpec, Role

log = structlog.get_logger("duologue.call")

TRACKS_TIMEOUT_S = 10.0
"""Until when both sides must be linked and heard by the recorder, once both are there."""
LEAVE_TIMEOUT_S = 5.0
"""How long both sides may take to leave once one of them has ended the call."""
LOST_TIMEOUT_S = 6.0
"""How long the recorder may take to notice that the room or its server is gone."""


def room_of(call_id: str) -> str:
    """The name of a call's room."""
    return f"duologue-{call_id}"


async def place_call(
    spec: CallSpec,
    address: ServerAddress,
    folder: CallFolder,
    *,
    on_event: Callable[[Event], None],
    listeners: Sequence[Listener] = (),
    dispatch_timeout_s: float = DISPATCH_TIMEOUT_S,
    attempt: Attempt = ONLY_ATTEMPT,
) -> CallResult:
    """Make one call and complete its folder, however the call ends.

    Cancelling it ends the call with the outcome `cancelled`; the folder is completed all the
    same, and the cancellation goes on.

    Raises:
        UsageError: The server does not let us in.
        CallFailed: It ended so that the attempt is not the last.
    """
    room = room_of(spec.call_id)
    journal = Journal("driver", room=room, call_id=spec.call_id)
    cancelled = False
    async with (
        _room(address, room, spec) as livekit,
        Recorder(folder, journal, room=room, call_id=spec.call_id) as recorder,
    ):
        recorder.on_event(on_event)
        for listener in listeners:
            recorder.on_audio(listener)
        try:
            ending = await _hold(
                spec,
                address,
                livekit=livekit,
                recorder=recorder,
                journal=journal,
                dispatch_timeout_s=dispatch_timeout_s,
            )
        except asyncio.CancelledError:
            cancelled = True
            ending = Ending(Outcome.CANCELLED, Fault.SYSTEM, "cancelled by the caller")
        journal.emit(EventName.OUTCOME, **ending._asdict())
        # Before the room is deleted, which would be the last thing recorded.
        recorded = await recorder.stop()
    filing = asyncio.to_thread(
        file_call, folder, spec, ending, recorded, transport=Transport.LIVEKIT, attempt=attempt
    )
    if not cancelled:
        return await filing
    with suppress(CallFailed):
        await filing
    raise asyncio.CancelledError


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
    spec: CallSpec,
    address: ServerAddress,
    *,
    livekit: api.LiveKitAPI,
    recorder: Recorder,
    journal: Journal,
    dispatch_timeout_s: float,
) -> Ending:
    """Bring both sides into the room, and wait until the call has ended and both have left."""
    room = room_of(spec.call_id)
    monitor = Monitor()
    recorder.on_event(monitor.on_event)

    def on_refused(role: Role, reason: str) -> None:
        refused = JobRefused(room, role, reason)
        monitor.settle(Ending(Outcome.REFUSED, Fault.SYSTEM, str(refused)))

    recorder.on_refused(on_refused)
    await recorder.start(address.url, recorder_token(address, room))

    async def bring(role: Role) -> None:
        await dispatch(
            livekit,
            room=room,
            agent_name=role,
            metadata=spec.to_metadata(role),
            present=lambda: _is_there(recorder, role),
            journal=journal,
            timeout_s=dispatch_timeout_s,
        )

    connecting = asyncio.create_task(_connect(bring, recorder, monitor), name="connect")
    waiting = asyncio.create_task(monitor.wait(), name="monitor")
    try:
        await asyncio.wait([connecting, waiting], return_when=asyncio.FIRST_COMPLETED)
        if connecting.done():
            connecting.result()  # raises what went wrong
        ending = await waiting
        if monitor.leaving:
            await _wait_until_gone(recorder)
        return ending
    finally:
        for task in (connecting, waiting):
            task.cancel()
        await asyncio.wait([connecting, waiting])


async def _connect(
    bring: Callable[[Role], Coroutine[None, None, None]], recorder: Recorder, monitor: Monitor
) -> None:
    """Bring both sides and their tracks into the room, or settle why that failed."""
    try:
        async with asyncio.TaskGroup() as both:
            for role in Role:
                both.create_task(bring(role), name=f"dispatch-{role}")
    except* DispatchNotPickedUp as errors:
        detail = "; ".join(str(error) for error in errors.exceptions)
        monitor.settle(Ending(Outcome.NOT_PICKED_UP, Fault.SYSTEM, detail))
    except* (api.TwirpError, aiohttp.ClientError, TimeoutError) as errors:
        # The room is gone, or its server; the recorder knows which of them, a little later.
        await asyncio.wait([recorder.closed], timeout=LOST_TIMEOUT_S)
        detail = "; ".join(str(error) or type(error).__name__ for error in errors.exceptions)
        monitor.settle(Ending(Outcome.SERVER_LOST, Fault.SYSTEM, detail))
    else:
        await monitor.expect_tracks(TRACKS_TIMEOUT_S)


def _is_there(recorder: Recorder, role: Role) -> bool:
    return any(agent_name(participant) == role for participant in recorder.participants.values())


async def _wait_until_gone(recorder: Recorder) -> None:
    """Let both sides leave by themselves, so that their last words arrive."""
    if recorder.closed.done():
        return
    try:
        async with asyncio.timeout(LEAVE_TIMEOUT_S):
            while any(_is_there(recorder, role) for role in Role):  # noqa: ASYNC110 - asked, not told
                await asyncio.sleep(0.1)
    except TimeoutError:
        log.info("both sides did not leave in time", timeout_s=LEAVE_TIMEOUT_S)
