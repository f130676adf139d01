"""Verdicts on calls of which the right one was written down before: how many are right?

    python -m benchmarks.verdicts [--keep FOLDER] [--only KIND] [--json FILE]

`verdicts.csv` has a call a row: a scenario as it is, one with an agent or a caller that does one
thing wrong (`mutants.py`), one whose caller's behaviours leave nothing to judge, or one whose
folder is tampered with; and its right verdict: whether the goal was reached (empty where the call
does not count), whether it counts, and whose fault it is. Of scenarios that nobody here wrote, what
is right was read in the transcript; it holds for a call of those `turns` alone (a digest), another
is told apart. Calls that are in FOLDER already are not made again.
"""

import argparse
import csv
import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks import mutants
from duologue.call.direct.transport import FACTORIES
from duologue.folder.folder import read_call, write_json
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Transcript
from duologue.labels.verdict import Verdict, gather, judge
from duologue.scenarios.scenario_file import load_scenario
from shared import logs
from shared.events import DeskChanged, Said, Started
from shared.settings import Settings
from shared.side.conversation import Factory
from shared.spec import CallSpec, Role
from tests import tampering
from tests.making import call_directly

CASES = Path(__file__).with_suffix(".csv")
AIM = 0.98
"""Share of right verdicts that is aimed at."""

_BEHAVIOURS: dict[str, dict[str, Any]] = {
    "hangs-up": {"behaviours": {"hang_up": {"probability": 1, "after_turns": 3}}},
    "barges-in-all-the-time": {
        "behaviours": {"barge_in": {"probability": 1, "after_s": 0.6}},
        "limits": {"max_turns": 20},
    },
    "stays-silent-for-long": {"behaviours": {"silence": {"probability": 1, "length_s": 40}}},
}


class Case(NamedTuple):
    """A row of the file."""

    kind: str
    what: str
    scenario: str
    seed: str
    goal: str
    valid: str
    fault: str
    turns: str

    @property
    def name(self) -> str:
        """What its call folder is called."""
        return "-".join(filter(None, (self.kind, self.what, self.label, self.seed)))

    @property
    def label(self) -> str:
        """Of its scenario."""
        return self.scenario.rpartition("#")[2]

    def fits(self, verdict: Verdict) -> bool:
        """Whether a verdict is the right one."""
        return (
            self.goal in {"", _word(verdict.task_success)}
            and self.valid == _word(verdict.valid)
            and self.fault == (verdict.fault or "")
        )


def cases(only: str = "") -> list[Case]:
    """What the file has, or of it one kind."""
    with CASES.open(encoding="utf-8") as file:
        rows = [Case(**row) for row in csv.DictReader(file)]
    return [row for row in rows if only in {"", row.kind}]


def _word(truth: bool) -> str:  # noqa: FBT001 - a column's value
    return "yes" if truth else "no"


def made(case: Case, place: Path, settings: Settings) -> Path:
    """The call folder of a case; it is made if it is not there."""
    folder = place / case.name
    if folder.exists():
        return folder
    if case.kind == "tampered":
        whole = made(case._replace(kind="scenario", what=""), place, settings)
        shutil.copytree(whole, folder)
        TAMPERED[case.what](folder)
        write_json(folder / transcript.FILE, transcript.make(folder))
        return folder
    scenario = load_scenario(case.scenario)
    if case.kind == "behaviour":
        scenario = scenario.model_validate(scenario.model_dump() | _BEHAVIOURS[case.what])
    engines = {role: settings.engines(role) for role in Role}
    spec = scenario.to_spec(call_id=case.name, seed=int(case.seed), engines=engines)
    return call_directly(spec, place, settings, factories=_factories(case, spec)).folder


def _factories(case: Case, spec: CallSpec) -> Mapping[Role, Factory]:
    match case.kind:
        case "agent":
            return {Role.SUPPORT: mutants.agent(case.what, spec)}
        case "caller":
            return {Role.CUSTOMER: mutants.caller(case.what)}
        case _:
            return FACTORIES


