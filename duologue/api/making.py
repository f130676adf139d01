"""One call, from what is wanted to its folder: made from Python, or by `duologue call`."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from enum import StrEnum
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from duologue.batch.call_maker import CallMaker, maker_of, watched_maker
from duologue.call.counterpart import OURS, Counterpart, LiveKitAgent
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.call.transport import Occasion, Transport
from duologue.call.transport_registry import find_transport
from duologue.folder.folder import CallFolder, Clock, TransportName
from duologue.labels.recorded_call import Call
from duologue.scenarios.scenario import NO_OPTIONS, Scenario
from duologue.scenarios.scenario_file import DEFAULT, load_scenario
from duologue.servers.server_binary import Say
from duologue.servers.worker_processes import OnLine
from shared.endings import Outcome
from shared.errors import UsageError
from shared.masking import mask
from shared.settings import Profile, Settings, read_settings
from shared.spec import NO_LATENCY, CallSpec, EngineChoice, Latency, Role
from support_agent import resolve_business

log = logging.getLogger("duologue")

N = TypeVar("N", bound=StrEnum)

Opened: TypeAlias = Callable[[Transport, Occasion, Path], AbstractAsyncContextManager[CallMaker]]
"""What makes calls: in this process, or in others where that is quicker."""
EngineChoices: TypeAlias = (
    Mapping[Role, EngineChoice] | Mapping[Literal["customer", "support"], EngineChoice]
)


class Planned(NamedTuple):
    """A call that can be made, as far as that is known before anything is started for it."""

    spec: CallSpec
    transport: Transport
    counterpart: Counterpart
    settings: Settings
    out: Path
    """The folder that its folder is made in."""
    local_workers: bool
    """Whether workers are started here, even for a server that the settings name."""

    def occasion(self, say: Say, on_line: OnLine) -> Occasion:
        """What its transport is prepared for.

        Args:
            say: Told what is being done, in a few words.
            on_line: Gets each line that workers print that are started here.
        """
        return Occasion(
            self.settings,
            say,
            on_line,
            self.counterpart,
            local_workers=self.local_workers,
            engines=self.spec.engines.values(),
        )


def named_transport(name: str, clock: Clock | None = None) -> Transport:
    """The transport of this name, in another time than its own if one is given.

    Raises:
        UsageError: There is none, or it has no such time.
    """
    transport = find_transport(_one_of(TransportName, name))
    return transport.in_time(clock) if clock else transport


def plan_call(
    scenario: Scenario | str | Path,
    *,
    transport: Transport,
    seed: int = 0,
    out: Path | str,
    call_id: str | None = None,
    counterpart: Counterpart | None = None,
    engines: EngineChoices = NO_OPTIONS,
    profile: str | None = None,
    latency: Latency = NO_LATENCY,
    local_workers: bool = False,
) -> Planned:
    """What is wanted (see `acall`), as a call that can be made.

    Args:
        scenario: What it is about, or where that is written.
        transport: What carries it.
        seed: Of whatever is drawn by chance.
        out: The folder that its folder is made in.
        call_id: The name of its folder.
        counterpart: Who holds the support side; None for our own agent.
        engines: By role, those that come before the scenario's and the environment's.
        profile: The engines where nothing names one.
        latency: How long engines are made to take.
        local_workers: See `Planned`.

    Raises:
        UsageError: It cannot be made; nothing was started, and nothing is left.
    """
    settings = read_settings().with_profile(_one_of(Profile, profile) if profile else None)
    choices = {_one_of(Role, role): _chosen(choice) for role, choice in engines.items()}
    counterpart = counterpart or OURS
    for_ours = local_workers or choices.get(Role.SUPPORT, EngineChoice()) != EngineChoice()
    if counterpart.under_test and for_ours:
        raise UsageError(
            "somebody's agent brings its own worker and engines: with --support-agent, leave out "
            "--workers and --support-stt and its like; with `agent`, leave out the engines of "
            "`support`"
        )
    spec = _read(scenario).to_spec(
        call_id=f"call-{secrets.token_hex(4)}" if call_id is None else call_id,
        seed=seed,
        engines={role: settings.engines(role) for role in Role},
        options=choices,
        recorder=IDENTITY,
        latency=latency,
        under_test=counterpart.under_test,
    )
    transport.check(spec)
    out = Path(out)
    CallFolder.create(out, spec.call_id).discard()  # what cannot be made starts nothing
    return Planned(spec, transport, counterpart, settings, out, local_workers)


def _chosen(choice: object) -> EngineChoice:
    if not isinstance(choice, EngineChoice):
        raise UsageError(
            f"engines are named by an EngineChoice, such as "
            f"duologue.EngineChoice(tts='hibari/heart'), not by {choice!r}"
        )
    return choice


def _read(scenario: Scenario | str | Path) -> Scenario:
    """A scenario that can come true; one that was built is seen from the working folder."""
    if not isinstance(scenario, Scenario):
        return load_scenario(str(scenario))
    if business := scenario.userdata.business:
        scenario = scenario.with_business(resolve_business(business, Path()))
    scenario.check()
    return scenario


def _one_of(names: type[N], name: str) -> N:
    try:
        return names(name)
    except ValueError:
        raise UsageError(f"there is no {name!r}, but {' and '.join(names)}") from None


async def acall(
    scenario: Scenario | str | Path = DEFAULT,
    *,
    transport: TransportName | Literal["livekit", "direct"] = TransportName.LIVEKIT,
    seed: int = 0,
    out: Path | str = "calls",
    call_id: str | None = None,
    agent: LiveKitAgent | None = None,
    engines: EngineChoices = NO_OPTIONS,
    profile: Profile | Literal["local", "cloud"] | None = None,
) -> Call:
    """Make a call beside whatever else the event loop does, be it other calls.

    A direct call is made in a process of its own, so that several keep several cores busy; over
    LiveKit, the server and the workers that it needs are started unless they run. What is being
    done is logged as "duologue" (level INFO). Cancelled, a call over LiveKit leaves its folder
    with the outcome `cancelled`, and a direct one leaves nothing.

    Args:
        scenario: What the call is about; or the label of a bundled scenario, a file with one, or
            "file.yaml#label".
        transport: "livekit", over a server; or "direct", without one, in seconds.
        seed: Of whatever is drawn by chance; the same gives the same direct call.
        out: The folder that the call's folder is made in; it is made, too.
        call_id: The name of the call's folder, at most 100 letters, digits, ".", "_" and "-"; made
            up if there is none.
        agent: Somebody's own agent for the support side; None for ours.
        engines: By role, "customer" and "support", engines that are used rather than those that
            the scenario or the environment names.
        profile: The engines where nothing names one: "local" or "cloud".

    Returns:
        The call, however it ended; also one of which a part failed (`held` is False then).

    Raises:
        UsageError: The call cannot be made; the message says why, and what to do. Nothing was
            started, and nothing is left.
        DuologueError: A server or a worker could not be started, or the folder not be written.

    Example:
        >>> async def both():
        ...     return await asyncio.gather(
        ...         duologue.acall("person-wanted", transport="direct", seed=1),
        ...         duologue.acall("person-wanted", transport="direct", seed=2),
        ...     )
        >>> [(call.seed, call.succeeded) for call in asyncio.run(both())]
        [(1, True), (2, True)]
    """
    planned = plan_call(
        scenario,
        transport=named_transport(transport),
        seed=seed,
        out=out,
        call_id=call_id,
        counterpart=agent,
        engines=engines,
        profile=profile,
    )
    return await _make(planned, maker_of)


def call(
    scenario: Scenario | str | Path = DEFAULT,
    *,
    transport: TransportName | Literal["livekit", "direct"] = TransportName.LIVEKIT,
    seed: int = 0,
    out: Path | str = "calls",
    call_id: str | None = None,
    agent: LiveKitAgent | None = None,
    engines: EngineChoices = NO_OPTIONS,
    profile: Profile | Literal["local", "cloud"] | None = None,
) -> Call:
    """Make a call, and wait for its end.

    Arguments and errors are those of `acall`. A direct call is made in this process, which keeps
    its engines for the next one. After Ctrl-C the call's folder is complete, its outcome
    `cancelled`, and KeyboardInterrupt goes on.

    Raises:
        UsageError: The call cannot be made; or an event loop runs here, as it does in a notebook:
            there, `await duologue.acall(...)`.
        DuologueError: A server or a worker could not be started, or the folder not be written.

    Example:
        >>> call = duologue.call("person-wanted", transport="direct", seed=7, call_id="seventh")
        >>> call.succeeded, call.path.as_posix()
        (True, 'calls/seventh')
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        pass
    else:
        raise UsageError(
            "duologue.call waits, and an event loop runs here, which must not: use "
            "`await duologue.acall(...)`"
        )
    planned = plan_call(
        scenario,
        transport=named_transport(transport),
        seed=seed,
        out=out,
        call_id=call_id,
        counterpart=agent,
        engines=engines,
        profile=profile,
    )
    return asyncio.run(_make(planned, watched_maker))


async def _make(planned: Planned, opened: Opened) -> Call:
    """Make a call; the log gets what a terminal would show of it."""
    occasion = planned.occasion(
        lambda text: log.info("%s", mask(text)),
        lambda role, line: log.debug("%s: %s", role, mask(line)),
    )
    async with opened(planned.transport, occasion, planned.out) as maker:
        made = await maker.call(planned.spec)
        if made.exit_code and made.ending.outcome is not Outcome.COMPLETED:
            for line in maker.last_lines:
                log.warning("agent: %s", mask(line))
    return Call(made.folder)
