"""The direct transport: both sides in this process, without a server."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from types import MappingProxyType

from customer_agent import create_party as create_customer
from duologue.call.direct import services
from duologue.call.direct.agent_process import AgentProcess, started_agent
from duologue.call.direct.call import DirectCall
from duologue.call.transport import Held, Occasion, Watch
from duologue.folder.folder import CallFolder, Clock, TransportName
from shared import engines
from shared.errors import UsageError
from shared.settings import Settings
from shared.side.conversation import Factory
from shared.spec import CallSpec, Role
from support_agent import create_party as create_support

FACTORIES: Mapping[Role, Factory] = MappingProxyType(
    {Role.CUSTOMER: create_customer, Role.SUPPORT: create_support}
)


class Direct:
    """Carries calls in this process, one at a time.

    Args:
        clock: Virtual, unless told: seconds pass as fast as the work in them is done.
        factories: What builds the party of each role.
    """

    name = TransportName.DIRECT
    cpu_s_per_minute = 5.0

    def __init__(
        self, clock: Clock = Clock.VIRTUAL, factories: Mapping[Role, Factory] = FACTORIES
    ) -> None:
        self.clock, self._factories = clock, factories

    def in_time(self, clock: Clock) -> "Direct":
        """The same by another clock."""
        return Direct(clock, self._factories)

    def check(self, spec: CallSpec) -> None:
        """See that both sides can be held here, and that the clock can wait for their engines.

        Raises:
            UsageError: It is not so.
        """
        if spec.under_test and not spec.under_test.file:
            raise UsageError(
                "an agent that runs as a worker is in a room: --support-agent is for --transport "
                'livekit, `agent` for transport="livekit"; --support-file agent.py runs its file '
                "without a server"
            )
        if self.clock is Clock.VIRTUAL:
            services.check(spec)

    @asynccontextmanager
    async def prepare(self, occasion: Occasion) -> AsyncIterator["DirectCarrier"]:
        """Nothing is needed but the settings."""
        yield DirectCarrier(self.clock, self._factories, occasion.settings)

    def at_once(self, cores: int) -> int:
        """One a core: each keeps one busy."""
        return cores


class DirectCarrier:
    """Places calls in a thread of this process, so that whoever waits for them can do more."""

    def __init__(self, clock: Clock, factories: Mapping[Role, Factory], settings: Settings) -> None:
        self._clock, self._factories, self._settings = clock, factories, settings
        self.last_lines: Sequence[str] = ()

    async def place(self, spec: CallSpec, folder: CallFolder, watch: Watch) -> Held:
        """Place one call (see `Carrier`)."""
        for chosen in spec.engines.values():
            # Here, on the main thread, on which LiveKit's plugins want to be imported.
            engines.check(chosen, self._settings)
        if not (theirs := spec.under_test):
            return await self._place(spec, folder, watch, None)
        if theirs.speech:
            engines.check(theirs.speech, self._settings)
        async with started_agent(spec, theirs, self._clock) as process:
            held = await self._place(spec, folder, watch, process)
            self.last_lines = process.last_lines
            return held

    async def _place(
        self, spec: CallSpec, folder: CallFolder, watch: Watch, agent: AgentProcess | None
    ) -> Held:
        call = DirectCall(
            spec, folder, self._settings, self._clock, self._factories, watch=watch, agent=agent
        )
        holding = asyncio.create_task(asyncio.to_thread(call.hold), name="direct call")
        while True:
            try:
                return await asyncio.shield(holding)
            except asyncio.CancelledError:
                call.cancel()

    def room(self) -> AbstractAsyncContextManager[None]:
        """Always: what is more than a core can do takes longer, and is as good."""
        return nullcontext()

    async def recover(self) -> None:
        """Nothing is to be waited for."""
