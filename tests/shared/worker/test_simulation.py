"""What a job of a simulation says of the call, read as a worker reads it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from google.protobuf.json_format import MessageToJson
from livekit.agents import SimulationDispatch
from livekit.agents.types import ATTRIBUTE_SIMULATOR_DISPATCH
from livekit.protocol.agent import Job
from livekit.protocol.agent_simulation import Scenario, SimulationMode

from shared.errors import SpecError
from shared.settings import Settings
from shared.spec import CallSpec, Role
from shared.worker.simulation import is_in_text
from shared.worker.worker import FULL_LOAD, create_server, read_spec
from support_agent.agent import bare_spec, check_spec, create_party

CUSTOMER = {"id": "C-PATEL", "name": "Yash Patel", "postcode": "60614"}
ORDER = {"number": "47219", "customer_id": "C-PATEL", "item": "desk lamp", "status": "delayed"}
DATES = {"ordered_on": "2026-11-14", "promised_on": "2026-11-20", "expected_on": "2026-11-27"}


def job(userdata: Any = None, mode: SimulationMode | None = None) -> Job:
    scenario = Scenario(label="late", userdata=json.dumps(userdata) if userdata else "")
    dispatch = SimulationDispatch(
        simulation_run_id="SR_1", job_id="SRJ_1", scenario=scenario, mode=mode
    )
    return job_with(MessageToJson(dispatch))


def job_with(attribute: str) -> Job:
    return Job(attributes={ATTRIBUTE_SIMULATOR_DISPATCH: attribute})


def read(simulated: Job) -> CallSpec:
    settings = Settings(_env_file=None)
    return read_spec(
        simulated, role=Role.SUPPORT, settings=settings, bare_spec=bare_spec, check=check_spec
    )


def test_the_support_agent_works_for_the_business_and_with_the_rows_of_the_userdata() -> None:
    desk = {"customers": [CUSTOMER], "orders": [ORDER | DATES]}
    spec = read(job({"business": "shop", "desk": desk}))
    assert spec.support
    assert spec.support.business == "shop"
    assert spec.support.desk == {"customers": (CUSTOMER,), "orders": (ORDER | DATES,)}
    assert (spec.call_id, spec.scenario) == ("SRJ_1", "late")


def test_a_date_that_lk_made_a_point_in_time_is_a_date_again_and_no_other_value_changes() -> None:
    times = {name: f"{date}T00:00:00Z" for name, date in DATES.items()}
    late = {"delay_reason": "since 2026-11-20T00:00:00Z"}
    desk = {"customers": [CUSTOMER], "orders": [ORDER | times | late]}
    spec = read(job({"business": "shop", "desk": desk}))
    assert spec.support
    assert spec.support.desk["orders"] == (ORDER | DATES | late,)


def test_no_limit_of_ours_ends_a_simulation_before_its_simulator_does() -> None:
    limits = read(job()).limits
    assert limits.dead_air_s == limits.max_length_s == 3600


def test_a_scenario_without_userdata_is_met_like_a_bare_dispatch() -> None:
    assert read(job()).support == bare_spec(Settings(_env_file=None)).support


def test_fields_of_a_newer_livekit_do_no_harm() -> None:
    assert read(job_with('{"simulationRunId": "SR_1", "jobId": "SRJ_1", "weather": 1}')).support


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (job({"desk": {}}), "scenario 'late': userdata.business: Field required"),
        (job({"business": "bank"}), "no business 'bank'"),
        (job({"business": "shop", "rows": []}), "userdata.rows: Extra inputs"),
        (job({"business": "shop", "desk": {"orders": [{"number": []}]}}), "userdata.desk.orders.0"),
        (job({"business": "shop", "desk": {"planets": []}}), "no table 'planets'"),
        (job({"business": "shop", "desk": {"orders": [{"colour": "red"}]}}), "no column 'colour'"),
        (job([1]), "scenario 'late': userdata: "),
        (job_with("{"), "lk.simulator.dispatch: "),
        (job_with("{}"), "lk.simulator.dispatch: simulationRunId: missing"),
    ],
)
def test_a_simulation_that_cannot_be_is_refused_in_one_line_that_says_why(
    wrong: Job, says: str
) -> None:
    with pytest.raises(SpecError) as caught:
        read(wrong)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("one", "in_text"),
    [
        (job(), True),
        (job(mode=SimulationMode.SIMULATION_MODE_TEXT), True),
        (job(mode=SimulationMode.SIMULATION_MODE_AUDIO), False),
        (Job(), False),
        (job_with("{"), False),
    ],
)
def test_only_a_simulation_in_text_keeps_no_engine_busy(one: Job, *, in_text: bool) -> None:
    assert is_in_text(one) is in_text


def test_calls_in_text_leave_a_worker_as_free_as_it_was() -> None:
    settings = Settings(_env_file=None, duologue_worker_calls=1)
    server = create_server(Role.SUPPORT, create_party, settings, bare_spec)
    load: Any = server._load_fnc
    in_audio = job(mode=SimulationMode.SIMULATION_MODE_AUDIO)
    active = [SimpleNamespace(job=one) for one in (job(), job(), in_audio)]
    assert load(SimpleNamespace(active_jobs=active[:2])) == 0
    assert load(SimpleNamespace(active_jobs=active)) == FULL_LOAD
