"""How a call ends, decided from its events alone."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from duologue.call.counterpart import OURS, Counterpart
from duologue.call.outcome import ending_of
from duologue.call.patience import Alarm, Patience, patient_timeout
from shared.endings import Ending, EndReason, Fault, Outcome
from shared.errors import DuologueError
from shared.events import DriverAway, Ended, Joined, Left, RoomClosed, Subscribed
from shared.events.journal import Event, Journal
from shared.spec import Role

SUSPECT_S = 4.5
"""Two heartbeats missed: perhaps the server is away. As long before `HEARTBEAT_LOST_S` that those
come in time which it has held up until it was asked."""
HEARTBEAT_LOST_S = 7.0
"""Three heartbeats missed: the worker is gone, or its way to the recorder is."""
HELD_UP_S = 1.0
"""A server that took so long to answer has held up heartbeats, too."""
AFTERMATH_S = 10.0
"""For how long what goes wrong may come of an absence of the driver."""
LAST_WORDS_S = 2.0
"""How long to wait for what a side says of its own leaving, once it was seen to leave."""
CHECK_S = 0.5

CheckServer: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
"""Raises a DuologueError if the server does not answer."""

_SECOND_HAND = (EndReason.PEER_LEFT, EndReason.STOPPED)
"""Reasons that follow from something else, of which the other side may know more."""
_PUT_OUT = {
    "participant_removed": "somebody removed {} from the room",
    "duplicate_identity": "somebody else joined the room as {}",
}
"""What LiveKit's reasons mean of which the server, and the call, know nothing."""


