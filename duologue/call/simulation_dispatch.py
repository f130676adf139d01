"""How a call is dispatched as one of LiveKit's simulations, without LiveKit Cloud.

An agent that knows of simulations (livekit-agents from 1.8 on) seeds its mocks from the scenario's
`userdata`, and says itself, by its `on_simulation_end`, what is wrong with what it has done.
"""

from google.protobuf.json_format import MessageToJson
from livekit.agents import SimulationDispatch
from livekit.agents.types import ATTRIBUTE_SIMULATOR_DISPATCH
from livekit.protocol.agent_simulation import Scenario, SimulationMode

from shared.spec import CallSpec


def simulation_attributes(spec: CallSpec) -> dict[str, str]:
    """The attributes of the dispatch by which an agent knows that this call is a simulation."""
    assert spec.under_test
    scenario = Scenario(
        label=spec.scenario,
        instructions=spec.customer.instructions if spec.customer else "",
        agent_expectations=spec.agent_expectations,
        userdata=spec.under_test.metadata,
    )
    dispatch = SimulationDispatch(
        simulation_run_id=f"duologue-{spec.call_id}",
        job_id=spec.call_id,
        scenario=scenario,
        mode=SimulationMode.SIMULATION_MODE_AUDIO,
    )
    return {ATTRIBUTE_SIMULATOR_DISPATCH: MessageToJson(dispatch, indent=None)}
