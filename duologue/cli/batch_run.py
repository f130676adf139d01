"""`duologue batch`: from a plan to a folder full of calls."""

import asyncio
import os
import re
from collections.abc import Collection
from enum import IntEnum

from rich.console import Console
from rich.markup import escape

from duologue.batch.batch import Batch, Tally
from duologue.batch.budget import Budget, caps_of
from duologue.batch.call_maker import maker_of
from duologue.batch.call_process import CallProcess
from duologue.batch.origin import check_origin
from duologue.batch.plan import Plan
from duologue.batch.store import open_store
from duologue.call.transport import Occasion, Transport
from duologue.call.transport_registry import TRANSPORTS
from duologue.cli.batch_view import BatchView, counts
from duologue.cli.signals import on_ending_signals
from duologue.servers.worker_processes import OnLine
from shared.errors import UsageError
from shared.settings import Settings

SHARD = re.compile(r"([1-9]\d*)/([1-9]\d*)")


class BatchExit(IntEnum):
    """What `duologue batch` returns."""

    MADE = 0
    """Every call is there, and was held to its end."""
    WRONG_USE = 2
    FAILED = 3
    """Parts failed in calls, in every attempt; or the disk is full."""
    MAX_COST = 4
    """Calls are left, for which --max-cost is not enough, or what a provider may cost."""
    STOPPED = 130


def shard_of(plan: Plan, shard: str) -> range:
    """The indexes of a shard's calls, such as "2/4".

    Raises:
        UsageError: There is no such shard.
    """
    match = SHARD.fullmatch(shard)
    number, shards = (int(part) for part in match.groups()) if match else (0, 0)
    if not 1 <= number <= shards:
        raise UsageError(f"shard {shard!r}: expected i/n with i from 1 to n, such as 2/4")
    return range(number - 1, len(plan.ids), shards)


async def make_batch(
    plan: Plan,
    out: str,
    settings: Settings,
    console: Console,
    *,
    transport: Transport,
    jobs: int | None,
    shard: str,
    retries: int,
    on_line: OnLine,
    max_cost_usd: float | None = None,
    started: Collection[CallProcess] = (),
) -> BatchExit:
    """Make what is missing of a plan's shard, until done or told to stop by a signal.

    It ends, too, once the shard's calls, finished ones included, have cost `max_cost_usd` US
    dollars, or at a provider what the settings say. Processes that were `started` make calls,
    too, where the transport has each made in one. Without `jobs`, as many are made at the same time
    as the transport carries.

    Raises:
        UsageError: The plan, the shard or the place cannot be used; nothing was started.
        DuologueError: No call can be made any more.
    """
    indexes = shard_of(plan, shard)
    store = await asyncio.to_thread(open_store, out, settings)
    finished = await asyncio.to_thread(store.finished, {plan.ids[index] for index in indexes})
    done = [index for index in indexes if plan.ids[index] in finished]
    await asyncio.to_thread(check_origin, plan, done, store, settings.duologue_cache)
    missing = [index for index in indexes if plan.ids[index] not in finished]
    plan.check(missing, settings, transport.check)
    budget = Budget(caps_of(settings, max_cost_usd))
    await asyncio.to_thread(budget.count_finished, store, finished)
    with BatchView(console, total=len(indexes), finished=len(finished)) as view:
        if finished:
            view.say(f"{len(finished)} of {len(indexes)} calls are there already")
        if not missing:
            return BatchExit.MADE
        if budget.exhausted:
            return _tell(console, Tally(), stopped=False, left=len(missing), budget=budget)
        carried = at_once(jobs, transport, view)
        occasion = Occasion(settings, view.say, on_line, many=True, at_once=carried)
        async with maker_of(transport, occasion, store.workplace, started) as maker:
            batch = Batch(
                plan,
                missing,
                store=store,
                maker=maker,
                retries=retries,
                on_done=view.on_done,
                budget=budget,
            )
            view.watch(batch)
            stopped = _stop_on_signals(batch, view)
            await batch.run(carried)
    return _tell(console, batch.tally, stopped=stopped.is_set(), left=batch.left, budget=budget)


def at_once(jobs: int | None, transport: Transport, view: BatchView) -> int:
    """How many calls to make at the same time.

    Where each takes a process and a core, more than are carried would only be slower. Over LiveKit
    the workers may be on other machines, and those here begin no call that is too much for them.
    """
    carried = transport.at_once(os.cpu_count() or 1)
    if jobs is None or (TRANSPORTS[transport.name].isolated and jobs > carried):
        if jobs:
            view.say(
                f"{carried} calls at the same time, not {jobs}: more would not be quicker here"
            )
        return carried
    return jobs


def _stop_on_signals(batch: Batch, view: BatchView) -> asyncio.Event:
    """Let the first signal finish what runs, and a second end it; set when the first came."""
    stopped = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None

    def on_signal() -> None:
        if stopped.is_set():
            task.cancel()
            return
        stopped.set()
        batch.stop()
        view.say(
            f"stopping when {len(batch.running)} running calls are over; again to stop at once"
        )

    on_ending_signals(on_signal)
    return stopped


def _tell(console: Console, tally: Tally, *, stopped: bool, left: int, budget: Budget) -> BatchExit:
    """Say what came of a batch, and how to go on."""
    console.print(
        f"{tally.made} calls made, {tally.goals} reached their goal"
        + (f"; {counts(tally)}" if tally.made else "")
    )
    for failure in tally.failures:
        reasons = "; then ".join(failure.reasons)
        console.print(f"[red]failed[/red] {failure.call_id}: {escape(reasons)}", soft_wrap=True)
    if tally.elsewhere:
        console.print(f"{tally.elsewhere} calls were left to another batch on this folder")
    if tally.full:
        console.print(f"[red]disk full:[/red] {escape(tally.full)}", soft_wrap=True)
    exhausted = budget.exhausted if left else ""
    if exhausted:
        console.print(f"[red]stopped:[/red] {escape(exhausted)}", soft_wrap=True)
    if left:
        how = "" if exhausted else "; the same command goes on with them"
        console.print(f"{left} calls are left{how}")
    if stopped:
        return BatchExit.STOPPED
    if tally.failures or tally.full:
        return BatchExit.FAILED
    return BatchExit.MAX_COST if exhausted else BatchExit.MADE
