"""How a call ends, decided from its events alone."""

import asyncio

from duologue.call.counterpart import OURS, Counterpart
from duologue.call.outcome import ending_of
from shared.endings import Ending, EndReason, Fault, Outcome
from shared.events import Ended, Left, RoomClosed, Subscribed
from shared.events.journal import Event
from shared.spec import Role

HEARTBEAT_LOST_S = 7.0
"""Three heartbeats missed: the worker is gone, or its way to the recorder is."""
LAST_WORDS_S = 2.0
"""How long to wait for what a side says of its own leaving, once it was seen to leave."""
CHECK_S = 0.5

_SECOND_HAND = (EndReason.PEER_LEFT, EndReason.STOPPED)
"""Reasons that follow from something else, of which the other side may know more."""


class Monitor:
    """Watches the events of one call until it is known how the call ended.

    Args:
        counterpart: Who holds the support side.
    """

    def __init__(self, counterpart: Counterpart = OURS) -> None:
        self._counterpart = counterpart
        self._loop = asyncio.get_running_loop()
        self._alive_at: dict[Role, float] = {}
        self._subscribed: set[Role] = set()
        self._both_subscribed = asyncio.Event()
        self.ending: asyncio.Future[Ending] = self._loop.create_future()
        self.leaving = False
        """A side has ended its part and leaves; the other sees that, and follows."""

    def on_event(self, event: Event) -> None:
        """Take notice of one event, from a worker or from the driver."""
        payload = event.payload
        if event.source in tuple(Role):
            role = Role(event.source)
            self._alive_at[role] = self._loop.time()
            if isinstance(payload, Ended):
                self._on_ended(role, payload)
        elif isinstance(payload, Left) and payload.side:
            self._settle_soon(self._left(payload.side))
        elif isinstance(payload, Subscribed) and payload.side:
            self._subscribed.add(payload.side)
            if self._subscribed.issuperset(Role):
                self._both_subscribed.set()
        elif isinstance(payload, RoomClosed):
            reason = payload.reason
            if "DELETED" not in reason.upper():
                self.settle(Ending(Outcome.SERVER_LOST, Fault.SYSTEM, reason))
            else:
                self.settle(self._counterpart.room_deleted(reason))

    async def expect_tracks(self, timeout_s: float) -> None:
        """Settle the call if the recorder does not receive both sides' tracks in time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._both_subscribed.wait()
        except TimeoutError:
            missing = sorted(set(Role) - self._subscribed)
            alone = missing == [Role.SUPPORT]
            fault = self._counterpart.missing if alone else Fault.SYSTEM
            detail = f"no audio track of {', '.join(missing)}"
            self.settle(Ending(Outcome.PEER_NEVER_CAME, fault, detail))

    def settle(self, ending: Ending) -> None:
        """Say how the call ended; the first word on it stands."""
        if not self.ending.done():
            self.ending.set_result(ending)

    async def wait(self) -> Ending:
        """How the call ended, once it has; a silent worker ends it too."""
        while not self.ending.done():
            await asyncio.wait([self.ending], timeout=CHECK_S)
            for role, alive_at in self._alive_at.items():
                silent_s = self._loop.time() - alive_at
                if silent_s > HEARTBEAT_LOST_S:
                    lost = f"no heartbeat from {role} for {silent_s:.0f} s"
                    self.settle(Ending(Outcome.WORKER_LOST, Fault.SYSTEM, lost))
        return self.ending.result()

    def _on_ended(self, role: Role, ended: Ended) -> None:
        self.leaving = True
        reason = ended.reason
        detail = f"{role}: {reason}"
        if ended.engine:
            detail += f": {ended.engine}"
        if ended.error:
            detail += f": {ended.error}"
        ending = ending_of(role, reason, detail)
        if reason is EndReason.PEER_LEFT:
            ending = self._left(role.peer)
        if reason in _SECOND_HAND:
            self._settle_soon(ending)
        else:
            self.settle(ending)

    def _left(self, side: Role) -> Ending:
        """How a call ends that one side has left without saying why."""
        if side is Role.SUPPORT:
            return self._counterpart.left()
        return Ending(Outcome.WORKER_LOST, Fault.SYSTEM, f"{side} left without a word")

    def _settle_soon(self, ending: Ending) -> None:
        self._loop.call_later(LAST_WORDS_S, self.settle, ending)
