"""Dispatches on a real server, with real workers that come late, are full, or die."""

import asyncio
import os
import secrets
import signal
import sys
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import api, rtc

from duologue.call.counterpart import OURS
from duologue.call.over_livekit import dispatch as dispatch_module
from duologue.call.over_livekit.dispatch import create_room, dispatch
from duologue.call.over_livekit.recorder import recorder_token
from duologue.servers.process import Program
from duologue.servers.server import running_server
from shared.address import ServerAddress
from shared.errors import DispatchNotPickedUp
from shared.events import Dispatched, Payload, Redispatched
from shared.events.journal import Event, Journal
from shared.limits import Limits
from shared.settings import Settings, inherited_environment
from shared.worker.linking import agent_name

pytestmark = pytest.mark.asyncio(loop_scope="module")

REGISTER_TIMEOUT_S = 60.0
COME_TIMEOUT_S = 30.0


class Workers:
    """A process of light workers."""

    def __init__(self) -> None:
        self.registered: set[str] = set()
        self._news = asyncio.Event()
        self.program: Program

    @classmethod
    async def start(cls, address: ServerAddress, **conduct: str) -> "Workers":
        self = cls()
        words = (f"{name}={what}" for name, what in conduct.items())
        env = inherited_environment() | {
            "LIVEKIT_URL": address.url,
            "LIVEKIT_API_KEY": address.api_key,
            "LIVEKIT_API_SECRET": address.api_secret.get_secret_value(),
            "OPENAI_API_KEY": "none",
        }
        argv = [sys.executable, "-m", "tests.duologue.light_worker", *words]
        self.program = await Program.start(argv, env=env, on_line=self._on_line)
        return self

    def _on_line(self, line: str) -> None:
        self.registered.add(line)
        self._news.set()

    async def are_registered(self, *names: str) -> None:
        async with asyncio.timeout(REGISTER_TIMEOUT_S):
            while not self.registered.issuperset(names):
                self._news.clear()
                await self._news.wait()

    def call(self, number: signal.Signals) -> None:
        """Let those register that wait for this signal."""
        os.kill(self.program.pid, number)


