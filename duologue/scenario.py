"""Scenarios: who calls about what, read from YAML.

The files are a superset of LiveKit's `scenarios.yaml`. Each error names file, line and field.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from duologue.document import Document
from shared.caller import CustomerSheet, Fact, Goal, Persona
from shared.errors import DocumentError, SpecError
from shared.spec import (
    NO_LATENCY,
    CallSpec,
    Engines,
    Expectation,
    Latency,
    Limits,
    Peer,
    Role,
    SupportSheet,
)
from shared.values import Row, Text
from support_agent import check_desk

BUNDLED = Path(__file__).resolve().parent.parent / "scenarios"
DEFAULT = "late-and-charged-twice"


class UserData(BaseModel):
    """What a scenario puts where the call takes place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    business: str
    desk: dict[str, tuple[Row, ...]] = Field(default_factory=dict)


class Scenario(BaseModel):
    """One scenario. `label` to `userdata` are LiveKit's keys, the others ours."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Text
    instructions: Annotated[str, Field(max_length=20_000)] = ""
    agent_expectations: str = ""
    tags: dict[str, str] = Field(default_factory=dict)
    userdata: UserData
    persona: Persona
    facts: dict[str, Fact] = Field(default_factory=dict)
    goals: Annotated[tuple[Goal, ...], Field(min_length=1, max_length=10)]
    refuses: tuple[Text, ...] = ()
    expected: Expectation = Expectation()
    opener: Role = Role.SUPPORT
    limits: Limits = Limits()

    def to_spec(
        self,
        *,
        call_id: str,
        seed: int,
        engines: Mapping[Role, Engines],
        recorder: str | None = None,
        latency: Latency = NO_LATENCY,
    ) -> CallSpec:
        """The call of this scenario, with both roles as peers of each other.

        Of `engines`, the customer's voice makes way for the persona's, if that has one.

        Raises:
            SpecError: `call_id` is not one.
        """
        chosen = dict(engines)
        if self.persona.voice and Role.CUSTOMER in chosen:
            voice = {"tts": self.persona.voice}
            chosen[Role.CUSTOMER] = chosen[Role.CUSTOMER].model_copy(update=voice)
        try:
            return CallSpec(
                call_id=call_id,
                scenario=self.label,
                seed=seed,
                opener=self.opener,
                limits=self.limits,
                latency=latency,
                engines=chosen,
                peers={role: Peer(identity=role.peer) for role in Role},
                recorder=recorder,
                customer=CustomerSheet(
                    persona=self.persona,
                    facts=self.facts,
                    goals=self.goals,
                    refuses=self.refuses,
                    instructions=self.instructions,
                ),
                support=SupportSheet(business=self.userdata.business, desk=self.userdata.desk),
                expected=self.expected,
            )
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise SpecError(f"{field}: {first['msg']}") from None


class ScenarioFile(BaseModel):
    """A file of scenarios."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    scenarios: Annotated[tuple[Scenario, ...], Field(min_length=1)]


def load_scenario(reference: str = DEFAULT) -> Scenario:
    """The scenario that `reference` names.

    Args:
        reference: The name of a bundled file, or a path, either with `#label` if the file has
            more than one scenario.

    Raises:
        DocumentError: There is no such scenario, or it is wrong.
    """
    name, _, label = reference.partition("#")
    path = Path(name)
    if path.suffix not in {".yaml", ".yml"} and not path.exists():
        path = BUNDLED / f"{name}.yaml"
    if not path.exists():
        bundled = ", ".join(sorted(file.stem for file in BUNDLED.glob("*.yaml")))
        raise DocumentError(path, 0, "", f"there is no such file; bundled are: {bundled}")
    scenarios = _read(path)
    if not label:
        if len(scenarios) > 1:
            labels = ", ".join(scenarios)
            raise DocumentError(
                path, 0, "", f"has more than one scenario; add # and one of: {labels}"
            )
        return next(iter(scenarios.values()))
    if label not in scenarios:
        raise DocumentError(path, 0, "", f"has no scenario {label!r}, but: {', '.join(scenarios)}")
    return scenarios[label]


def _read(path: Path) -> dict[str, Scenario]:
    """The scenarios of a file, by label."""
    document = Document.read(path)
    file = document.parse(ScenarioFile)
    scenarios: dict[str, Scenario] = {}
    for index, scenario in enumerate(file.scenarios):
        if scenario.label in scenarios:
            document.fail(("scenarios", index, "label"), "this label is used twice")
        scenarios[scenario.label] = scenario
        _check_desk(document, index, scenario)
    return scenarios


def _check_desk(document: Document, index: int, scenario: Scenario) -> None:
    """Both kinds of rows must fit the desk; expected ones need not be whole."""
    data = scenario.userdata
    try:
        check_desk(data.business, data.desk)
    except SpecError as error:
        field = "desk" if str(error).startswith("desk:") else "business"
        document.fail(("scenarios", index, "userdata", field), str(error))
