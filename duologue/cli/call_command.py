"""`duologue call`: one call, shown while it happens."""

import asyncio
import sys
from contextlib import closing, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from duologue.api.making import named_transport, plan_call
from duologue.batch.call_maker import watched_maker
from duologue.call.live_audio import Meters, Speaker
from duologue.call.transport import Watch
from duologue.cli.business_option import BusinessOption
from duologue.cli.call_view import CallView, show_problem
from duologue.cli.counterpart_options import (
    DispatchTimeoutOption,
    FollowClockOption,
    StartTimeoutOption,
    SupportAgentOption,
    SupportCommandOption,
    SupportFileOption,
    SupportPythonOption,
    named_counterpart,
)
from duologue.cli.engine_options import NOTHING_NAMED, NamedEngines, with_engine_options
from duologue.cli.output_pipe import CLOSED_PIPE, OutputPipe, PipedTerminal
from duologue.cli.persona_option import PersonaOption, named_persona
from duologue.cli.plan_command import LatencyOption
from duologue.cli.signals import Cancellation, run_cancellable
from duologue.folder.folder import Clock, TransportName
from duologue.pipeline.filing import CallResult
from duologue.scenarios.at_business import scenario_at
from duologue.scenarios.scenario import played_by
from duologue.scenarios.scenario_file import DEFAULT, load_scenario
from shared.endings import Outcome
from shared.engines.latency import read_latency
from shared.errors import UsageError
from shared.events.journal import Event
from shared.printable import printable


class Workers(StrEnum):
    """Who runs the two workers of a call."""

    AUTO = "auto"
    LOCAL = "local"


def print_event(event: Event) -> None:
    """Print one event as a line of JSON."""
    sys.stdout.write(printable(event.to_json()) + "\n")
    sys.stdout.flush()


@with_engine_options
def call(
    scenario: Annotated[
        str | None,
        typer.Argument(help="A bundled scenario, FILE, or FILE#LABEL.", show_default=DEFAULT),
    ] = None,
    *,
    business: BusinessOption = None,
    persona: PersonaOption = None,
    out_dir: Annotated[
        Path, typer.Option("--out", help="The folder that call folders are made in.")
    ] = Path("calls"),
    call_id: Annotated[
        str | None, typer.Option(help="Name of the call folder; made up when not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of whatever is drawn by chance.")] = 0,
    transport: Annotated[
        TransportName, typer.Option(help="direct: both sides in this process, without a server.")
    ] = TransportName.LIVEKIT,
    clock: Annotated[
        Clock | None,
        typer.Option(help="Of a direct call; virtual, unless told: as fast as it can be computed."),
    ] = None,
    latency: LatencyOption = None,
    workers: Annotated[
        Workers, typer.Option(help="local: start both workers here, even with LIVEKIT_URL set.")
    ] = Workers.AUTO,
    support_agent: SupportAgentOption = None,
    support_command: SupportCommandOption = None,
    support_file: SupportFileOption = None,
    support_python: SupportPythonOption = None,
    follow_clock: FollowClockOption = False,
    dispatch_timeout_s: DispatchTimeoutOption = None,
    start_timeout_s: StartTimeoutOption = None,
    play: Annotated[
        bool, typer.Option("--play", help="Play the call on this machine's sound device.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every event as one JSON object a line instead.")
    ] = False,
    named: NamedEngines = NOTHING_NAMED,
) -> None:
    """Make one call, show it while it happens, and leave its folder in --out."""
    if (support_agent or support_file) and business:
        raise UsageError("with an agent of yours, leave out --business; it has a desk of its own")
    carried = named_transport(transport, clock)
    in_real_time = carried.clock is Clock.REAL
    if play and not in_real_time:
        raise UsageError("--play is for calls in real time: add --clock real")
    chosen = scenario_at(business, scenario) if business else load_scenario(scenario or DEFAULT)
    [chosen] = played_by(named_persona(persona), [chosen])
    planned = plan_call(
        chosen,
        transport=carried,
        seed=seed,
        out=out_dir,
        call_id=call_id,
        counterpart=named_counterpart(
            support_agent,
            support_command,
            support_file,
            support_python,
            follow_clock=follow_clock,
            dispatch_timeout_s=dispatch_timeout_s,
            start_timeout_s=start_timeout_s,
        ),
        engines=named.choices,
        profile=named.profile,
        latency=read_latency(latency or []),
        local_workers=workers is Workers.LOCAL,
    )
    # On the virtual clock seconds pass too quickly for a meter to be read.
    meters = Meters() if in_real_time else None
    view = CallView(PipedTerminal(quiet=as_json), meters)
    hang_up = Cancellation()
    pipe = OutputPipe(on_closed=hang_up)
    speaker = Speaker() if play else None
    watch = Watch(
        pipe.guard(print_event if as_json else view.on_event),
        [each.hear for each in (meters, speaker) if each],
    )
    occasion = planned.occasion(pipe.guard(view.say), show_problem)

    async def make() -> CallResult:
        async with watched_maker(planned.transport, occasion, planned.out, watch) as maker:
            made = await maker.call(planned.spec)
            if made.exit_code and made.ending.outcome is not Outcome.COMPLETED:
                pipe.guard(view.show_log)(maker.last_lines)
            return made

    with closing(speaker) if speaker else nullcontext(), closing(view):
        try:
            result = run_cancellable(make(), hang_up)
        except asyncio.CancelledError:
            if pipe.closed:
                sys.exit(CLOSED_PIPE)
            if (final := planned.out / planned.spec.call_id).exists():
                view.say(f"cancelled; what was recorded until then: {final}")
            raise
    pipe.guard(view.show)(result)
    sys.exit(CLOSED_PIPE if pipe.closed else result.exit_code)