class Lobby:
    """A room that agents are dispatched into, seen by a hidden participant."""

    join_timeout_s = OURS.join_timeout_s

    def __init__(self, livekit: api.LiveKitAPI, room: rtc.Room) -> None:
        self.livekit, self.room = livekit, room
        self.events: list[Event] = []
        self.dispatched = asyncio.Event()
        self._journal = Journal("driver")
        self._journal.add_sink(self._on_event)

    def _on_event(self, event: Event) -> None:
        self.events.append(event)
        self.dispatched.set()

    def agents(self, name: str) -> list[str]:
        """The agents of this name that are here."""
        here = self.room.remote_participants.values()
        return [each.sid for each in here if agent_name(each) == name]

    async def bring(self, name: str, *, timeout_s: float = COME_TIMEOUT_S) -> None:
        """Dispatch an agent, as a call would."""
        await dispatch(
            self.livekit,
            room=self.room.name,
            agent_name=name,
            metadata="",
            attributes={},
            present=lambda: bool(self.agents(name)),
            journal=self._journal,
            timeout_s=timeout_s,
            join_timeout_s=self.join_timeout_s,
        )

    async def dispatches(self, name: str) -> list[str]:
        """The dispatches that the server keeps."""
        found = await self.livekit.agent_dispatch.list_dispatch(self.room.name)
        return [each.id for each in found if each.agent_name == name]

    def made(self) -> list[type[Payload]]:
        """What the journal says of dispatches."""
        return [type(event.payload) for event in self.events]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make dispatches again sooner than a server would know whether they were taken."""
    monkeypatch.setattr(dispatch_module, "TAKEN_TIMEOUT_S", 1.0)
    monkeypatch.setattr(Lobby, "join_timeout_s", 2.0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def address(settings: Settings) -> AsyncIterator[ServerAddress]:
    """A server of our own: workers of these tests must not get jobs of others."""
    async with running_server(settings, lambda _: None) as server:
        yield server.address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def light(address: ServerAddress) -> AsyncIterator[Workers]:
    workers = await Workers.start(
        address, plain="joins", hesitant="hesitates", late="late", dying="heir",
        customer="1", support="4",
    )  # fmt: skip
    await workers.are_registered("plain", "hesitant", "customer", "support")
    yield workers
    await workers.program.stop(grace_s=0)


@pytest_asyncio.fixture(loop_scope="module")
async def lobby(address: ServerAddress) -> AsyncIterator[Lobby]:
    name = f"lobby-{secrets.token_hex(4)}"
    room = rtc.Room()
    async with address.client() as livekit:
        await create_room(livekit, name, Limits())
        await room.connect(address.url, recorder_token(address, name))
        yield Lobby(livekit, room)
        await room.disconnect()
        await livekit.room.delete_room(api.DeleteRoomRequest(room=name))


DEATH_TIMEOUT_S = 30


async def occupied(livekit: api.LiveKitAPI, name: str) -> str:
    """A new room that this agent is in, some time later."""
    room = f"elsewhere-{secrets.token_hex(4)}"
    await create_room(livekit, room, Limits())
    await ask_for(livekit, name, room)
    return room


async def ask_for(livekit: api.LiveKitAPI, name: str, room: str) -> None:
    request = api.CreateAgentDispatchRequest(room=room, agent_name=name)
    await livekit.agent_dispatch.create_dispatch(request)


async def has_company(livekit: api.LiveKitAPI, room: str) -> None:
    request = api.ListParticipantsRequest(room=room)
    async with asyncio.timeout(COME_TIMEOUT_S):
        while True:
            if (await livekit.room.list_participants(request)).participants:
                return
            await asyncio.sleep(0.1)


@pytest.mark.usefixtures("impatient")
async def test_a_driver_that_was_away_waits_for_an_agent_anew(lobby: Lobby) -> None:
    bringing = asyncio.create_task(lobby.bring("nobody", timeout_s=2.5))
    await lobby.dispatched.wait()
    time.sleep(3.0)  # noqa: ASYNC251 - as if this process was stopped
    with pytest.raises(DispatchNotPickedUp):
        await bringing
    assert lobby.made()[:2] == [Dispatched, Redispatched]


@pytest.mark.usefixtures("impatient")
async def test_a_dispatch_that_nobody_takes_is_given_up_and_deleted(lobby: Lobby) -> None:
    with pytest.raises(DispatchNotPickedUp) as failure:
        await lobby.bring("nobody", timeout_s=2.5)
    error = failure.value
    assert (error.agent_name, error.room) == ("nobody", lobby.room.name)
    assert error.waited_s >= 2.5
    message = str(error)
    assert f"agent 'nobody' into room '{lobby.room.name}' within {error.waited_s:.0f} s" in message
    assert "check that a worker registered under that name" in message
    assert "\n" not in message
    assert not await lobby.dispatches("nobody")
    assert lobby.made()[:2] == [Dispatched, Redispatched]


@pytest.mark.usefixtures("impatient")
async def test_a_worker_that_registers_late_gets_the_dispatch_made_again(
    light: Workers, lobby: Lobby
) -> None:
    bringing = asyncio.create_task(lobby.bring("late"))
    await lobby.dispatched.wait()
    light.call(signal.SIGUSR1)
    await bringing
    assert len(lobby.agents("late")) == 1
    assert Redispatched in lobby.made()
    assert len(await lobby.dispatches("late")) == 1


@pytest.mark.usefixtures("impatient")
async def test_a_worker_that_dies_with_the_job_is_replaced_by_another(
    address: ServerAddress, light: Workers, lobby: Lobby
) -> None:
    mortal = await Workers.start(address, dying="dies")
    await mortal.are_registered("dying")
    bringing = asyncio.create_task(lobby.bring("dying"))
    async with asyncio.timeout(DEATH_TIMEOUT_S):
        assert await mortal.program.wait() == 1
    light.call(signal.SIGUSR2)
    await bringing
    assert len(lobby.agents("dying")) == 1
    assert Redispatched in lobby.made()
    await mortal.program.stop(grace_s=0)


@pytest.mark.usefixtures("impatient", "light")
async def test_a_worker_that_takes_the_job_and_does_not_come_is_asked_again(lobby: Lobby) -> None:
    await lobby.bring("hesitant")
    assert len(lobby.agents("hesitant")) == 1
    assert Redispatched in lobby.made()


@pytest.mark.usefixtures("light")
async def test_one_dispatch_is_enough_for_a_worker_that_comes(lobby: Lobby) -> None:
    await lobby.bring("plain")
    assert lobby.made() == [Dispatched]
    assert len(lobby.agents("plain")) == 1


@pytest.mark.usefixtures("impatient", "light")
async def test_a_full_worker_is_passed_over_until_it_has_room(lobby: Lobby) -> None:
    elsewhere = await occupied(lobby.livekit, "customer")
    await has_company(lobby.livekit, elsewhere)
    with pytest.raises(DispatchNotPickedUp):
        await lobby.bring("customer", timeout_s=1.5)
    bringing = asyncio.create_task(lobby.bring("customer"))
    await lobby.livekit.room.delete_room(api.DeleteRoomRequest(room=elsewhere))
    await bringing
    assert len(lobby.agents("customer")) == 1


@pytest.mark.usefixtures("light")
async def test_a_worker_takes_as_many_calls_as_it_says(address: ServerAddress) -> None:
    async with address.client() as livekit:
        rooms = [await occupied(livekit, "support") for _ in range(3)]  # at once
        for room in rooms:
            await has_company(livekit, room)
        await asyncio.sleep(3)  # in which the worker tells the server of its load
        rooms.append(await occupied(livekit, "support"))
        await has_company(livekit, rooms[-1])
        for room in rooms:
            await livekit.room.delete_room(api.DeleteRoomRequest(room=room))


@pytest.mark.usefixtures("light")
async def test_of_two_calls_at_once_a_worker_with_room_for_one_takes_one(
    address: ServerAddress,
) -> None:
    async with address.client() as livekit:
        rooms = [await occupied(livekit, "customer") for _ in range(2)]
        first, second = (asyncio.create_task(has_company(livekit, room)) for room in rooms)
        done: set[asyncio.Task[None]] = set()
        while not done:
            done, waiting = await asyncio.wait(
                {first, second}, timeout=5, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:  # it was still in the last test's call, and what it turns down is lost
                for room in rooms:
                    await ask_for(livekit, "customer", room)
        await asyncio.sleep(1.5)
        assert not any(task.done() for task in waiting)
        assert len(done) == 1
        for room in rooms:
            await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)


@pytest.mark.usefixtures("light")
async def test_who_comes_after_the_room_was_deleted_does_not_leave_it_open(
    address: ServerAddress,
) -> None:
    async with address.client() as livekit:
        room = await occupied(livekit, "support")
        await asyncio.sleep(0.5)  # in which the job is taken, but not half of what it needs
        await livekit.room.delete_room(api.DeleteRoomRequest(room=room))
        await asyncio.sleep(3)  # in which the agent comes, makes the room anew, and leaves again
        found = await livekit.room.list_rooms(api.ListRoomsRequest(names=[room]))
    assert not found.rooms


@pytest.mark.usefixtures("light")
async def test_two_of_one_role_are_never_in_a_room(lobby: Lobby) -> None:
    refused = asyncio.Event()
    lobby.room.on("data_received", lambda _: refused.set())
    await lobby.bring("support")
    first = lobby.agents("support")
    request = api.CreateAgentDispatchRequest(room=lobby.room.name, agent_name="support")
    again = await lobby.livekit.agent_dispatch.create_dispatch(request)
    await asyncio.sleep(2)  # in which nothing may happen
    assert lobby.agents("support") == first
    # Nor is it said to the room, where it would end the waiting of a call.
    assert not refused.is_set()
    await lobby.livekit.agent_dispatch.delete_dispatch(again.id, lobby.room.name)
