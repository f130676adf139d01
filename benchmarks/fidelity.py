"""The same seeded calls on LiveKit and on the direct transport, side by side.

    python -m benchmarks.fidelity [--calls 20] [--livekit FOLDER] [--direct FOLDER] [--json FILE]

For each call: are the outcomes equal, are the words that were said equal, and what was heard? Where
not, the first turn that differs, and why: what was heard before it differed, somebody was
interrupted, or silence was broken. Where the same words were heard otherwise, which transport heard
what was said? And by how much the gaps between turns differ, turn by turn.
Where no folder of calls is given, a batch makes them, one call after the other.
"""

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.batches import batch, written
from duologue.folder.folder import CALL, TransportName
from duologue.labels import metrics
from duologue.labels.transcript.transcript import Turn, read
from duologue.report.summary import read_calls
from shared.language.as_heard import normalize

console = Console()


def calls_on(transport: TransportName, folder: Path | None, place: Path, calls: int) -> list[Path]:
    """The call folders of a transport, made here unless they are given."""
    if folder is None:
        folder, plan = place / transport, place / f"{transport}.jsonl"
        written(plan, calls)
        subprocess.run(batch(plan, folder, transport, 1), check=True)
    return [each.path for each in read_calls(folder).calls]


def compare(live: Path, direct: Path) -> dict[str, Any]:
    """How a call differs between the transports."""
    one, other = read(live).turns, read(direct).turns
    ends = [_end(folder) for folder in (live, direct)]
    said = [_words(turn.said) for turn in one] == [_words(turn.said) for turn in other]
    otherwise = [
        {
            "said": left.said,
            "livekit": left.heard,
            "direct": right.heard,
            "right": _right(left, right),
        }
        for left, right in zip(one, other, strict=False)
        if said and _words(left.heard) != _words(right.heard)
    ]
    return {
        "call": live.name,
        "ends": ends,
        "same_outcome": ends[0] == ends[1],
        "same_words_said": said,
        "same_words_heard": said and not otherwise,
        "heard_otherwise": otherwise,
        "cause": None if said else _cause(one, other),
        "gaps_s": [list(_gaps(one)), list(_gaps(other))] if said else None,
    }


def _end(folder: Path) -> list[Any]:
    """Outcome and success of a call."""
    outcome = json.loads((folder / CALL).read_text())["outcome"]
    return [outcome, json.loads((folder / metrics.FILE).read_text())["task_success"]]


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


def _right(live: Turn, direct: Turn) -> str:
    """On which transport a turn was heard as it was said."""
    right = {
        TransportName.LIVEKIT: _words(live.heard) == _words(live.said),
        TransportName.DIRECT: _words(direct.heard) == _words(direct.said),
    }
    return next((str(each) for each, is_right in right.items() if is_right), "neither")


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
        "heard_right_only_on": Counter(
            turn["right"] for call in compared for turn in call["heard_otherwise"]
        ),
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
    for where, count in figures["heard_right_only_on"].items():
        table.add_row(f"turns heard otherwise, right on: {where}", str(count))
    for cause, count in figures["causes"].items():
        table.add_row(f"different words because: {cause}", str(count))
    console.print(table)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="The same calls on both transports, compared.")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--livekit", type=Path, help="calls that were made on LiveKit")
    parser.add_argument("--direct", type=Path, help="the same calls, made directly")
    parser.add_argument("--json", type=Path, default=Path("bench/fidelity.json"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        live, direct = (
            {
                folder.name: folder
                for folder in calls_on(
                    transport, getattr(options, transport), Path(temporary), options.calls
                )
            }
            for transport in (TransportName.LIVEKIT, TransportName.DIRECT)
        )
        both = sorted(live.keys() & direct.keys())
        figures = summary([compare(live[call_id], direct[call_id]) for call_id in both])
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
