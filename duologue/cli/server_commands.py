"""`duologue up`, `token` and `doctor`: the server that calls are made over."""

import asyncio
import sys
from functools import partial
from typing import Annotated

import typer
from livekit.api import VideoGrants

from duologue.call.over_livekit.recorder import IDENTITY as RECORDER
from duologue.cli.call_view import CallView, show_problem
from duologue.cli.doctor_view import show_stage
from duologue.cli.signals import on_ending_signals, run_cancellable
from duologue.cli.terminal import Terminal
from duologue.doctor.doctor import LONGEST_HOLD_S, StageResult, examine, exit_status
from duologue.servers import up_state
from duologue.servers.host import find_address, hosted
from duologue.servers.up import up as keep_up
from shared.address import ServerAddress
from shared.errors import UsageError
from shared.settings import read_settings
from shared.spec import Role

out = Terminal()

SIDES = (*Role, RECORDER)


def up(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
) -> None:
    """Keep a server and both workers running, and say how to use them, until Ctrl-C."""
    settings = read_settings()

    async def serve() -> None:
        stop = asyncio.Event()
        on_ending_signals(stop.set)
        await keep_up(settings, CallView(out).say, stop, port=port, on_line=show_problem)

    asyncio.run(serve())


def token(
    *,
    room: Annotated[str, typer.Option(help="The room to join.")],
    identity: Annotated[str, typer.Option(help="The name to join under.")] = "listener",
    listen: Annotated[
        bool, typer.Option("--listen", help="A token that may only listen, not speak.")
    ] = False,
) -> None:
    """Print a token with which a person may join a room."""
    if identity in SIDES:  # who joins under the identity of another sends the other away
        raise UsageError(f"--identity {identity!r} is what a side of a call joins as; take another")
    address = find_address(read_settings())
    grants = VideoGrants(
        room_join=True, room=room, can_publish=not listen, can_publish_data=not listen
    )
    sys.stdout.write(address.token(identity, grants) + "\n")


def doctor(
    *,
    hold_s: Annotated[
        float,
        typer.Option("--hold", min=0, max=LONGEST_HOLD_S, help="Seconds both agents must stay."),
    ] = 5.0,
) -> None:
    """Say stage by stage what works and what does not, on the server that a call would use."""
    settings = read_settings()
    say = CallView(out).say
    show = partial(show_stage, out)

    async def examine_server() -> list[StageResult]:
        named = ServerAddress.from_settings(settings) or await asyncio.to_thread(
            up_state.read, settings
        )
        if named:
            return await examine(named, settings, hold_s=hold_s, on_stage=show)
        async with hosted(settings, say, local_workers=True, on_line=show_problem) as hosts:
            return await examine(hosts.address, settings, hold_s=hold_s, on_stage=show)

    sys.exit(exit_status(run_cancellable(examine_server())))
