"""What a transport is: what carries a call between its two sides, and what it needs for that.

A transport is clock, pipes and nothing else. Whatever makes calls (`duologue.batch.call_maker`)
asks it these things and never which one it is; `duologue.call.transport_registry` finds it by name.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol, Self

from duologue.call.counterpart import OURS, Counterpart
from duologue.call.live_audio import Listener
from duologue.folder.folder import CallFolder, Clock, Take, TransportName
from duologue.servers.server_binary import Say
from duologue.servers.worker_processes import OnLine
from shared.endings import Ending
from shared.events.journal import Event
from shared.settings import Settings
from shared.spec import CallSpec, Engines


class Watch(NamedTuple):
    """Who follows a call while it is held."""

    on_event: Callable[[Event], None] = lambda _: None
    """Gets every event of both sides and the driver, in order; must not block."""
    listeners: Sequence[Listener] = ()
    """Get both sides' audio as it is recorded."""


UNWATCHED = Watch()


class Occasion(NamedTuple):
    """What a transport is prepared for: calls that are to be made one after another, or at once."""

    settings: Settings
    say: Say
    """Told what is being done, in a few words."""
    on_line: OnLine
    """Gets each line that workers print that are started here."""
    counterpart: Counterpart = OURS
    """Who holds the support side of all these calls."""
    many: bool = False
    """Whether there are many: then what dies of a server and workers is started again."""
    at_once: int = 1
    """How many calls are made at the same time at most."""
    local_workers: bool = False
    """Whether workers are started here, even for a server that is named in the settings."""
    engines: Collection[Engines] = ()
    """What workers that are started here must be able to use."""


class Held(NamedTuple):
    """A call that was held and recorded into its folder, which has no labels and no name yet."""

    ending: Ending
    recorded: Take
    part_away: bool = False
    """Whether it failed while a server or a worker was away."""


class Carrier(Protocol):
    """A transport that is prepared: it places calls, several at a time if it is asked to."""

    async def place(self, spec: CallSpec, folder: CallFolder, watch: Watch) -> Held:
        """Place a call, and record it into `folder` up to its end, however it ends.

        Cancelling it ends the call with the outcome `cancelled`, and is over with that: it returns
        what was recorded until then, and whoever cancelled is told by the outcome.

        Raises:
            UsageError: An engine cannot be used here, or a server does not let us in.
            CallFailed: Nothing was recorded, and another attempt has a chance.
            DuologueError: The files cannot be written.
        """

    def room(self) -> AbstractAsyncContextManager[None]:
        """Wait until there is room for one more of many calls, and keep it until left.

        Raises:
            DuologueError: There will be none.
        """

    async def recover(self) -> None:
        """Wait, after an attempt that failed, until another one has a chance.

        Raises:
            DuologueError: None will have.
        """

    @property
    def last_lines(self) -> Sequence[str]:
        """What somebody's agent that was started here printed last; empty if there is none."""


class Transport(Protocol):
    """What carries calls."""

    @property
    def name(self) -> TransportName:
        """What it is asked for by, and what `call.json` says."""

    @property
    def clock(self) -> Clock:
        """The time in which its calls take place."""

    def in_time(self, clock: Clock) -> Self:
        """The same by another clock.

        Raises:
            UsageError: It has only one.
        """

    def check(self, spec: CallSpec) -> None:
        """See that it can carry this call; nothing is started for it.

        Raises:
            UsageError: It cannot; the message says which other transport can.
        """

    def prepare(self, occasion: Occasion) -> AbstractAsyncContextManager[Carrier]:
        """Bring about what calls need, such as a server and workers; it is gone on leaving.

        Raises:
            UsageError: A server does not let us in, or somebody's agent cannot be started.
            DuologueError: A server or a worker could not be started.
        """

    @property
    def cpu_s_per_minute(self) -> float:
        """What a minute of a call costs here, in seconds of a core, with the default engines."""

    def at_once(self, cores: int) -> int:
        """How many calls this many cores carry at the same time."""
