"""`duologue scenarios`: what there is to call about, and whether a file of one's own is right."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.markup import escape
from rich.table import Table

from duologue.cli.terminal import Terminal
from duologue.scenarios.json_schema import WithoutExamples
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import (
    ScenarioFile,
    bundled_scenarios,
    load_scenario,
    load_scenarios,
    read_scenarios,
)
from shared.errors import DocumentError
from support_agent import business_name

app = typer.Typer(help="List, show and check scenarios.", no_args_is_help=True)
out = Terminal()
err = Terminal(stderr=True)


@app.command("list")
def list_scenarios(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE]...", help="Unless told, all bundled.")
    ] = None,
) -> None:
    """List scenarios: label, business, problems, persona, and how many goals."""
    table = Table(box=None)
    table.add_column("label", no_wrap=True)
    for heading in ("business", "about", "persona", "goals"):
        table.add_column(heading)
    for scenario in _named(references) if references else bundled_scenarios():
        about = [value for key, value in scenario.tags.items() if key != "business"]
        table.add_row(
            escape(scenario.label),
            escape(business_name(scenario.userdata.business or "-")),
            escape("; ".join(about)) or "-",
            escape(scenario.persona.name) if scenario.persona else "-",
            str(len(scenario.goals)),
        )
    out.print(table)


@app.command()
def show(
    scenario: Annotated[str, typer.Argument(help="A bundled scenario, FILE, or FILE#LABEL.")],
) -> None:
    """Show a whole scenario, without what is as it always is."""
    data = load_scenario(scenario).model_dump(mode="json", exclude_defaults=True)
    for goal in data.get("goals", ()):  # as they are written
        if clip := goal.pop("clip", None):
            goal["say"] = {"audio": clip["file"], "text": goal["say"]}
        if "press" in goal:
            del goal["say"]
    sys.stdout.write(yaml.dump(data, Dumper=_Readable, sort_keys=False, width=100))


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of scenarios.")],
) -> None:
    """Say of each file whether its scenarios are right, or what is wrong and where."""
    wrong = False
    for file in files:
        try:
            number = len(read_scenarios(file))
        except DocumentError as error:
            wrong = True
            err.print(f"[red]error:[/red] {escape(str(error))}", soft_wrap=True)
        else:
            out.print(f"{escape(str(file))}: ok, scenarios: {number}", soft_wrap=True)
    if wrong:
        sys.exit(DocumentError.exit_code)


@app.command()
def schema() -> None:
    """Print the format as a JSON Schema, for editors."""
    sys.stdout.write(json.dumps(json_schema(), indent=1) + "\n")


def json_schema() -> dict[str, Any]:
    """The JSON Schema of files of scenarios."""
    described = ScenarioFile.model_json_schema(schema_generator=WithoutExamples)
    # Its validator takes the value alone, of which pydantic's schema cannot know.
    described["$defs"]["Fact"] = {"anyOf": [{"type": "string"}, described["$defs"]["Fact"]]}
    whole = described["$defs"]["Goal"]
    del whole["required"]
    whole["anyOf"] = [{"required": ["say"]}, {"required": ["press"]}]
    goal = whole["properties"]
    del goal["clip"]
    audio = {
        "type": "object",
        "properties": {"audio": {"type": "string"}, "text": goal["say"]},
        "required": ["audio", "text"],
        "additionalProperties": False,
    }
    goal["say"] = {"anyOf": [goal["say"], audio]}
    return described


def _named(references: list[str]) -> list[Scenario]:
    return [scenario for reference in references for scenario in load_scenarios(reference)]


class _Readable(yaml.SafeDumper):
    """Writes long texts and those of several lines as such."""


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text.rstrip() else ">" if len(text) > 90 else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _write_text)
