"""Calls as every command makes them, for tests: in this process, on either transport."""

from collections.abc import Mapping
from pathlib import Path

from duologue.batch.call_maker import MakerHere, watched_maker
from duologue.call.counterpart import OURS, Counterpart
from duologue.call.direct.transport import FACTORIES, Direct
from duologue.call.over_livekit.transport import LiveKit, LiveKitCarrier
from duologue.call.transport import UNWATCHED, Occasion, Watch
from duologue.cli.signals import run_cancellable
from duologue.folder.folder import Clock
from duologue.pipeline.filing import CallResult
from shared.address import ServerAddress
from shared.settings import Settings
from shared.side.conversation import Factory
from shared.spec import CallSpec, Role


def occasion(settings: Settings, counterpart: Counterpart = OURS) -> Occasion:
    """One call of which nothing is said."""
    return Occasion(settings, lambda _: None, lambda *_: None, counterpart)


def call_directly(
    spec: CallSpec,
    out: Path,
    settings: Settings,
    *,
    clock: Clock = Clock.VIRTUAL,
    factories: Mapping[Role, Factory] = FACTORIES,
    watch: Watch = UNWATCHED,
) -> CallResult:
    """A call on the direct transport."""

    async def make() -> CallResult:
        transport = Direct(clock, {**FACTORIES, **factories})
        async with watched_maker(transport, occasion(settings), out, watch) as maker:
            return await maker.call(spec)

    return run_cancellable(make())


async def call_over(
    address: ServerAddress,
    spec: CallSpec,
    out: Path,
    settings: Settings,
    *,
    counterpart: Counterpart = OURS,
    watch: Watch = UNWATCHED,
) -> CallResult:
    """A call over the server at `address`, to which workers or agents are known."""
    carrier = LiveKitCarrier(address, occasion(settings, counterpart))
    return await MakerHere(LiveKit(), carrier, out, watch).call(spec)
