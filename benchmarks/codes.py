"""Codes as callers tell them, by every voice that is shipped, through the recognizer that is.

    python -m benchmarks.codes [--json FILE]

Codes with zeros and repeats, told in each way that people have: how often is what is heard the
code, with its digits set apart as the voices do it, and run together as it was before?
"""

import argparse
import json
from itertools import cycle, groupby
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.spoken import VOICES, heard
from shared.language.to_say import UNITS, digits_aloud, number_aloud
from support_agent.businesses.shop import BUSINESS, ORDER_NUMBER
from support_agent.slots import read_slots

CODES = (
    "47219", "82288", "88018", "70007", "99099", "60600", "77712", "00731", "33303", "25500",
    "110011", "700800", "100100", "500050", "200700", "400440", "606606", "300033", "830059",
    "999001", "101010", "555000", "120012", "444144",
)  # fmt: skip


def in_runs(code: str, zero: str) -> str:
    """A code with "double" and "triple": "seven double oh eight"."""
    said = []
    for digit, run in groupby(code):
        word, left = zero if digit == "0" else UNITS[int(digit)], len(list(run))
        while left:
            taken = min(left, 3)
            said.append(f"{('', 'double ', 'triple ')[taken - 1]}{word}")
            left -= taken
    return " ".join(said)


def ways(code: str) -> dict[str, str]:
    """How a code is told, by the name of the way."""
    told = {
        "digit by digit": digits_aloud(code),
        "double oh": in_runs(code, "oh"),
        "double zero": in_runs(code, "zero"),
    }
    if code[0] != "0":
        told["as a number"] = number_aloud(int(code))
    return told


def measure() -> list[dict[str, Any]]:
    """Each telling: who told what how, and what was heard of it."""
    tellings = []
    voices = cycle(VOICES)
    for code in CODES:
        for way, told in ways(code).items():
            for sentence in (f"My order number is {told}.", f"{told[:1].upper()}{told[1:]}."):
                voice = next(voices)
                texts = {
                    "before": heard(sentence, voice, as_it_is=True),
                    "now": heard(sentence, voice),
                }
                right = {when: _is_heard(code, text) for when, text in texts.items()}
                tellings.append(
                    {"code": code, "way": way, "voice": voice, "said": sentence}
                    | {"heard": texts, "right": right}
                )
    return tellings


def _is_heard(code: str, text: str) -> bool:
    values = read_slots(text, BUSINESS.slots(), (ORDER_NUMBER,)).get(ORDER_NUMBER.name, ())
    return values[:1] == (code,)


def show(tellings: list[dict[str, Any]]) -> None:
    """Print how many are right, by way and by voice, and what is heard wrong."""
    console = Console()
    table = Table(
        "told", "tellings", "heard right before", "now", title="codes through recognition"
    )
    for key in ("way", "voice"):
        for value in sorted({each[key] for each in tellings}):
            _add(table, value, [each for each in tellings if each[key] == value])
        table.add_section()
    _add(table, "all", tellings)
    console.print(table)
    for each in tellings:
        if not each["right"]["now"]:
            line = f"{each['voice']}: {each['said']} -> {each['heard']['now']}"
            console.print(line, soft_wrap=True, highlight=False, markup=False)


def _add(table: Table, name: str, some: list[dict[str, Any]]) -> None:
    right = (sum(each["right"][when] for each in some) for when in ("before", "now"))
    table.add_row(name, f"{len(some)}", *(f"{one} ({one / len(some):.0%})" for one in right))


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Codes through voices and recognition.")
    parser.add_argument("--json", type=Path, default=Path("bench/codes.json"))
    options = parser.parse_args()
    tellings = measure()
    show(tellings)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(tellings, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
