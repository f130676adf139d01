"""A role must not know which transport carries it: both give its session the same."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import pytest
from livekit.agents import JobContext

import customer_agent
import support_agent
from duologue.call.direct import call as direct
from duologue.call.direct.pipes import PipeInput, PipeOutput
from duologue.call.direct.transport import FACTORIES
from duologue.scenarios.scenario_file import load_scenario
from shared.endings import EndReason
from shared.engines.pcm import INPUT_FRAME_MS, INPUT_RATE_HZ
from shared.settings import Settings
from shared.side.agent import Party
from shared.side.conversation import Connection, Factory, converse
from shared.spec import CallSpec, Peer, Role
from shared.worker import job, room
from shared.worker.linking import room_options
from tests.making import call_directly


class Given(NamedTuple):
    """What one side of a call is given, as far as it can have an effect on it."""

    spec: CallSpec
    seed: int
    agent: str
    instructions: str
    tools: list[str]
    session: dict[str, Any]
    engines: dict[str, dict[str, Any]]
    start: dict[str, Any]


async def given(party: Party, connection: Connection) -> Given:
    """What `party` was built with, and what its session is started with."""
    agent, session, line = party
    start: dict[str, Any] = {}

    async def started(_: object, **options: Any) -> None:
        start.update(options)

    session.start = started  # type: ignore[method-assign,assignment]  # any options
    await connection.start(agent, session)
    for way in ("room", "room_options"):
        start.pop(way, None)
    return Given(
        spec=line.spec,
        seed=line.spec.seed,
        agent=type(agent).__qualname__,
        instructions=str(agent.instructions),
        tools=sorted(tool.id for tool in agent.tools),
        session=settings_of(session),
        engines={
            kind: settings_of(getattr(session, kind)) for kind in ("stt", "llm", "tts", "vad")
        },
        start=start,
    )


def settings_of(thing: object) -> dict[str, Any]:
    """Its type, and every attribute that is a plain value or a collection of such."""
    plain = {
        name: value
        for name, value in vars(thing).items()
        if isinstance(value, bool | int | float | str | None) or name == "_opts"
    }
    return {"type": type(thing).__qualname__, **{k: repr(v) for k, v in plain.items()}}


class Worker:
    """A worker's job context, in a room that is not looked at before the session starts in it."""

    worker_id = "AW_1"

    def __init__(self) -> None:
        self.room = SimpleNamespace(
            sid=self.sid(),
            on=lambda *_: lambda handler: handler,
            off=lambda *_: None,
            remote_participants={},
        )
        self.proc = SimpleNamespace(userdata={})
        self.job = SimpleNamespace(id="AJ_1", room=SimpleNamespace(name="room", sid="RM_1"))

    async def sid(self) -> str:
        return "RM_1"

    async def connect(self) -> None:
        pass

    def shutdown(self, **_: str) -> None:
        pass


@pytest.fixture
def spec() -> CallSpec:
    settings = Settings(_env_file=None)
    engines = {role: settings.engines(role) for role in Role}
    return load_scenario().to_spec(call_id="same", seed=3, engines=engines)


async def on_livekit(role: Role, spec: CallSpec, patch: pytest.MonkeyPatch) -> Given:
    found: list[Given] = []

    async def capture(party: Party, connection: Connection) -> EndReason:
        found.append(await given(party, connection))
        return EndReason.STOPPED

    patch.setattr(room, "converse", capture)
    factory: Factory = {
        Role.CUSTOMER: customer_agent.create_party,
        Role.SUPPORT: support_agent.create_party,
    }[role]
    received = CallSpec.from_metadata(spec.to_metadata(role), role)
    context = cast("JobContext", Worker())
    await job.take_call(context, role, received, factory, Settings(_env_file=None))
    [one] = found
    return one


def on_direct(spec: CallSpec, out: Path, patch: pytest.MonkeyPatch) -> dict[Role, Given]:
    found: dict[Role, Given] = {}

    async def capture(party: Party, connection: Connection) -> EndReason:
        found[party.line.role] = await given(party, connection)
        party.line.end(EndReason.STOPPED)
        return EndReason.STOPPED

    patch.setattr(direct, "converse", capture)
    call_directly(spec, out, Settings(_env_file=None))
    return found


def test_both_transports_give_a_role_the_same(
    spec: CallSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    found = on_direct(spec, tmp_path, monkeypatch)
    for role in Role:
        one = asyncio.run(on_livekit(role, spec, monkeypatch))
        assert one.session["_opts"]
        assert found[role] == one


def test_both_transports_hold_the_conversation_with_the_same_code() -> None:
    assert vars(room)["converse"] is vars(direct)["converse"] is converse
    assert {
        Role.CUSTOMER: customer_agent.create_party,
        Role.SUPPORT: support_agent.create_party,
    } == FACTORIES


async def test_both_transports_carry_audio_at_the_same_rates_and_in_the_same_frames() -> None:
    room_output = room_options(Peer(identity="customer")).get_audio_output_options()
    assert room_output
    pipe = PipeInput()
    pipe.push(PipeOutput().tick())
    frame = await anext(pipe)
    # As the microphones in a room are read.
    assert (frame.sample_rate, frame.num_channels) == (INPUT_RATE_HZ, 1)
    assert 1000 * frame.duration == INPUT_FRAME_MS
    assert PipeOutput().sample_rate == room_output.sample_rate