class Monitor:
    """Watches the events of one call until it is known how the call ended.

    Args:
        counterpart: Who holds the support side.
    """

    def __init__(self, counterpart: Counterpart = OURS) -> None:
        self._counterpart = counterpart
        self._loop = asyncio.get_running_loop()
        self._silence: dict[Role, Patience] = {}
        """Since when nothing came from a side."""
        self._watch: _Watch | None = None
        self._last_words: Alarm | None = None
        self._subscribed: set[Role] = set()
        self._both_subscribed = asyncio.Event()
        self._gone: dict[str, Role] = {}
        """Sides that have left, by their identities."""
        self.ending: asyncio.Future[Ending] = self._loop.create_future()
        self.leaving = False
        """A side has ended its part and leaves; the other sees that, and follows."""

    def on_event(self, event: Event) -> None:
        """Take notice of one event, from a worker or from the driver."""
        self._look()
        payload = event.payload
        if event.source in tuple(Role):
            role = Role(event.source)
            if role is Role.CUSTOMER or self._counterpart.reports:  # else no heartbeat follows
                self.on_alive(role)
            if isinstance(payload, Ended):
                self._on_ended(role, payload)
        elif isinstance(payload, Left) and payload.side:
            self._on_left(payload.side, payload)
        elif isinstance(payload, Joined) and not payload.side:
            self._on_stranger(payload.identity)
        elif isinstance(payload, Subscribed) and payload.side:
            self._subscribed.add(payload.side)
            if self._subscribed.issuperset(Role):
                self._both_subscribed.set()
        elif isinstance(payload, RoomClosed):
            self._on_closed(payload.reason)

    def on_alive(self, role: Role) -> None:
        """Take notice that something comes from a side, whatever it will be when it is there."""
        self._look()
        self._silence[role] = Patience()

    async def expect_tracks(self, timeout_s: float) -> None:
        """Settle the call if the recorder does not receive both sides' tracks in time."""
        try:
            async with patient_timeout(timeout_s):
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

    async def wait(self, journal: Journal, check_server: CheckServer) -> Ending:
        """How the call ended, once it has; a silent worker or server ends it too.

        Args:
            journal: The driver's, which is told if the driver itself was away.
            check_server: Asks the server whether it is there, before a worker is blamed.
        """
        self._watch = _Watch(journal)
        while not self.ending.done():
            await asyncio.wait([self.ending], timeout=CHECK_S)
            self._look()
            if self._longest_silence_s() > SUSPECT_S:
                await self._ask(check_server)
            for role, silence in self._silence.items():
                if silence.seconds() > HEARTBEAT_LOST_S:
                    lost = f"no heartbeat from {role} for {silence.seconds():.0f} s"
                    self._settle_unless_away(Ending(Outcome.WORKER_LOST, Fault.SYSTEM, lost))
        return self.ending.result()

    def _look(self) -> None:
        if self._watch and not self.ending.done():  # afterwards nobody looks regularly
            self._watch.look()

    def _longest_silence_s(self) -> float:
        return max((silence.seconds() for silence in self._silence.values()), default=0.0)

    async def _ask(self, check_server: CheckServer) -> None:
        """See that the server answers; if it was long about it, nobody else was silent."""
        began_s = self._loop.time()
        asking = asyncio.create_task(check_server(), name="check server")
        while not (asking.done() or self.ending.done()):
            waited: list[asyncio.Future[Any]] = [asking, self.ending]
            await asyncio.wait(waited, timeout=CHECK_S, return_when=asyncio.FIRST_COMPLETED)
            self._look()
        if not asking.done():
            asking.cancel()
            await asyncio.wait([asking])
        elif error := asking.exception():
            if not isinstance(error, DuologueError):
                raise error
            self._settle_unless_away(Ending(Outcome.SERVER_LOST, Fault.SYSTEM, str(error)))
        elif self._loop.time() - began_s > HELD_UP_S:
            self._silence = {role: Patience() for role in self._silence}

    def _on_closed(self, reason: str) -> None:
        if why := _PUT_OUT.get(reason):
            detail = f"{why.format('the recorder')} ({reason})"
            self.settle(Ending(Outcome.RECORDER_REMOVED, Fault.SYSTEM, detail))
        elif reason == "room_deleted":
            self._settle_unless_away(self._counterpart.room_deleted(reason))
        else:
            self._settle_unless_away(Ending(Outcome.SERVER_LOST, Fault.SYSTEM, reason))

    def _on_left(self, side: Role, left: Left) -> None:
        self._gone[left.identity] = side
        if left.reason == "participant_removed":
            self._settle_put_out(side, left.reason)
        else:
            self._settle_soon(self._left(side))

    def _on_stranger(self, identity: str) -> None:
        """Whoever joins as another puts that one out; others are not told why it leaves."""
        if side := self._gone.get(identity):
            self._settle_put_out(side, "duplicate_identity")

    def _settle_put_out(self, side: Role, reason: str) -> None:
        detail = f"{_PUT_OUT[reason].format(side)} ({reason})"
        self.settle(Ending(Outcome.SIDE_REMOVED, Fault.SYSTEM, detail))

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
        if not self._last_words:
            self._last_words = Alarm(LAST_WORDS_S, lambda: self._settle_unless_away(ending))

    def _settle_unless_away(self, ending: Ending) -> None:
        """Settle what was only seen from here, or whose absence it really was."""
        away_s = self._watch.away_s() if self._watch else 0.0
        if away_s:
            detail = f"this process was away for {away_s:.0f} s; then: {ending.detail}"
            ending = Ending(Outcome.DRIVER_AWAY, Fault.SYSTEM, detail)
        self.settle(ending)


class _Watch:
    """Watches over the driver itself."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._patience = Patience()
        self._away_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._back_s = 0.0

    def look(self) -> None:
        """Say that the driver was away, if it was; to be called more often than it may be away."""
        if away_s := self._patience.away_s():
            self._away_s, self._back_s = away_s, self._loop.time()
            self._journal.emit(DriverAway(away_s=round(away_s, 1)))

    def away_s(self) -> float:
        """How long it was away, if what is seen now may come of that; else 0."""
        return self._away_s if self._loop.time() - self._back_s < AFTERMATH_S else 0.0
