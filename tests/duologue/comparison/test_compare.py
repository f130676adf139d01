"""`duologue compare`: what is worse beyond noise, what is noise, and what cannot be compared."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from duologue.cli.cli import app
from duologue.folder.folder import CALL
from tests.duologue.report.test_summary import add_call


def add_calls(
    out: Path,
    reached: Sequence[bool],
    *,
    scenario: str = "late",
    gap_s: float = 0.5,
    valid: bool = True,
) -> Path:
    """A folder with one call for each of `reached`, with the seeds from 1 on."""
    out.mkdir(exist_ok=True)
    for seed, success in enumerate(reached, 1):
        add_call(
            out,
            f"{scenario}-{seed}",
            scenario=scenario,
            seed=seed,
            success=success,
            valid=valid,
            gaps_s=(gap_s + 0.01 * seed,),
        )
    return out


def compare(base: Path, new: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["compare", str(base), str(new), *options])


def test_what_is_worse_in_too_many_calls_for_chance_fails(tmp_path: Path) -> None:
    base = add_calls(tmp_path / "base", [True] * 4)
    new = add_calls(tmp_path / "new", [False] * 4)
    result = compare(base, new)
    assert result.exit_code == 1
    assert "failed: success is worse beyond noise: 100 %, then 0 %" in result.stdout.replace(
        "\N{NO-BREAK SPACE}", " "
    )
    assert compare(new, base).exit_code == 0
    assert compare(base, new, "--fail-on", "latency").exit_code == 0


@pytest.mark.parametrize("calls", [1, 3])
def test_so_few_calls_could_have_come_out_so_by_chance(tmp_path: Path, calls: int) -> None:
    base = add_calls(tmp_path / "base", [True] * calls)
    new = add_calls(tmp_path / "new", [False] * calls)
    assert compare(base, new).exit_code == 0
    assert compare(base, new, "--limit", "success=0.9").exit_code == 1


def test_one_scenario_that_broke_is_seen_among_many(tmp_path: Path) -> None:
    base, new = tmp_path / "base", tmp_path / "new"
    for scenario in ("a", "b", "c", "d", "e", "f"):
        add_calls(base, [True] * 5, scenario=scenario)
        add_calls(new, [scenario != "d"] * 5, scenario=scenario)
    result = compare(base, new, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    changes = {each["label"]: each["measures"]["success"]["change"] for each in found["scenarios"]}
    assert changes == dict.fromkeys("abcef", "noise") | {"d": "worse"}
    assert [round(each["new"], 2) for each in found["pass_power"]] == [0.83] * 5


def test_a_margin_allows_what_is_no_matter(tmp_path: Path) -> None:
    base = add_calls(tmp_path / "base", [True] * 6)
    new = add_calls(tmp_path / "new", [True] * 6, gap_s=0.7)
    assert compare(base, new, "--fail-on", "latency").exit_code == 1
    assert compare(base, new, "--fail-on", "latency=0.1").exit_code == 1
    assert compare(base, new, "--fail-on", "latency=0.3").exit_code == 0
    whole = json.loads(compare(base, new, "--json").stdout)["all"]["latency"]
    low, high = whole["interval"]
    assert whole["difference"] == pytest.approx(0.2)
    assert 0.15 < low < 0.2 < high < 0.25


def test_calls_that_do_not_count_are_not_taken_for_good_ones(tmp_path: Path) -> None:
    base = add_calls(tmp_path / "base", [True] * 4)
    new = add_calls(tmp_path / "new", [True] * 4, valid=False)
    result = compare(base, new)
    assert result.exit_code == 1
    assert "success is not known of NEW in late" in result.stdout


def test_the_same_calls_are_compared_in_the_same_way(tmp_path: Path) -> None:
    base = add_calls(tmp_path / "base", [True, True, False])
    new = add_calls(tmp_path / "new", [True, False, False], gap_s=0.55)
    assert compare(base, new, "--json").stdout == compare(base, new, "--json").stdout


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--fail-on", "speed"], "no measure is called 'speed', but success"),
        (["--fail-on", "latency=-1"], "--fail-on latency: by how much"),
        (["--limit", "latency"], "--limit latency has no value"),
        (["--limit", "latency=fast"], "'fast' is no number"),
        (["--html", "page.html"], "late-1 is damaged"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, options: list[str], problem: str) -> None:
    base, new = (add_calls(tmp_path / side, [True]) for side in ("base", "new"))
    result = compare(base, new, *options)
    assert problem in str(result.exception)


def test_what_is_no_folder_of_calls_is_refused(tmp_path: Path) -> None:
    base = add_calls(tmp_path / "base", [True])
    other = add_calls(tmp_path / "other", [True], scenario="early")
    (tmp_path / "empty").mkdir()
    found = {
        side: str(compare(base, tmp_path / side).exception)
        for side in ("empty", "missing", "base/late-1", "other")
    }
    assert found == {
        "empty": f"there is no call in {tmp_path / 'empty'}",
        "missing": f"{tmp_path / 'missing'} is no folder of call folders",
        "base/late-1": f"{base / 'late-1'} is a single call; name the folder that it is in",
        "other": "the folders have no scenario in common: late in one, early in the other",
    }
    (other / "early-1" / CALL).write_text("{")
    assert "other/early-1" in str(compare(base, other).exception)
