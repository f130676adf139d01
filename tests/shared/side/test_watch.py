import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from livekit.agents import AgentSession

from shared.endings import EndReason
from shared.events import (
    Ended,
    Heard,
    Heartbeat,
    Payload,
    PeerStateChanged,
    Revived,
    Said,
    StateChanged,
)
from shared.events.journal import Event, Journal
from shared.limits import Limits
from shared.side import watch as watch_module
from shared.side.agent import CallAgent, Party
from shared.side.line import Line
from shared.side.watch import watch
from shared.spec import Role
from tests.roles import call_spec

DEAD_AIR_S = 0.2
PATIENCE_S = 0.2

SAID = Said(text="Hi.", intended="Hi.", interrupted=False)


class Agent:
    """Stands in for an agent: a watchdog asks nothing of it but to revive."""

    def __init__(self) -> None:
        self.revived = 0

    async def revive(self) -> None:
        self.revived += 1


class Session:
    """Stands in for a session: a watchdog looks at who is speaking."""

    agent_state = "listening"
    user_state = "listening"


class Watched:
    """A line with a watchdog on it, and what it has written into the journal."""

    def __init__(self, role: Role, limits: dict[str, float]) -> None:
        journal = Journal(role)
        self.events: list[Event] = []
        journal.add_sink(self.events.append)
        spec = call_spec(limits=Limits.model_construct(**{**Limits().model_dump(), **limits}))
        self.line = Line(role, spec, journal)
        self.agent, self.session = Agent(), Session()
        self.began = asyncio.get_running_loop().time()

    @property
    def party(self) -> Party:
        session = cast("AgentSession[Line]", self.session)
        return Party(cast("CallAgent", self.agent), session, self.line)

    async def ended(self) -> tuple[EndReason, float]:
        """Why the line was ended, and after how many seconds."""
        async with asyncio.timeout(5):
            reason = await self.line.ended
        return reason, asyncio.get_running_loop().time() - self.began


@asynccontextmanager
async def watched(role: Role = Role.SUPPORT, **limits: Any) -> AsyncIterator[Watched]:
    line = Watched(role, {"dead_air_s": DEAD_AIR_S, **limits})
    watching = asyncio.create_task(watch(line.party))
    while len(line.line.journal._sinks) < 3:  # noqa: ASYNC110 - ours, and one of each watchdog
        await asyncio.sleep(0)
    yield line
    watching.cancel()
    await asyncio.wait([watching])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "CUSTOMER_PATIENCE_S", PATIENCE_S)


async def test_a_silent_call_is_revived_once_and_then_ended() -> None:
    async with watched() as line:
        reason, after_s = await line.ended()
    assert reason is EndReason.DEAD_AIR
    assert line.agent.revived == 1
    assert 2 * DEAD_AIR_S <= after_s < 4 * DEAD_AIR_S + 0.5
    assert [type(event.payload) for event in line.events] == [Revived, Ended]


@pytest.mark.parametrize("kind", [StateChanged, PeerStateChanged])
async def test_every_sign_of_life_starts_the_wait_anew(
    kind: type[StateChanged | PeerStateChanged],
) -> None:
    async with watched() as line:
        for _ in range(6):
            await asyncio.sleep(DEAD_AIR_S / 2)
            line.line.journal.emit(kind(old="speaking", new="listening"))
        assert line.agent.revived == 0


async def test_other_events_are_no_signs_of_life() -> None:
    async with watched() as line:
        for _ in range(6):
            await asyncio.sleep(DEAD_AIR_S / 2)
            line.line.journal.emit(Heartbeat())
        assert line.agent.revived == 1


@pytest.mark.parametrize("who", ["agent_state", "user_state"])
async def test_a_long_speech_is_no_silence(who: str) -> None:
    async with watched() as line:
        setattr(line.session, who, "speaking")
        await asyncio.sleep(5 * DEAD_AIR_S)
        assert line.agent.revived == 0
        assert not line.line.ended.done()


async def test_the_support_agent_breaks_the_silence_before_the_customer_does() -> None:
    async with watched(Role.SUPPORT) as support, watched(Role.CUSTOMER) as customer:
        await asyncio.sleep(DEAD_AIR_S + PATIENCE_S / 2)
        assert (support.agent.revived, customer.agent.revived) == (1, 0)


@pytest.mark.parametrize("turn", [SAID, Heard(text="Hi.")])
async def test_the_turns_of_both_sides_count_against_the_cap(turn: Payload) -> None:
    async with watched(max_turns=4, dead_air_s=60) as line:
        for _ in range(3):
            line.line.journal.emit(turn)
        await asyncio.sleep(0)
        assert not line.line.ended.done()
        line.line.journal.emit(SAID)
        assert (await line.ended())[0] is EndReason.TURN_LIMIT


async def test_a_call_that_takes_too_long_is_ended() -> None:
    async with watched(max_length_s=0.3, dead_air_s=60) as line:
        reason, after_s = await line.ended()
    assert reason is EndReason.LENGTH_LIMIT
    assert after_s >= 0.3


async def test_what_ended_a_line_first_stands() -> None:
    async with watched() as line:
        line.line.end(EndReason.GOODBYE)
        line.line.end(EndReason.PEER_LEFT)
        assert (await line.ended())[0] is EndReason.GOODBYE
    assert [type(event.payload) for event in line.events] == [Ended]
