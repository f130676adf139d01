"""How often somebody is taken for somebody else by the name, and how often nobody is found.

    python -m benchmarks.identification [--json FILE]

First names before one surname: those on the desks and of the personas, and those of many cultures
(`first_names.txt`). Wrongly accepted: of all ordered pairs of different first names, in which the
caller says one, with the right code, where the desk has the other; also after it has spelled its
own. Wrongly refused: of right names, as the recognizer that is shipped hears them from the voices
that are shipped. Before: a likeness of 0.62 of the whole name and of 0.4 of the first name, as it
was.
"""

import argparse
import json
import random
from collections.abc import Callable, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.spoken import VOICES, heard
from duologue.scenarios.persona import load_personas
from duologue.scenarios.scenario_file import bundled_scenarios
from shared.language.likeness import SAME, likeness
from shared.language.spelling import letters_aloud, spelled
from support_agent import NAME, SaidName, load_business, unclear
from support_agent.slots import read_slots

MANY = Path(__file__).with_name("first_names.txt")
BUSINESSES = ("clinic", "internet", "shop")
SURNAME = "Cohen"
WAYS = ("before", "at once", "after spelling")


def shipped() -> list[str]:
    """All full names on desks, of personas and in scenarios."""
    rows = [
        row for name in BUSINESSES for some in load_business(name).stock.values() for row in some
    ]
    for scenario in bundled_scenarios():
        rows += [row for some in scenario.userdata.desk.values() for row in some]
    names = {str(row["name"]) for row in rows if " " in str(row.get("name") or "")}
    return sorted(names | {persona.name for persona in load_personas().values()})


def accepted(said: str, name: str, letters: str, last_letters: str) -> dict[str, bool]:
    """By what rule the caller is taken for `name`; it spells what it is asked to."""
    first, *_ = name.split()
    by_likeness = likeness(said, name) >= SAME and likeness(said, first) >= 0.4
    told = SaidName(said)
    for _ in range(2):
        match unclear(told, name):
            case ("first_name",):
                told = told._replace(first_name=letters)
            case ("last_name",):
                told = told._replace(last_name=last_letters)
    at_once = not unclear(SaidName(said), name)
    return dict(zip(WAYS, (by_likeness, at_once, not unclear(told, name)), strict=True))


def false_accepts(first_names: Sequence[str]) -> dict[str, Any]:
    """The share of pairs in which one is taken for the other, and which they are."""
    pairs = list(permutations(first_names, 2))
    taken: dict[str, list[str]] = {way: [] for way in WAYS}
    for one, other in pairs:
        for way, yes in accepted(
            f"{one} {SURNAME}", f"{other} {SURNAME}", one.lower(), SURNAME.lower()
        ).items():
            if yes:
                taken[way].append(f"{one} for {other}")
    return {"pairs": len(pairs), "accepted": {way: len(some) for way, some in taken.items()}} | {
        "still": taken["after spelling"]
    }


def false_rejects(names: Sequence[str], say: Callable[[str, str], str]) -> dict[str, Any]:
    """Right names as they are heard, a voice each in turn, and who was found."""
    each: list[dict[str, Any]] = []
    for index, name in enumerate(names):
        voice = VOICES[index % len(VOICES)]
        text = say(f"My name is {name}.", voice)
        said = read_slots(text, (NAME,), (NAME,)).get(NAME.name, ("",))[0]
        first, *_, last = name.split()
        letters = [
            spelled(say(f"{part} is spelled {letters_aloud(part)}.", voice))
            for part in (first, last)
        ]
        each.append(
            {
                "name": name,
                "voice": voice,
                "heard": text,
                "spelled": letters,
                "accepted": accepted(said, name, *letters),
            }
        )
    found = {way: sum(one["accepted"][way] for one in each) for way in WAYS}
    return {"names": len(each), "accepted": found, "each": each}


def measure(spoken: int) -> dict[str, Any]:
    """Both rates; as many names are spoken."""
    full = shipped()
    ours = sorted({name.split()[0] for name in full})
    many = sorted({*MANY.read_text(encoding="utf-8").split()} - {*ours})
    surnames = sorted({name.split()[-1] for name in full})
    draw = random.Random(0)  # noqa: S311 - no secret
    right = [*full, *(f"{first} {draw.choice(surnames)}" for first in many)]
    return {
        "wrongly accepted": {
            "shipped first names": false_accepts(ours),
            "of many cultures": false_accepts(many),
        },
        "right names": false_rejects(draw.sample(right, min(spoken, len(right))), heard),
    }


def show(figures: dict[str, Any]) -> None:
    """Print the rates as a table, and the right names that are not found."""
    console = Console()
    table = Table("", "cases", *WAYS, title="callers taken for a name on the desk")
    for name, one in figures["wrongly accepted"].items():
        shares = (f"{one['accepted'][way] / one['pairs']:.2%}" for way in WAYS)
        table.add_row(f"wrong: {name}", f"{one['pairs']}", *shares)
    right = figures["right names"]
    shares = (f"{right['accepted'][way] / right['names']:.1%}" for way in WAYS)
    table.add_row("right: as heard", f"{right['names']}", *shares)
    console.print(table)
    for one in right["each"]:
        if not one["accepted"]["after spelling"]:
            line = f"{one['voice']}: {one['name']} -> {one['heard']} {one['spelled']}"
            console.print(line, soft_wrap=True, highlight=False, markup=False)


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Who is taken for whom by the name.")
    parser.add_argument("--spoken", type=int, default=210, help="names that are spoken")
    parser.add_argument("--json", type=Path, default=Path("bench/identification.json"))
    options = parser.parse_args()
    figures = measure(options.spoken)
    show(figures)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
