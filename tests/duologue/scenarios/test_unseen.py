"""Scenarios that were written from the documentation alone can be read as they are."""

import csv
from pathlib import Path

import pytest

from duologue.scenarios.scenario_file import load_scenarios

UNSEEN = Path(__file__).parents[2] / "scenarios" / "unseen"


@pytest.mark.parametrize("file", sorted(UNSEEN.glob("*/*.yaml")), ids=lambda file: file.stem)
def test_each_is_read_and_has_its_right_end_written_down(file: Path) -> None:
    with (UNSEEN / "expected.csv").open(encoding="utf-8", newline="") as rows:
        expected = [row["label"] for row in csv.DictReader(rows) if row["file"].endswith(file.name)]
    assert [scenario.label for scenario in load_scenarios(str(file))] == expected
