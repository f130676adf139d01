"""`duologue call`: one call, shown while it happens."""

import asyncio
import secrets
import sys
from contextlib import AsyncExitStack, closing, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from duologue.call.direct import place_direct_call
from duologue.call.live_audio import Meters, Speaker
from duologue.call.over_livekit.call import place_call
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.call.their_agent import hosted_agent
from duologue.cli.call_view import CallView, show_problem
from duologue.cli.engine_options import EngineOption, ProfileOption, engine_options
from duologue.cli.plan_command import LatencyOption
from duologue.cli.signals import run_cancellable
from duologue.cli.test_command import (
    SupportAgentOption,
    SupportCommandOption,
    check_agent_options,
)
from duologue.folder.folder import CallFolder, Clock, Transport
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario import DEFAULT, load_scenario
from duologue.servers.host import hosted
from shared.endings import Outcome
from shared.engines.latency import read_latency
from shared.errors import UsageError
from shared.events.journal import Event
from shared.settings import read_settings
from shared.spec import EngineChoice, Role


class Workers(StrEnum):
    """Who runs the two workers of a call."""

    AUTO = "auto"
    LOCAL = "local"


def print_event(event: Event) -> None:
    """Print one event as a line of JSON."""
    sys.stdout.write(event.to_json() + "\n")
    sys.stdout.flush()


def call(
    scenario: Annotated[
        str, typer.Argument(help="A bundled scenario, FILE, or FILE#LABEL.")
    ] = DEFAULT,
    *,
    out_dir: Annotated[
        Path, typer.Option("--out", help="The folder that call folders are made in.")
    ] = Path("calls"),
    call_id: Annotated[
        str | None, typer.Option(help="Name of the call folder; made up when not given.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of whatever is drawn by chance.")] = 0,
    transport: Annotated[
        Transport, typer.Option(help="direct: both sides in this process, without a server.")
    ] = Transport.LIVEKIT,
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
    dispatch_timeout_s: Annotated[
        float | None,
        typer.Option(
            "--dispatch-timeout",
            min=1,
            help="Seconds until agents must be there; 12 for ours, 30 for yours.",
        ),
    ] = None,
    play: Annotated[
        bool, typer.Option("--play", help="Play the call on this machine's sound device.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print every event as one JSON object a line instead.")
    ] = False,
    profile: ProfileOption = None,
    customer_stt: EngineOption = None,
    customer_llm: EngineOption = None,
    customer_tts: EngineOption = None,
    customer_vad: EngineOption = None,
    support_stt: EngineOption = None,
    support_llm: EngineOption = None,
    support_tts: EngineOption = None,
    support_vad: EngineOption = None,
) -> None:
    """Make one call, show it while it happens, and leave its folder in --out."""
    settings = read_settings().with_profile(profile)
    if clock and transport is not Transport.DIRECT:
        raise UsageError("--clock is for --transport direct")
    in_real_time = transport is Transport.LIVEKIT or clock is Clock.REAL
    if play and not in_real_time:
        raise UsageError("--play is for calls in real time: add --clock real")
    options = engine_options(
        customer_stt=customer_stt,
        customer_llm=customer_llm,
        customer_tts=customer_tts,
        customer_vad=customer_vad,
        support_stt=support_stt,
        support_llm=support_llm,
        support_tts=support_tts,
        support_vad=support_vad,
    )
    for_ours = workers is Workers.LOCAL or options[Role.SUPPORT] != EngineChoice()
    check_agent_options(transport, support_agent, support_command, for_ours=for_ours)
    spec = load_scenario(scenario).to_spec(
        call_id=call_id or f"call-{secrets.token_hex(4)}",
        seed=seed,
        engines={role: settings.engines(role) for role in Role},
        options=options,
        recorder=IDENTITY,
        latency=read_latency(latency or []),
        under_test=support_agent,
    )
    # On the virtual clock seconds pass too quickly for a meter to be read.
    meters = Meters() if in_real_time else None
    view = CallView(Console(quiet=as_json, highlight=False), meters)
    speaker = Speaker() if play else None
    listeners = [each.hear for each in (meters, speaker) if each]
    on_event = print_event if as_json else view.on_event

    async def make(folder: CallFolder) -> CallResult:
        async with AsyncExitStack() as stack:
            theirs = None
            if support_agent:
                theirs = await stack.enter_async_context(
                    hosted_agent(support_agent, support_command, settings, view.say)
                )
                address = theirs.address
            else:
                address = await stack.enter_async_context(
                    hosted(
                        settings,
                        view.say,
                        local_workers=workers is Workers.LOCAL,
                        on_line=show_problem,
                        engines=spec.engines.values(),
                    )
                )
            made = await place_call(
                spec,
                address,
                folder,
                settings,
                on_event=on_event,
                listeners=listeners,
                dispatch_timeout_s=dispatch_timeout_s,
            )
            if theirs and made.exit_code and made.ending.outcome is not Outcome.COMPLETED:
                view.show_log(theirs.last_lines)
            return made

    with (
        closing(speaker) if speaker else nullcontext(),
        CallFolder.create(out_dir, spec.call_id) as folder,
        closing(view),
    ):
        try:
            if transport is Transport.DIRECT:
                result = place_direct_call(
                    spec,
                    folder,
                    settings,
                    clock=clock or Clock.VIRTUAL,
                    on_event=on_event,
                    listeners=listeners,
                )
            else:
                result = run_cancellable(make(folder))
        except asyncio.CancelledError:
            if folder.final.exists():
                view.say(f"cancelled; what was recorded until then: {folder.final}")
            raise
    view.show(result)
    sys.exit(result.exit_code)
