"""A bundled scenario as `lk agent simulate` runs it, but for the simulated user's language model.

That command is of LiveKit Cloud's; what it does to a worker is done here on a server of our own:
it starts the worker by LiveKit's command under a name of its own, and dispatches it with an
attribute that has LiveKit's part of the scenario. The simulated user writes.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from google.protobuf.json_format import MessageToJson
from livekit import api, rtc
from livekit.agents import SimulationDispatch
from livekit.agents.types import (
    ATTRIBUTE_SIMULATOR,
    ATTRIBUTE_SIMULATOR_DISPATCH,
    TOPIC_CHAT,
    TOPIC_TRANSCRIPTION,
)
from livekit.agents.voice.remote_session import RemoteSession
from livekit.protocol.agent_simulation import Scenario as TheirScenario

from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import load_scenario
from duologue.servers.process import Program
from duologue.servers.server import Server
from shared.address import ServerAddress
from shared.language.as_heard import phrase
from shared.settings import inherited_environment
from support_agent.registry import load_business

NAME = "simulation-1a2b3c4d"
"""What the worker is to register as, and no role's name."""
START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 10.0


@asynccontextmanager
async def simulated_worker(address: ServerAddress) -> AsyncIterator[None]:
    """The support worker as `lk agent simulate` starts it; it may take one call in audio."""
    registered = asyncio.Event()

    def on_line(line: str) -> None:
        if "registered worker" in line:  # what `lk` waits for, too
            registered.set()

    secret = address.api_secret.get_secret_value()
    start = [sys.executable, "-m", "livekit.agents", "start", "support_agent/worker.py"]
    keys = ["--url", address.url, "--api-key", address.api_key, "--api-secret", secret]
    program = await Program.start(
        [*start, *keys, "--log-level", "DEBUG", "--simulation", "--log-format", "colored"],
        env=inherited_environment()
        | {
            "LIVEKIT_AGENT_NAME_OVERRIDE": NAME,
            "LIVEKIT_URL": address.url,
            "LIVEKIT_API_KEY": address.api_key,
            "LIVEKIT_API_SECRET": secret,
            "DUOLOGUE_WORKER_CALLS": "1",
        },
        on_line=on_line,
    )
    try:
        await asyncio.wait_for(registered.wait(), START_TIMEOUT_S)
        yield
    except Exception as error:
        error.add_note("\n".join(program.last_lines))
        raise
    finally:
        await program.stop(grace_s=0)


def as_lk_sends(scenario: Scenario) -> TheirScenario:
    """What is left of a scenario on its way through `lk`, which reads dates as points in time."""
    userdata = scenario.userdata.model_dump_json()
    return TheirScenario(
        label=scenario.label,
        instructions=scenario.instructions,
        agent_expectations=scenario.agent_expectations,
        tags=scenario.tags,
        userdata=re.sub(r'"(\d{4}-\d\d-\d\d)"', r'"\1T00:00:00Z"', userdata),
    )


class SimulatedUser:
    """Writes to the agent, reads what it answers, and asks for its verdict."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.agent = RemoteSession.from_room(self.room, "support")
        self._answers: asyncio.Queue[rtc.TextStreamReader] = asyncio.Queue()

    async def join(self, address: ServerAddress, room: str) -> None:
        def on_text(reader: rtc.TextStreamReader, sender: str) -> None:
            if sender == "support":
                self._answers.put_nowait(reader)

        self.room.register_text_stream_handler(TOPIC_TRANSCRIPTION, on_text)
        token = (
            api.AccessToken(address.api_key, address.api_secret.get_secret_value())
            .with_identity("simulator")
            .with_grants(api.VideoGrants(room_join=True, room=room))
            .with_attributes({ATTRIBUTE_SIMULATOR: "true"})
        )
        await self.room.connect(address.url, token.to_jwt())
        await self.agent.start()

    async def says(self, text: str) -> str:
        """Say `text`; the normalized words of the answer."""
        await self.room.local_participant.send_text(text, topic=TOPIC_CHAT)
        return await self.hears()

    async def hears(self) -> str:
        """The normalized words of the agent's next turn."""
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            return phrase(await (await self._answers.get()).read_all())

    async def leave(self) -> None:
        await self.agent.aclose()
        await self.room.disconnect()


@asynccontextmanager
async def simulation(
    livekit: api.LiveKitAPI, address: ServerAddress, scenario: Scenario
) -> AsyncIterator[SimulatedUser]:
    """A job of a simulation, with its simulated user in the room."""
    dispatch = SimulationDispatch(
        simulation_run_id="SR_test", job_id="SRJ_test", scenario=as_lk_sends(scenario)
    )
    room = f"sim-SRJ_test-{uuid4().hex[:8]}"
    user = SimulatedUser()
    await user.join(address, room)
    await livekit.agent_dispatch.create_dispatch(
        api.CreateAgentDispatchRequest(
            room=room,
            agent_name=NAME,
            attributes={ATTRIBUTE_SIMULATOR_DISPATCH: MessageToJson(dispatch, indent=None)},
        )
    )
    try:
        yield user
    finally:
        await user.leave()
        await livekit.room.delete_room(api.DeleteRoomRequest(room=room))


async def test_a_simulated_user_is_served_from_the_rows_of_its_scenario_in_text(
    server: Server,
) -> None:
    scenario = load_scenario("late-and-charged-twice")
    assert not load_business("shop").open_desk({}).find("orders", number="47219")
    async with (
        simulated_worker(server.address),
        server.address.client() as livekit,
        simulation(livekit, server.address, scenario) as user,
        simulation(livekit, server.address, load_scenario("damaged-and-replaced")) as other,
    ):
        assert phrase("how can I help you") in await user.hears()
        # More at a time than it takes in audio; text keeps no engine busy.
        assert phrase("how can I help you") in await other.hears()
        assert phrase("your order number") in await user.says("Hi, my order is late.")
        assert phrase("your full name") in await user.says("47219")
        late = await user.says("Yash Patel")
        assert phrase("desk lamp") in late
        assert phrase("because of a storm") in late
        assert phrase("twenty seventh of November") in late
        offer = await user.says("My card was also charged twice for this order.")
        assert phrase("two charges of forty nine dollars") in offer
        assert phrase("your postcode") in await user.says("Yes, please.")
        assert phrase("I have refunded forty nine dollars") in await user.says("60614")
        again = await user.says("I was charged twice, I think.")
        assert phrase("has been refunded already") in again
        assert await refunds(user) == [False, True]
        verdict = await user.agent.finalize_simulation(provisional_success=True)
        assert not verdict.HasField("user_verdict")
        await user.leave()
        await left(livekit, user.room.name)


async def refunds(user: SimulatedUser) -> list[bool]:
    """Whether each use of the refunding tool did refund, as the agent's session tells."""
    history = await user.agent.get_chat_history()
    outputs = [item.function_call_output for item in history.items]
    return [
        json.loads(one.output).get("refunded", False)
        for one in outputs
        if one.name == "refund_charge"
    ]


async def left(livekit: api.LiveKitAPI, room: str) -> None:
    """Wait until nobody is in a room any more."""
    request = api.ListParticipantsRequest(room=room)
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        while True:
            if not (await livekit.room.list_participants(request)).participants:
                return
            await asyncio.sleep(0.1)
