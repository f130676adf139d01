"""Files of scenarios, YAML: one's own and the bundled ones, found by path and label.

They are a superset of LiveKit's `scenarios.yaml`. Each error names file, line and field.
"""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from duologue.scenarios.document import Document
from duologue.scenarios.persona import PERSONAS
from duologue.scenarios.scenario import Scenario
from shared.errors import DocumentError
from shared.values import Text
from support_agent import resolve_business

BUNDLED = PERSONAS.parent
DEFAULT = "late-and-charged-twice"


class ScenarioFile(BaseModel):
    """A file of scenarios."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1)]


def load_scenario(reference: str = DEFAULT) -> Scenario:
    """The one scenario that `reference` names; see `load_scenarios`.

    Raises:
        DocumentError: There is no such scenario, or it is wrong, or there is more than one.
    """
    scenarios = load_scenarios(reference)
    if len(scenarios) > 1:
        labels = ", ".join(scenario.label for scenario in scenarios)
        problem = f"has more than one scenario; add # and one of: {labels}"
        raise DocumentError(Path(reference), 0, "", problem)
    return scenarios[0]


def load_scenarios(reference: str) -> tuple[Scenario, ...]:
    """The scenarios that `reference` names.

    Args:
        reference: The label of a bundled scenario; or a file, by its path or the name of a
            bundled one, for all of its scenarios, or with `#label` for one of them.

    Raises:
        DocumentError: There is no such scenario, or it is wrong.

    Example:
        >>> [scenario.label for scenario in load_scenarios("shop")][0]
        'late-and-charged-twice'
        >>> load_scenarios("late-and-charged-twice")[0].persona.name
        'Yash Patel'
    """
    name, _, label = reference.partition("#")
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"} and not path.is_file():
        path = BUNDLED / f"{name}.yaml"
        if path not in bundled_files():
            if label:
                problem = f"is a label, or no file at all: #{label} is for files of scenarios"
                raise DocumentError(Path(name), 0, "", problem)
            return (_bundled(name),)
    scenarios = read_scenarios(path)
    if not label:
        return scenarios
    named = tuple(scenario for scenario in scenarios if scenario.label == label.strip())
    if not named:
        labels = ", ".join(scenario.label for scenario in scenarios)
        raise DocumentError(path, 0, "", f"has no scenario {label!r}, but: {labels}")
    return named


def bundled_files() -> list[Path]:
    """The files of scenarios that come with this project."""
    return sorted(path for path in BUNDLED.glob("*.yaml") if path != PERSONAS)


@cache
def bundled_scenarios() -> tuple[Scenario, ...]:
    """All scenarios that come with this project."""
    return tuple(scenario for path in bundled_files() for scenario in read_scenarios(path))


def _bundled(label: str) -> Scenario:
    """The bundled scenario with this label; only this one is checked."""
    labels: list[str] = []
    for path in bundled_files():
        document = Document.read(path)
        for index, scenario in enumerate(_parse(document, path)):
            if scenario.label == label:
                _check(document, index, scenario)
                return scenario
            labels.append(scenario.label)
    problem = f"there is no such scenario; bundled are: {', '.join(labels)}"
    raise DocumentError(Path(label), 0, "", problem)


def read_scenarios(path: Path) -> tuple[Scenario, ...]:
    """The scenarios in a file, checked.

    Raises:
        DocumentError: It has something else, or what can never come true.
    """
    document = Document.read(path)
    scenarios = _parse(document, path)
    labels: set[str] = set()
    for index, scenario in enumerate(scenarios):
        if scenario.label in labels:
            document.fail(("scenarios", index, "label"), "this label is used twice")
        labels.add(scenario.label)
        _check(document, index, scenario)
    return scenarios


def _parse(document: Document, path: Path) -> tuple[Scenario, ...]:
    """The scenarios in a file, each with the business and files that are meant where that is."""
    return tuple(
        scenario.with_business(resolve_business(business, path.parent))
        if (business := scenario.userdata.business)
        else scenario
        for scenario in (
            one.with_clips_from(path.parent) for one in document.parse(ScenarioFile).scenarios
        )
    )


def _check(document: Document, index: int, scenario: Scenario) -> None:
    """What the scenario says must go together."""
    for flaw in scenario.flaws():
        document.fail(("scenarios", index, *flaw.place), flaw.problem)
