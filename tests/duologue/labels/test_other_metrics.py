"""What metrics of other installed packages say of a call, and what becomes of one that fails."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from duologue.folder.folder import CALL, REPORT
from duologue.labels import metrics
from duologue.labels.metrics import OtherMetric
from duologue.pipeline.relabel import relabel
from shared import entry_points
from tests.folders import check_files
from tests.packages import declare

RECORDED = Path(__file__).parent.parent / "pipeline" / "folders" / "schema-1-direct"
PLACES = {
    "turns_said": "mine:turns_said",
    "a_broken": "mine:broken",
    "a_gone": "mine.gone:metric",
    "b_set": "mine:a_set",
    "c_none": "mine:NOT_CALLABLE",
}
MINE = '''\
NOT_CALLABLE = 7

def turns_said(call):
    """How many turns there are, in turns.

    Not told.
    """
    return len(call.transcript.turns), call.metrics.valid

def broken(call):
    """How far it is to the moon, in km."""
    raise LookupError("no moon\\nhere")

def a_set(call):
    return {1}
'''


@contextmanager
def installed(site: Path) -> Iterator[None]:
    """Have the package with these metrics on the path meanwhile."""
    declare(site, "mine", "duologue.metrics", **PLACES)
    (site / "mine.py").write_text(MINE)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(site)
            entry_points.added.cache_clear()
            yield
    finally:
        entry_points.added.cache_clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "calls" / RECORDED.name
    shutil.copytree(RECORDED, copy)
    relabel(copy)
    return copy


def test_what_they_say_stands_in_the_metrics_and_the_report_until_they_are_gone(
    folder: Path, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with installed(tmp_path / "site"):
        assert relabel(folder) == {metrics.FILE, REPORT, CALL}
        assert relabel(folder) == set()
    measured = metrics.read(folder)
    turns = len(json.loads(before["transcript.json"])["turns"])
    assert measured.others["turns_said"] == OtherMetric(
        value=[turns, measured.valid], description="How many turns there are, in turns."
    )
    check_files(folder)
    page = (folder / REPORT).read_text()
    assert "How many turns there are, in turns." in page
    assert "a_broken: failed: mine 1.0: LookupError: no moon" in page
    relabel(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "failed"),
    [
        ("a_broken", "mine 1.0: LookupError: no moon"),
        (
            "a_gone",
            "'a_gone', which mine 1.0 adds to duologue.metrics, cannot be used: mine.gone:metric: ",
        ),
        ("b_set", "mine 1.0: TypeError: Object of type set is not JSON serializable"),
        (
            "c_none",
            "'c_none', which mine 1.0 adds to duologue.metrics, cannot be used: mine:NOT_CALLABLE:",
        ),
    ],
)
def test_one_that_fails_says_why_and_spoils_nothing_else(
    folder: Path, tmp_path: Path, name: str, failed: str
) -> None:
    before = metrics.read(folder)
    with installed(tmp_path / "site"):
        relabel(folder)
    measured = metrics.read(folder)
    why = measured.others[name].failed
    assert why
    assert why.startswith(failed)
    assert "\n" not in why
    assert measured.others[name].value is None
    assert measured.model_copy(update={"others": {}}) == before
