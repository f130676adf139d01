"""Every fixed sentence of both roles, by every voice that is shipped: is its meaning heard?

    python -m benchmarks.sentences [--jobs 2] [--json FILE]

The sentences are read out of the roles' modules, as they stand in the code. What is filled in at a
call ("I have refunded {amount} to your card.") is filled as it was in calls in text about the
bundled scenarios, some of them over a bad line; how many never were is printed. Each is said by
each voice, and what the recognizer makes of it is read as the other role reads it: what it asks,
offers, agrees to, denies or settles, its facts, problems and numbers. The meaning is lost where it
reads otherwise. Names and codes alone are measured by `identification` and `codes`.
"""

import argparse
import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.fixed_sentences import Sentence, fixed_sentences
from benchmarks.readings import read
from benchmarks.spoken import VOICES, heard


def measure(sentence: Sentence, voice: str) -> dict[str, Any]:
    """What is heard of a sentence, and what of its meaning is another then."""
    text = heard(sentence.text, voice)
    meant, understood = (read(one, sentence) for one in (sentence.text, text))
    lost = {key: [meant[key], understood[key]] for key in meant if meant[key] != understood[key]}
    return {
        "role": sentence.role,
        "said": sentence.text,
        "where": sentence.where,
        "voice": voice,
        "heard": text,
        "lost": lost,
    }


def measure_all(sentences: Sequence[Sentence], jobs: int) -> list[dict[str, Any]]:
    """Each sentence by each voice."""
    pairs = list(product(sentences, VOICES))
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(measure, *zip(*pairs, strict=True), chunksize=len(VOICES)))


def show(tellings: Sequence[dict[str, Any]]) -> None:
    """Print how many are understood, by role and by voice, and each that is not."""
    console = Console()
    table = Table("", "said", "meaning heard", "lost by three voices or more", title="sentences")
    by_text: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in tellings:
        by_text[each["said"]].append(each)
    for key in ("role", "voice"):
        for value in sorted({each[key] for each in tellings}):
            some = [each for each in tellings if each[key] == value]
            often = "" if key == "voice" else f"{sum(map(_is_often_lost, _texts(some)))}"
            _add(table, value, some, often)
        table.add_section()
    _add(table, "all", tellings, f"{sum(map(_is_often_lost, by_text.values()))}")
    console.print(table)
    for text, some in sorted(by_text.items(), key=lambda item: -_lost(item[1])):
        if _lost(some):
            kinds = ", ".join(sorted({kind for each in some for kind in each["lost"]}))
            line = f"{_lost(some)}/{len(some)} {some[0]['where']}: {text} ({kinds})"
            console.print(line, soft_wrap=True, highlight=False, markup=False)
            for other, times in Counter(e["heard"] for e in some if e["lost"]).most_common():
                line = f"    {times} x {other}"
                console.print(line, soft_wrap=True, highlight=False, markup=False)


def _texts(tellings: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for each in tellings:
        found[each["said"]].append(each)
    return list(found.values())


def _lost(tellings: Sequence[dict[str, Any]]) -> int:
    return sum(bool(each["lost"]) for each in tellings)


def _is_often_lost(tellings: Sequence[dict[str, Any]]) -> bool:
    return _lost(tellings) >= 3


def _add(table: Table, name: str, some: Sequence[dict[str, Any]], often: str) -> None:
    kept = len(some) - _lost(some)
    table.add_row(name, f"{len(some)}", f"{kept} ({kept / len(some):.1%})", often)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Fixed sentences through voices and recognition.")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--json", type=Path, default=Path("bench/sentences.json"))
    options = parser.parse_args()
    found, never_filled = asyncio.run(fixed_sentences())
    tellings = measure_all(found, options.jobs)
    show(tellings)
    print(f"{len(found)} sentences; never filled in, so not said: {len(never_filled)}")
    for template in never_filled:
        print(f"    {template}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    figures = {"tellings": tellings, "never filled in": never_filled}
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
