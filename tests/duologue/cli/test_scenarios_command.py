"""Scenarios on the command line: listed, shown, checked, and described for editors."""

import json
import re
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from duologue.cli.cli import app
from duologue.cli.scenarios_command import json_schema
from duologue.scenarios.document import Document
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import (
    BUNDLED,
    ScenarioFile,
    bundled_files,
    bundled_scenarios,
    load_scenario,
)

LIVEKITS = """\
name: Somebody else's agent
scenarios:
- label: Moves a booking
  instructions: "PERSONA: Ann Lee [bold], in a hurry."
  tags: {feature: booking}
  userdata: {available_slots: [a, b]}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["scenarios", *arguments], env={"COLUMNS": "80"})


@pytest.fixture
def livekits(tmp_path: Path) -> str:
    path = tmp_path / "livekits.yaml"
    path.write_text(LIVEKITS)
    return str(path)


def test_all_bundled_scenarios_are_listed() -> None:
    listed = run("list")
    assert listed.exit_code == 0
    for scenario in bundled_scenarios():
        assert scenario.persona
        assert scenario.label in listed.stdout
    assert re.search(r"charged-once +shop +double charge.* Kwame Mensah +1", listed.stdout)


def test_a_file_of_livekits_is_listed_shown_and_checked(livekits: str) -> None:
    assert re.search(r"Moves a booking +- +booking +- +0", run("list", livekits).stdout)
    assert yaml.safe_load(run("show", livekits).stdout)["userdata"] == {
        "available_slots": ["a", "b"]
    }
    checked = run("check", livekits)
    assert checked.exit_code == 0
    assert "livekits.yaml: ok, scenarios: 1" in checked.stdout.replace("\n", "")


@pytest.mark.parametrize("scenario", bundled_scenarios(), ids=lambda scenario: scenario.label)
def test_what_is_shown_is_the_whole_scenario(scenario: Scenario) -> None:
    shown = run("show", scenario.label).stdout
    assert Scenario.model_validate(yaml.safe_load(shown)) == load_scenario(scenario.label)
    assert "probability: 0.0" not in shown


def test_every_file_is_checked_and_what_is_wrong_said(tmp_path: Path, livekits: str) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: wrong\nscenarios:\n  - labell: '[red]x'\n")
    checked = run("check", str(wrong), "no-such.yaml", livekits)
    assert checked.exit_code == 2
    assert "wrong.yaml:3: scenarios.0.label: Field required" in checked.stderr
    assert "no-such.yaml: there is no such file" in checked.stderr
    assert len(checked.stderr.splitlines()) == 2
    assert "livekits.yaml: ok" in checked.stdout.replace("\n", "")


def test_the_schema_for_editors_is_that_of_the_models() -> None:
    """If not: `duologue scenarios schema > duologue/scenarios/bundled/schema.json`."""
    written = (BUNDLED / "schema.json").read_text(encoding="utf-8")
    assert run("schema").stdout == written
    assert json.loads(written) == json_schema()


@pytest.mark.parametrize("path", bundled_files(), ids=lambda path: path.name)
def test_a_bundled_file_leads_editors_to_the_schema(path: Path) -> None:
    first, _ = path.read_text(encoding="utf-8").split("\n", 1)
    assert first == "# yaml-language-server: $schema=schema.json"
    assert Document.read(path).parse(ScenarioFile)


def test_the_schema_knows_the_short_forms() -> None:
    definitions = json_schema()["$defs"]
    assert {"type": "string"} in definitions["Fact"]["anyOf"]
    assert {"type": "string"} in definitions["Scenario"]["properties"]["persona"]["anyOf"]
    assert definitions["Scenario"]["additionalProperties"] is False
    assert definitions["UserData"]["additionalProperties"] is True
