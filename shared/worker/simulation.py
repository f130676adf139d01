"""Jobs of LiveKit's simulations: what the scenario of one says about the call.

`lk agent simulate` gives a worker jobs without metadata, and each a scenario in an attribute. Of a
scenario file these have only LiveKit's own keys (livekit-cli, cmd/lk/simulate.go); what the
support agent works with is in `userdata`. Judging is the simulator's business.
"""

import re

from google.protobuf.json_format import Parse, ParseError
from livekit.agents import SimulationDispatch
from livekit.agents.types import ATTRIBUTE_SIMULATOR_DISPATCH
from livekit.protocol.agent import Job
from livekit.protocol.agent_simulation import Scenario, SimulationMode
from pydantic import ValidationError

from shared.errors import SpecError, wrong_field
from shared.limits import Limits
from shared.spec import CallSpec, SupportSheet
from shared.values import Row, Value

LIMITS = Limits(max_turns=1000, max_length_s=3600, dead_air_s=3600)
"""A simulated user may think for long, and ends the call by rules of its own; the last resort."""

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})T00:00:00Z")
"""What `lk` makes of a date that has no quotes (Go's yaml.v3 and encoding/json)."""


def read_dispatch(job: Job) -> SimulationDispatch | None:
    """The simulation that `job` is part of, if it is of one.

    Raises:
        SpecError: Its attribute cannot be read.
    """
    text = job.attributes.get(ATTRIBUTE_SIMULATOR_DISPATCH)
    if not text:
        return None
    try:
        # Unknown fields are a newer LiveKit's; JobContext.simulation_context ignores them, too.
        dispatch = Parse(text, SimulationDispatch(), ignore_unknown_fields=True)
    except ParseError as error:
        problem = str(error).splitlines()[0]
        raise SpecError(f"attribute {ATTRIBUTE_SIMULATOR_DISPATCH}: {problem}") from None
    if not dispatch.simulation_run_id:
        # JobContext.simulation_context would take the job for an ordinary one.
        raise SpecError(f"attribute {ATTRIBUTE_SIMULATOR_DISPATCH}: simulationRunId: missing")
    return dispatch


def is_in_text(job: Job) -> bool:
    """Whether `job` is of a simulation in text, which uses no engines that listen or speak."""
    try:
        dispatch = read_dispatch(job)
    except SpecError:
        return False
    return dispatch is not None and dispatch.mode != SimulationMode.SIMULATION_MODE_AUDIO


def simulated_spec(bare: CallSpec, dispatch: SimulationDispatch) -> CallSpec:
    """The call of a simulation: a `bare` one, by the scenario's rows and with its own limits.

    A scenario without `userdata`, such as `lk` makes up by itself, is met as a bare dispatch is.

    Raises:
        SpecError: The scenario's `userdata` is not what the support agent works with.
    """
    scenario = dispatch.scenario
    support = _support_sheet(scenario) if scenario.userdata else bare.support
    return bare.model_copy(
        update={
            "call_id": dispatch.job_id,
            "scenario": scenario.label,
            "limits": LIMITS,
            "support": support,
        }
    )


def _support_sheet(scenario: Scenario) -> SupportSheet:
    try:
        sheet = SupportSheet.model_validate_json(scenario.userdata)
    except ValidationError as error:
        wrong = wrong_field(error)
        field = ".".join(filter(None, ("userdata", wrong.field)))
        raise SpecError(f"scenario {scenario.label!r}: {field}: {wrong.problem}") from None
    desk = {table: tuple(map(_as_written, rows)) for table, rows in sheet.desk.items()}
    return sheet.model_copy(update={"desk": desk})


def _as_written(row: Row) -> Row:
    """The row as it stands in the scenario's file."""
    return {name: _as_date(value) for name, value in row.items()}


def _as_date(value: Value) -> Value:
    date = _DATE.fullmatch(value) if isinstance(value, str) else None
    return date[1] if date else value
