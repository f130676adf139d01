"""One call over LiveKit, from an empty room to a call folder."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import aiohttp
import structlog
from livekit import api

from duologue.call.live_audio import Listener
from duologue.call.monitor import Monitor
from duologue.call.over_livekit.dispatch import DISPATCH_TIMEOUT_S, create_room
from duologue.call.over_livekit.recorder import Recorder, recorder_token
from duologue.call.over_livekit.sides import Sides
from duologue.folder.folder import CallFolder, Transport
from duologue.labels.transcript.overheard import RECOGNIZER
from duologue.pipeline.filing import ONLY_ATTEMPT, Attempt, CallResult, file_call
from shared import engines
from shared.address import ServerAddress
from shared.endings import Ending, Fault, Outcome
from shared.errors import CallFailed, DispatchNotPickedUp, JobRefused
from shared.events import CallEnded
from shared.events.journal import Event, Journal
from shared.settings import Settings
from shared.spec import CallSpec, Role

log = structlog.get_logger("duologue.call.over_livekit.call")

TRACKS_TIMEOUT_S = 10.0
"""Until when both sides must be linked and heard by the recorder, once both are there."""
THEIR_DISPATCH_TIMEOUT_S = 30.0
"""Until when an agent of somebody else's must be there; it may load what it needs only then."""
THEIR_TRACKS_TIMEOUT_S = 30.0
"""Until when its track must be heard."""
LOST_TIMEOUT_S = 6.0
"""How long the recorder may take to notice that the room or its server is gone."""


def room_of(call_id: str) -> str:
    """The name of a call's room."""
    return f"duologue-{call_id}"


async def place_call(
    spec: CallSpec,
    address: ServerAddress,
    folder: CallFolder,
    settings: Settings,
    *,
    on_event: Callable[[Event], None],
    listeners: Sequence[Listener] = (),
    dispatch_timeout_s: float | None = None,
    attempt: Attempt = ONLY_ATTEMPT,
) -> CallResult:
    """Make one call and complete its folder, however the call ends.

    Cancelling it ends the call with the outcome `cancelled`; the folder is completed all the
    same, and the cancellation goes on.

    Raises:
        UsageError: The server does not let us in, or an engine cannot be used here.
        CallFailed: It ended so that the attempt is not the last.
    """
    if spec.under_test:
        ours = spec.engines[Role.CUSTOMER]
        for needed in (ours, ours.model_copy(update={"stt": RECOGNIZER})):
            engines.check(needed, settings)
    room = room_of(spec.call_id)
    journal = Journal("driver", room=room, call_id=spec.call_id)
    cancelled = False
    async with (
        _room(address, room, spec) as livekit,
        Recorder(
            folder,
            journal,
            room=room,
            call_id=spec.call_id,
            under_test=spec.under_test.name if spec.under_test else None,
        ) as recorder,
    ):
        recorder.on_event(on_event)
        for listener in listeners:
            recorder.on_audio(listener)
        sides = Sides(
            spec,
            settings,
            address,
            room=room,
            livekit=livekit,
            recorder=recorder,
            journal=journal,
            dispatch_timeout_s=dispatch_timeout_s or _patience_s(spec),
        )
        try:
            token = recorder_token(address, room)
            ending = await _hold(spec, sides, recorder, url=address.url, token=token)
        except asyncio.CancelledError:
            cancelled = True
            ending = Ending(Outcome.CANCELLED, Fault.SYSTEM, "cancelled by the caller")
        journal.emit(CallEnded(**ending._asdict()))
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


def _patience_s(spec: CallSpec) -> float:
    return THEIR_DISPATCH_TIMEOUT_S if spec.under_test else DISPATCH_TIMEOUT_S


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
    spec: CallSpec, sides: Sides, recorder: Recorder, *, url: str, token: str
) -> Ending:
    """Bring both sides into the room, and wait until the call has ended and both have left."""
    monitor = Monitor(under_test=spec.under_test is not None)
    recorder.on_event(monitor.on_event)

    def on_refused(role: Role, reason: str) -> None:
        refused = JobRefused(room_of(spec.call_id), role, reason)
        monitor.settle(Ending(Outcome.REFUSED, Fault.SYSTEM, str(refused)))

    recorder.on_refused(on_refused)
    await recorder.start(url, token)
    patience_s = THEIR_TRACKS_TIMEOUT_S if spec.under_test else TRACKS_TIMEOUT_S
    connecting = asyncio.create_task(
        _connect(sides, recorder, monitor, tracks_timeout_s=patience_s), name="connect"
    )
    waiting = asyncio.create_task(monitor.wait(), name="monitor")
    try:
        await asyncio.wait([connecting, waiting], return_when=asyncio.FIRST_COMPLETED)
        if connecting.done():
            connecting.result()  # raises what went wrong
        ending = await waiting
        if monitor.leaving and not recorder.closed.done():
            await sides.gone()
        return ending
    finally:
        for task in (connecting, waiting):
            task.cancel()
        await asyncio.wait([connecting, waiting])
        await sides.aclose()


async def _connect(
    sides: Sides, recorder: Recorder, monitor: Monitor, *, tracks_timeout_s: float
) -> None:
    """Bring both sides and their tracks into the room, or settle why that failed."""
    try:
        await sides.come()
    except* DispatchNotPickedUp as errors:
        detail = "; ".join(str(error) for error in errors.exceptions)
        monitor.settle(Ending(Outcome.NOT_PICKED_UP, Fault.SYSTEM, detail))
    except* (api.TwirpError, aiohttp.ClientError, TimeoutError) as errors:
        # The room is gone, or its server; the recorder knows which of them, a little later.
        await asyncio.wait([recorder.closed], timeout=LOST_TIMEOUT_S)
        detail = "; ".join(str(error) or type(error).__name__ for error in errors.exceptions)
        monitor.settle(Ending(Outcome.SERVER_LOST, Fault.SYSTEM, detail))
    else:
        await monitor.expect_tracks(tracks_timeout_s)
