"""`duologue test` as it is used, on the direct transport."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from duologue.call.outcome import ExitCode
from duologue.cli.cli import app
from duologue.folder.folder import CALL
from duologue.report.summary import read_calls
from shared.errors import UsageError
from shared.settings import inherited_environment
from tests.duologue.processes import REPOSITORY

TIMEOUT_S = 120.0
SCENARIO = """\
- label: {label}
  userdata: {{business: clinic}}
  persona: {{name: Ann Lee}}
  goals: [{{say: "Hello, when are you open on Saturdays?", met_when: [open]}}]
  expected: {{said: [{said}]}}
"""


def test_an_agent_that_fails_in_one_scenario_fails_the_suite_and_every_report_says_so(
    tmp_path: Path,
) -> None:
    cases = [SCENARIO.format(label="right", said="open"), SCENARIO.format(label="wrong", said="xi")]
    (tmp_path / "s.yaml").write_text("name: Two\nscenarios:\n" + "".join(cases), encoding="utf-8")
    command = [sys.executable, "-m", "duologue", "test", "s.yaml", "--transport", "direct"]
    ran = subprocess.run(
        [*command, "--out", "made", "--junit", "junit.xml", "--json", "report.json"],
        cwd=tmp_path,
        env={**inherited_environment(), "PYTHONPATH": str(REPOSITORY), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (ExitCode.GOAL_NOT_REACHED, "")
    rows = {line.split()[1]: line for line in ran.stdout.splitlines() if line.startswith("│")}
    assert " passed " in rows["right"]
    assert " failed " in rows["wrong"]
    assert "not_said: 'xi'" in rows["wrong"]

    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [one["mark"] for one in report["scenarios"]] == ["passed", "failed"]
    folders = [Path(run["folder"]) for one in report["scenarios"] for run in one["runs"]]
    assert all((tmp_path / folder / CALL).is_file() for folder in folders)
    assert {each.seed for each in read_calls(tmp_path / "made").calls} == {1}
    [suite] = ET.parse(tmp_path / "junit.xml").getroot()  # noqa: S314 - written just now
    assert [len(case.findall("failure")) for case in suite] == [0, 1]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no-such-thing"], "no-such-thing"),
        (["shop", "late-and-charged-twice"], "'late-and-charged-twice' is named twice"),
        (["shop", "--support-command", "x"], "needs --support-agent"),
        (["shop", "--support-agent", ""], "the agent has no name"),
        (["shop", "--support-agent", "x", "--transport", "direct"], "--support-file"),
        (["shop", "--support-agent", "x"], "no server on which agent 'x' could be"),
        (["shop", "--support-agent", "x", "--support-command", "'"], "No closing quotation"),
        (["shop", "--support-agent", "x", "--support-command", ""], "is empty"),
        (["shop", "--junit", "/"], "cannot write /: Is a directory"),
        (
            ["shop", "--json", "no/such/folder.json"],
            "folder.json: No such file",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_started(
    arguments: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUOLOGUE_CACHE", str(tmp_path / "cache"))  # no `duologue up` is running
    with pytest.raises(UsageError, match=says):
        CliRunner().invoke(app, ["test", *arguments], catch_exceptions=False)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ours", [("--workers", "local"), ("--support-tts", "piper/joe")])
def test_a_call_to_an_agent_is_refused_with_what_is_for_our_own(ours: tuple[str, str]) -> None:
    arguments = ["call", "--support-agent", "x", *ours]
    with pytest.raises(UsageError, match="--support-agent"):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
