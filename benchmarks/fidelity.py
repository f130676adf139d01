"""The same seeded calls on LiveKit and on the direct transport, side by side.

    python -m benchmarks.fidelity [--calls 20] [--json FILE]

For each seed: are the outcomes equal, are the words that were said equal, and what was heard? Where
not, the first turn that differs, and why: what was heard before it differed, somebody was
interrupted, or silence was broken. And by how much the gaps between turns differ, turn by turn.
"""

import argparse
import asyncio
import json
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from duologue.call import place_call
from duologue.direct import place_direct_call
from duologue.filing import CallResult
from duologue.folder import CallFolder
from duologue.recorder import IDENTITY
from duologue.scenario import load_scenario
from duologue.server import running_server
from duologue.transcript import Turn, read
from duologue.workers import running_workers
from shared import logs
from shared.settings import Settings
from shared.spec import CallSpec, Role
from shared.spoken import normalize

console = Console()


def specs(calls: int, settings: Settings) -> list[CallSpec]:
    """The default scenario, once per seed."""
    engines = {role: settings.engines(role) for role in Role}
    scenario = load_scenario()
    return [
        scenario.to_spec(call_id=f"seed-{seed}", seed=seed, engines=engines, recorder=IDENTITY)
        for seed in range(calls)
    ]


async def on_livekit(wanted: list[CallSpec], settings: Settings, out: Path) -> list[CallResult]:
    """Make the calls one after the other, on a server and workers of their own."""
    async with (
        running_server(settings, console.print) as server,
        running_workers(server.address),
    ):
        return [
            await place_call(
                spec,
                server.address,
                CallFolder.create(out, spec.call_id),
                on_event=lambda _: None,
            )
            for spec in wanted
        ]


def on_direct(wanted: list[CallSpec], settings: Settings, out: Path) -> list[CallResult]:
    """Make the calls one after the other, in this process."""
    return [
        place_direct_call(spec, CallFolder.create(out, spec.call_id), settings) for spec in wanted
    ]


def compare(live: CallResult, direct: CallResult) -> dict[str, Any]:
    """How a call differs between the transports."""
    one, other = read(live.folder).turns, read(direct.folder).turns
    said = [_words(turn.said) for turn in one] == [_words(turn.said) for turn in other]
    heard = [_words(turn.heard) for turn in one] == [_words(turn.heard) for turn in other]
    return {
        "call": live.folder.name,
        "outcomes": [live.ending.outcome, direct.ending.outcome],
        "task_success": [live.metrics.task_success, direct.metrics.task_success],
        "same_outcome": live.ending.outcome == direct.ending.outcome
        and live.metrics.task_success == direct.metrics.task_success,
        "same_words_said": said,
        "same_words_heard": heard,
        "cause": None if said else _cause(one, other),
        "duration_s": [live.metrics.duration_s, direct.metrics.duration_s],
        "gaps_s": [list(_gaps(one)), list(_gaps(other))] if said else None,
    }


def _words(text: str | None) -> list[str]:
    return normalize(text or "")


def _cause(one: tuple[Turn, ...], other: tuple[Turn, ...]) -> str:
    """Why the words differ: what came before the first turn that is not the same."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left.interrupted or right.interrupted:
            return f"turn {index} of {left.role} was interrupted"
        if _words(left.said) != _words(right.said):
            before = next(
                (turn for turn in reversed(one[:index]) if turn.role is not left.role), None
            )
            there = next(
                (turn for turn in reversed(other[:index]) if turn.role is not left.role), None
            )
            if before and there and _words(before.heard) != _words(there.heard):
                return f"heard {before.heard!r} on LiveKit, {there.heard!r} directly"
            return f"said {left.said!r} on LiveKit, {right.said!r} directly"
    return f"{len(one)} turns on LiveKit, {len(other)} directly"


def _gaps(turns: tuple[Turn, ...]) -> list[float]:
    return [
        round(after.start - before.end, 3)
        for before, after in pairwise(turns)
        if before.role is not after.role
    ]


def summary(compared: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of all calls together."""
    pairs = [
        pair
        for call in compared
        if call["gaps_s"] and len(call["gaps_s"][0]) == len(call["gaps_s"][1])
        for pair in zip(*call["gaps_s"], strict=True)
    ]
    added = np.array([live - direct for live, direct in pairs] or [float("nan")])
    return {
        "calls": len(compared),
        "same_outcome": sum(call["same_outcome"] for call in compared),
        "same_words_said": sum(call["same_words_said"] for call in compared),
        "same_words_heard": sum(call["same_words_heard"] for call in compared),
        "causes": Counter(call["cause"] for call in compared if call["cause"]),
        "gaps": len(pairs),
        "gap_p50_s": [float(np.median([pair[side] for pair in pairs])) for side in (0, 1)]
        if pairs
        else None,
        "livekit_adds_s": {
            name: round(float(np.percentile(added, percent)), 3)
            for name, percent in (("p5", 5), ("p50", 50), ("p95", 95))
        },
        "each": compared,
    }


def show(figures: dict[str, Any]) -> None:
    """Print the figures as a table."""
    table = Table(title=f"{figures['calls']} calls on LiveKit and directly")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name in ("same_outcome", "same_words_said", "same_words_heard", "gaps"):
        table.add_row(name.replace("_", " "), str(figures[name]))
    table.add_row("gap on LiveKit and directly, p50", str(figures["gap_p50_s"]))
    table.add_row("LiveKit adds to a gap, s", str(figures["livekit_adds_s"]))
    for cause, count in figures["causes"].items():
        table.add_row(f"different words because: {cause}", str(count))
    console.print(table)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="The same calls on both transports, compared.")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--json", type=Path, default=Path("bench/fidelity.json"))
    options = parser.parse_args()
    logs.configure("console", level=40)
    settings = Settings(_env_file=None)
    wanted = specs(options.calls, settings)
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary)
        direct = on_direct(wanted, settings, out / "direct")
        live = asyncio.run(on_livekit(wanted, settings, out / "livekit"))
        figures = summary([compare(*pair) for pair in zip(live, direct, strict=True)])
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
