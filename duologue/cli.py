"""The `duologue` command.

A known error is one line on standard error and exit status 2 (wrong use) or 3 (system);
docs/outcomes.md has the table.
"""

import asyncio
import json
import logging
import os
import secrets
import signal
import sys
from contextlib import AsyncExitStack, closing, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from livekit.api import VideoGrants
from rich.console import Console
from rich.markup import escape

from duologue import deploy_command, scenarios_command, state
from duologue.batch.command import make_batch
from duologue.batch.plan import Plan
from duologue.batch.plan_command import LatencyOption, plan
from duologue.call import place_call
from duologue.console import CallView, show_problem
from duologue.direct import place_direct_call
from duologue.doctor import LONGEST_HOLD_S, StageResult, examine, exit_status
from duologue.engine_options import EngineOption, ProfileOption, engine_options
from duologue.filing import CallResult
from duologue.folder import CallFolder, Clock, Transport
from duologue.host import find_address, hosted
from duologue.judges import judge_calls
from duologue.listening import Meters, Speaker
from duologue.outcome import Outcome
from duologue.recorder import IDENTITY
from duologue.relabel_command import relabel
from duologue.report.command import report
from duologue.scenario import DEFAULT, load_scenario
from duologue.schema_command import schema
from duologue.signals import run_cancellable
from duologue.suite.command import (
    SupportAgentOption,
    SupportCommandOption,
    assess,
    check_agent_options,
)
from duologue.summary import read_calls, show_summary, summarize, write_csv
from duologue.their_agent import hosted_agent
from duologue.up import up as keep_up
from shared import logs
from shared.address import ServerAddress
from shared.errors import DuologueError, UsageError
from shared.events import Event
from shared.latency import read_latency
from shared.settings import read_settings
from shared.spec import EngineChoice, Role

app = typer.Typer(
    help="Two voice agents hold real phone calls over LiveKit, and every call is recorded.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(scenarios_command.app, name="scenarios")
app.add_typer(deploy_command.app, name="deploy")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

CANCELLED_BY_SIGNAL = 130


class Workers(StrEnum):
    """Who runs the two workers of a call."""

    AUTO = "auto"
    LOCAL = "local"


def main() -> None:
    """Run the command; turn known errors into one line and an exit status."""
    logs.configure("console", level=logging.ERROR)
    # LiveKit's native part calls every room that closes an error; those that are have an event.
    logging.getLogger("livekit").setLevel(logging.CRITICAL)
    try:
        app()
    except DuologueError as error:
        err.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except asyncio.CancelledError:
        sys.exit(CANCELLED_BY_SIGNAL)


def print_event(event: Event) -> None:
    """Print one event as a line of JSON."""
    sys.stdout.write(event.model_dump_json() + "\n")
    sys.stdout.flush()


@app.command()
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


app.command()(plan)
app.command("test")(assess)


@app.command()
def batch(
    plan_file: Annotated[
        Path,
        typer.Argument(
            metavar="PLAN", help="What `duologue plan` wrote, or a YAML file with scenarios."
        ),
    ],
    *,
    out_dir: Annotated[
        str, typer.Option("--out", help="Folder for the call folders, or a URL: s3://bucket/calls.")
    ] = "calls",
    transport: Annotated[
        Transport, typer.Option(help="direct: without a server, as fast as can be computed.")
    ] = Transport.DIRECT,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, help="Calls at the same time at most; one a core unless told."),
    ] = None,
    shard: Annotated[
        str, typer.Option(help="i/n: make only the i-th of n parts of the plan.")
    ] = "1/1",
    retries: Annotated[
        int, typer.Option(min=0, help="Further attempts at a call in which a part failed.")
    ] = 2,
    max_cost_usd: Annotated[
        float | None,
        typer.Option(
            "--max-cost",
            min=0,
            help="US dollars. Begin no more calls once those of this plan in --out cost so much.",
        ),
    ] = None,
) -> None:
    """Make the calls of a plan that are not there yet; go on with it after any end."""
    settings = read_settings()
    made = Plan.read(plan_file, settings)
    making = make_batch(
        made,
        out_dir,
        settings,
        out,
        transport=transport,
        jobs=jobs or os.cpu_count() or 1,
        shard=shard,
        retries=retries,
        on_line=show_problem,
        max_cost_usd=max_cost_usd,
    )
    sys.exit(asyncio.run(making))


@app.command()
def summary(
    folders: Annotated[Path, typer.Argument(help="The folder that call folders are in.")] = Path(
        "calls"
    ),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="One line per call, as CSV.")] = False,
    worst: Annotated[int, typer.Option(min=0, help="How many of the worst calls to show.")] = 10,
) -> None:
    """Say what came of many calls: outcomes, reply gaps, durations, and the worst first."""
    calls = read_calls(folders)
    if as_csv:
        write_csv(calls, sys.stdout)
    elif as_json:
        sys.stdout.write(json.dumps(summarize(calls), indent=2) + "\n")
    else:
        show_summary(calls, out, worst=worst)


app.command()(report)
app.command()(relabel)
app.command()(schema)


@app.command()
def judge(
    folders: Annotated[Path, typer.Argument(help="The folder that call folders are in.")] = Path(
        "calls"
    ),
    *,
    model: Annotated[
        str, typer.Option(help="The language model that judges, such as openai/gpt-4.1-mini.")
    ],
) -> None:
    """Have a language model judge the calls that it has not judged yet (LiveKit's judges)."""
    settings = read_settings()
    asyncio.run(judge_calls(folders, model, settings, out))


@app.command()
def up(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
) -> None:
    """Keep a server and both workers running, and say how to use them, until Ctrl-C."""
    settings = read_settings()

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await keep_up(settings, CallView(out).say, stop, port=port, on_line=show_problem)

    asyncio.run(serve())


@app.command()
def token(
    *,
    room: Annotated[str, typer.Option(help="The room to join.")],
    identity: Annotated[str, typer.Option(help="The name to join under.")] = "listener",
    listen: Annotated[
        bool, typer.Option("--listen", help="A token that may only listen, not speak.")
    ] = False,
) -> None:
    """Print a token with which a person may join a room."""
    address = find_address(read_settings())
    grants = VideoGrants(room_join=True, room=room, can_publish=not listen)
    sys.stdout.write(address.token(identity, grants) + "\n")


@app.command()
def doctor(
    *,
    hold_s: Annotated[
        float,
        typer.Option("--hold", min=0, max=LONGEST_HOLD_S, help="Seconds both agents must stay."),
    ] = 5.0,
) -> None:
    """Say stage by stage what works and what does not, on the server that a call would use."""
    settings = read_settings()
    view = CallView(out)

    async def examine_server() -> list[StageResult]:
        named = ServerAddress.from_settings(settings) or await asyncio.to_thread(
            state.read, settings
        )
        if named:
            return await examine(named, settings, hold_s=hold_s, on_stage=view.on_stage)
        async with hosted(settings, view.say, local_workers=True, on_line=show_problem) as address:
            return await examine(address, settings, hold_s=hold_s, on_stage=view.on_stage)

    sys.exit(exit_status(run_cancellable(examine_server())))
