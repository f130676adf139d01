"""Reports as files of a call folder."""

import hashlib
import json
from pathlib import Path

import pytest

from duologue.cli.report_command import report
from duologue.folder.folder import CALL, REPORT, read_call
from duologue.labels.cost import Billed
from duologue.pipeline.stages import LabelStage, works
from duologue.report import call, index
from duologue.report.figures import engines
from duologue.report.page import in_element
from duologue.report.wording import NOTHING
from shared.errors import FolderError, UsageError
from shared.spec import Role
from tests.duologue.report.calls import HOSTILE, add_call
from tests.duologue.report.test_summary import thought

KNOWN, UNKNOWN = thought("openai"), thought("localhost:11434")
OWN = thought("rules", local=True)


def test_the_report_is_what_labelling_ends_with() -> None:
    assert [work.makes for work in works(LabelStage.REPORT)] == [("report.html",)]


def test_the_same_folder_gives_the_same_page(tmp_path: Path) -> None:
    first, second = (add_call(tmp_path / name) / REPORT for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_a_report_made_anew_stands_in_the_checksums(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = add_call(tmp_path)
    before = read_call(folder)
    with pytest.MonkeyPatch.context() as patch:
        # As a later version may name them.
        patch.setitem(call._NAMES, Role.CUSTOMER, "client")
        report(folder)
    assert capsys.readouterr().out == f"{folder / REPORT}\n"
    page = (folder / REPORT).read_bytes()
    after = read_call(folder)
    assert before.files.keys() == after.files.keys()
    assert b"Client" in page
    assert after.files[REPORT] == hashlib.sha256(page).hexdigest() != before.files[REPORT]


def test_a_damaged_folder_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    folder = add_call(tmp_path)
    (folder / "audio.flac").write_bytes(b"no sound")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(FolderError, match=r"audio\.flac"):
        report(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_an_older_folder_without_a_time_line_has_a_report(tmp_path: Path) -> None:
    folder = add_call(tmp_path)
    (folder / "timeline.json").unlink()
    (folder / "recognition.json").unlink()
    assert "My</span>" in call.page(folder)


@pytest.mark.parametrize(
    ("models", "told"),
    [
        ((KNOWN, KNOWN, OWN), "$0.0042"),
        ((KNOWN, UNKNOWN), "At least $0.0021"),
        ((UNKNOWN, OWN), "Not known"),
        ((OWN,), "Nothing"),
    ],
)
def test_what_each_side_cost_stands_below_its_engines(
    models: tuple[Billed, ...], told: str
) -> None:
    *_, cost = engines({}, {Role.CUSTOMER: models})
    assert cost == ("Cost", told, NOTHING)


def test_nothing_is_said_of_the_cost_where_nobody_said_what_was_used() -> None:
    assert "Cost" not in {each.name for each in engines({}, {})}


def test_nothing_in_data_can_end_its_element() -> None:
    told = {"said": f"</script><!--{HOSTILE}"}
    assert "<" not in in_element(told)
    assert json.loads(in_element(told)) == told


def test_a_page_has_no_signs_that_html_does_not_know_or_that_turn_others_around(
    tmp_path: Path,
) -> None:
    folder = add_call(tmp_path)
    made = (folder / CALL).read_text(encoding="utf-8")
    told = json.loads(made) | {"outcome": "cancelled", "detail": "\x00\x1b[2J \u202egone"}
    (folder / CALL).write_text(json.dumps(told), encoding="utf-8")
    page = call.page(folder)
    assert r"\u0000\u001b[2J \u202egone" in page
    assert not {"\x00", "\x1b", "\u202e"} & set(page)


def test_an_index_is_made_of_the_calls_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError, match="there is no call in"):
        report(tmp_path)
    add_call(tmp_path)
    report(tmp_path)
    assert capsys.readouterr().out == f"{tmp_path / index.FILE}\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c1", "index.html"]