def _silence(role: Role) -> Callable[[Path], None]:
    """Silence two seconds in the middle of its longest turn."""

    def tamper(folder: Path) -> None:
        turn = tampering.longest_turn(folder, role)
        middle = (turn.start + turn.end) / 2
        tampering.silence(folder, role, middle - 1, middle + 1)

    return tamper


def _without_sound(folder: Path) -> None:
    turn = tampering.longest_turn(folder, Role.CUSTOMER)
    tampering.silence(folder, Role.CUSTOMER, turn.start - 0.1, turn.end + 0.1)


TAMPERED: dict[str, Callable[[Path], None]] = {
    "untouched": lambda _: None,
    "customer-silenced": _silence(Role.CUSTOMER),
    "support-silenced": _silence(Role.SUPPORT),
    "exchanged": tampering.exchange,
    "customer-late": lambda folder: tampering.shift(folder, Role.CUSTOMER, 0.5),
    "support-late": lambda folder: tampering.shift(folder, Role.SUPPORT, 0.5),
    "customer-early": lambda folder: tampering.shift(folder, Role.CUSTOMER, -0.4),
    "turn-without-sound": _without_sound,
    "turn-without-event": lambda folder: tampering.remove_events(
        folder, Said.name, Role.CUSTOMER, 1, 2
    ),
    "no-desk": lambda folder: tampering.remove_events(folder, DeskChanged.name, Role.SUPPORT, 0),
    "begins-in-the-middle": lambda folder: tampering.remove_events(
        folder, Started.name, Role.CUSTOMER, 0
    ),
}


def digest(call: Transcript) -> str:
    """A mark of what was said and heard in a call."""
    turns = [(turn.role, turn.said, turn.heard) for turn in call.turns]
    return hashlib.sha256(json.dumps(turns).encode()).hexdigest()[:12]


def judged(wanted: list[Case], place: Path, settings: Settings) -> Iterator[dict[str, Any]]:
    """What is said of each call, and whether that is right."""
    for case in wanted:
        folder = made(case, place, settings)
        call = transcript.read(folder)
        verdict = judge(gather(folder, read_call(folder).spec, call))
        yield {
            **case._asdict(),
            "right": None if case.turns not in {"", digest(call)} else case.fits(verdict),
            "said_of_it": [_word(verdict.task_success), _word(verdict.valid), verdict.fault],
            "findings": list(map(str, verdict.findings)),
        }


def show(results: list[dict[str, Any]]) -> None:
    """Print the table, and each verdict that is not right."""
    console = Console()
    table = Table("kind", "calls", "right", "another call", caption=f"aim: {AIM:.0%} right")
    for kind in [*dict.fromkeys(each["kind"] for each in results), "all"]:
        of = [each for each in results if kind in {each["kind"], "all"}]
        right = Counter(each["right"] for each in of)
        counted = right[True] + right[False]
        share = f"{right[True]} ({right[True] / max(1, counted):.1%})"
        table.add_row(kind, str(counted), share, str(right[None]))
    console.print(table)
    for each in results:
        if each["right"] is False:
            wanted = (each["goal"] or "-", each["valid"], each["fault"] or None)
            told = f"{Case(**{k: each[k] for k in Case._fields}).name}: {wanted}"
            told += f", but {tuple(each['said_of_it'])}: {'; '.join(each['findings'])}"
            console.print(told, soft_wrap=True, highlight=False, markup=False)


def main() -> None:
    """Make the calls, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="How many verdicts are right.")
    parser.add_argument("--keep", type=Path, help="keep the call folders here")
    parser.add_argument("--only", default="", help="calls of this kind alone")
    parser.add_argument("--json", type=Path, default=Path("bench/verdicts.json"))
    options = parser.parse_args()
    logs.configure("console", level=60)
    with tempfile.TemporaryDirectory() as temporary:
        place = options.keep or Path(temporary)
        results = list(judged(cases(options.only), place, Settings()))
    show(results)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
