"""`duologue batch`, as it is typed.

A batch that goes on starts the first of its processes before anything else, so that both import
what calls need at the same time. That is why the rest of it is imported later.
"""

import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer

from duologue.batch.call_process import started_process
from duologue.batch.store import has_calls
from duologue.call.transport_registry import TRANSPORTS, find_transport
from duologue.cli.signals import run_cancellable
from duologue.cli.terminal import Terminal
from duologue.folder.folder import TransportName
from duologue.startup import importing
from shared.settings import read_settings


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
        TransportName, typer.Option(help="direct: without a server, as fast as can be computed.")
    ] = TransportName.DIRECT,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Calls at the same time at most; as many as the transport carries on these cores.",
        ),
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

    async def make() -> int:
        settings = read_settings()
        async with AsyncExitStack() as stack:
            started = []
            # A plan that is wrong starts nothing; one of which calls were made is right.
            if TRANSPORTS[transport].isolated and has_calls(out_dir):
                started.append(await stack.enter_async_context(started_process()))
            with importing():
                from duologue.batch.plan import Plan  # noqa: PLC0415 - the same
                from duologue.cli.batch_run import make_batch  # noqa: PLC0415 - takes a second
                from duologue.cli.call_view import show_problem  # noqa: PLC0415 - the same

            return await make_batch(
                Plan.read(plan_file, settings),
                out_dir,
                settings,
                Terminal(),
                transport=find_transport(transport),
                jobs=jobs,
                shard=shard,
                retries=retries,
                on_line=show_problem,
                max_cost_usd=max_cost_usd,
                started=started,
            )

    sys.exit(run_cancellable(make()))  # a batch that has begun does better than that
