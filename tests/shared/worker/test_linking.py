"""Whom a role listens to, on a real server with real participants and a real session."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from types import MappingProxyType
from typing import Literal

import pytest
from livekit import api, rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.types import ATTRIBUTE_PUBLISH_ON_BEHALF, ATTRIBUTE_SIMULATOR

from duologue.servers.server import Server
from shared.spec import Peer, PeerKind, Role
from shared.worker.linking import (
    AGENT_NAME,
    RoomGone,
    find_peer,
    peer_among,
    room_options,
    speaks_for,
)

LINK_TIMEOUT_S = 5.0


class Lobby:
    """A room that participants of all kinds join."""

    def __init__(self, server: Server) -> None:
        self.name = f"linking-{secrets.token_hex(4)}"
        self._address = server.address
        self._rooms: list[rtc.Room] = []

    async def join(
        self,
        identity: str,
        *,
        kind: PeerKind = PeerKind.STANDARD,
        agent_name: str | None = None,
        joins_by: Literal["standard", "sip"] = "standard",
        attributes: Mapping[str, str] = MappingProxyType({}),
    ) -> rtc.Room:
        """Join as `identity`; an agent has the attribute that the server would give it."""
        named = {AGENT_NAME: agent_name} if agent_name else {}
        token = (
            api.AccessToken(self._address.api_key, self._address.api_secret.get_secret_value())
            .with_identity(identity)
            .with_kind("agent" if kind is PeerKind.AGENT else joins_by)
            .with_grants(
                api.VideoGrants(room_join=True, room=self.name, agent=kind is PeerKind.AGENT)
            )
            .with_attributes({**named, **attributes})
        )
        room = rtc.Room()
        await room.connect(self._address.url, token.to_jwt())
        self._rooms.append(room)
        return room

    async def delete(self) -> None:
        async with self._address.client() as livekit:
            with suppress(api.TwirpError):  # it was deleted before
                await livekit.room.delete_room(api.DeleteRoomRequest(room=self.name))

    async def close(self) -> None:
        await self.delete()
        await asyncio.gather(*(room.disconnect() for room in self._rooms))


@pytest.fixture
async def lobby(server: Server) -> AsyncIterator[Lobby]:
    lobby = Lobby(server)
    yield lobby
    await lobby.close()


async def publish(
    room: rtc.Room, source: rtc.TrackSource.ValueType = rtc.TrackSource.SOURCE_MICROPHONE
) -> None:
    track = rtc.LocalAudioTrack.create_audio_track("a track", rtc.AudioSource(24_000, 1))
    await room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=source))


async def seen(room: rtc.Room, identity: str, *, tracks: int = 0) -> None:
    """Wait until `room` knows of a participant, and of its tracks."""
    async with asyncio.timeout(LINK_TIMEOUT_S):
        while not (  # noqa: ASYNC110 - two things are waited for, by no one event
            (participant := room.remote_participants.get(identity))
            and len(participant.track_publications) >= tracks
        ):
            await asyncio.sleep(0.02)


@asynccontextmanager
async def session_with(room: rtc.Room, peer: Peer) -> AsyncIterator[AgentSession[None]]:
    """A session that is to listen to `peer`, with no engines."""
    session = AgentSession[None](user_away_timeout=None)
    await session.start(
        Agent(instructions=""),
        room=room,
        room_options=room_options(peer),
        record=False,
        session_host=False,
    )
    yield session
    await session.aclose()


async def linked(session: AgentSession[None]) -> str:
    """The identity that a session has linked."""
    async with asyncio.timeout(LINK_TIMEOUT_S):
        await session.room_io.wait_for_ready()
    participant = session.room_io.linked_participant
    assert participant is not None
    return participant.identity


@pytest.mark.parametrize("kind", [PeerKind.AGENT, PeerKind.STANDARD])
async def test_a_call_of_ours_links_the_named_peer_and_no_monitor_that_came_first(
    lobby: Lobby, kind: PeerKind
) -> None:
    monitor = await lobby.join("monitor")
    await publish(monitor)
    us = await lobby.join("support", kind=PeerKind.AGENT, agent_name="support")
    await seen(us, "monitor", tracks=1)
    async with session_with(us, Peer(identity="customer", kind=kind)) as session:
        ready = asyncio.create_task(linked(session))
        other = await lobby.join("other", kind=kind)
        await publish(other)
        await seen(us, "other", tracks=1)
        assert not ready.done()
        await publish(await lobby.join("customer", kind=kind))
        assert await ready == "customer"


async def test_a_peer_of_another_kind_than_named_is_not_linked(lobby: Lobby) -> None:
    us = await lobby.join("support", kind=PeerKind.AGENT, agent_name="support")
    async with session_with(us, Peer(identity="customer", kind=PeerKind.AGENT)) as session:
        ready = asyncio.create_task(linked(session))
        await publish(await lobby.join("customer", kind=PeerKind.STANDARD))
        await seen(us, "customer", tracks=1)
        done, _ = await asyncio.wait([ready], timeout=0.5)
        assert not done
        ready.cancel()


async def test_a_bare_dispatch_links_the_first_that_publishes_microphone_audio(
    lobby: Lobby,
) -> None:
    await lobby.join("listener")
    us = await lobby.join("support", kind=PeerKind.AGENT, agent_name="support")
    finding = asyncio.create_task(find_peer(us, Role.SUPPORT))
    person = await lobby.join("person")
    await seen(us, "listener")
    await seen(us, "person")
    assert not finding.done()
    await publish(person)
    peer = await asyncio.wait_for(finding, LINK_TIMEOUT_S)
    assert peer == Peer(identity="person", kind=PeerKind.STANDARD)
    async with session_with(us, peer) as session:
        assert await linked(session) == "person"


async def test_a_simulated_user_is_linked_at_once_and_may_write(lobby: Lobby) -> None:
    us = await lobby.join("support", kind=PeerKind.AGENT, agent_name="support")
    finding = asyncio.create_task(find_peer(us, Role.SUPPORT))
    await lobby.join("simulator", attributes={ATTRIBUTE_SIMULATOR: "true"})
    peer = await asyncio.wait_for(finding, LINK_TIMEOUT_S)
    assert peer == Peer(identity="simulator", kind=PeerKind.SIMULATOR)
    assert room_options(peer).get_text_input_options()
    async with session_with(us, peer) as session:
        assert await linked(session) == "simulator"


async def test_who_publishes_before_we_come_is_found_too(lobby: Lobby) -> None:
    await lobby.join("listener")
    await publish(await lobby.join("person"))
    us = await lobby.join("support", kind=PeerKind.AGENT, agent_name="support")
    peer = await asyncio.wait_for(find_peer(us, Role.SUPPORT), LINK_TIMEOUT_S)
    assert peer.identity == "person"


async def test_nobody_is_waited_for_in_a_room_that_is_closed(lobby: Lobby) -> None:
    us = await lobby.join("support", kind=PeerKind.AGENT, agent_name="support")
    finding = asyncio.create_task(find_peer(us, Role.SUPPORT))
    await lobby.delete()
    with pytest.raises(RoomGone):
        await asyncio.wait_for(finding, LINK_TIMEOUT_S)


async def _monitor(lobby: Lobby) -> None:
    await lobby.join("other")


async def _screen(lobby: Lobby) -> None:
    await publish(await lobby.join("other"), rtc.TrackSource.SOURCE_SCREENSHARE_AUDIO)


async def _another_agent(lobby: Lobby) -> None:
    await publish(await lobby.join("other", kind=PeerKind.AGENT, agent_name="notetaker"))


async def _same_role(lobby: Lobby) -> None:
    await publish(await lobby.join("other", kind=PeerKind.AGENT, agent_name="support"))


async def _imposter(lobby: Lobby) -> None:
    await lobby.join("other", kind=PeerKind.STANDARD, agent_name="customer")


@pytest.mark.parametrize("come", [_monitor, _screen, _another_agent, _same_role, _imposter])
async def test_a_bare_dispatch_never_links(
    lobby: Lobby, come: Callable[[Lobby], Awaitable[None]]
) -> None:
    us = await lobby.join("us", kind=PeerKind.AGENT, agent_name="support")
    finding = asyncio.create_task(find_peer(us, Role.SUPPORT))
    await come(lobby)
    await seen(us, "other", tracks=come in (_screen, _another_agent, _same_role))
    assert not finding.done()
    assert peer_among(us.remote_participants.values(), Role.SUPPORT) is None
    finding.cancel()


async def test_somebody_on_a_telephone_line_is_a_person(lobby: Lobby) -> None:
    us = await lobby.join("support", kind=PeerKind.AGENT, agent_name="support")
    finding = asyncio.create_task(find_peer(us, Role.SUPPORT))
    await publish(await lobby.join("caller", joins_by="sip"))
    peer = await asyncio.wait_for(finding, LINK_TIMEOUT_S)
    assert peer == Peer(identity="caller", kind=PeerKind.STANDARD)
    async with session_with(us, peer) as session:
        assert await linked(session) == "caller"


@pytest.mark.parametrize("role", Role)
async def test_a_bare_dispatch_links_the_agent_of_the_other_role_before_it_publishes(
    lobby: Lobby, role: Role
) -> None:
    us = await lobby.join(role, kind=PeerKind.AGENT, agent_name=role)
    finding = asyncio.create_task(find_peer(us, role))
    await lobby.join("whoever", kind=PeerKind.AGENT, agent_name=role.peer)
    peer = await asyncio.wait_for(finding, LINK_TIMEOUT_S)
    assert peer == Peer(identity="whoever", kind=PeerKind.AGENT)


async def test_an_avatar_speaks_for_its_agent_and_nobody_who_only_says_so(lobby: Lobby) -> None:
    claims = {ATTRIBUTE_PUBLISH_ON_BEHALF: "agent-1"}
    room = await lobby.join("customer")
    await lobby.join("avatar", kind=PeerKind.AGENT, attributes=claims)
    await lobby.join("stranger", attributes=claims)
    await lobby.join("agent-2", kind=PeerKind.AGENT)
    for identity in ("avatar", "stranger", "agent-2"):
        await seen(room, identity)
    speaking = {
        one.identity for one in room.remote_participants.values() if speaks_for(one, "agent-1")
    }
    assert speaking == {"avatar"}
    assert not any(speaks_for(one, "agent-2") for one in room.remote_participants.values())
