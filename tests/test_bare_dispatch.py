"""A dispatch that says nothing but room and agent name, and nothing else running."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from livekit import api, rtc

from duologue.servers.server import Server
from shared.language.as_heard import phrase
from shared.settings import Settings
from shared.spec import Role
from tests.caller import dispatch, person

pytestmark = pytest.mark.usefixtures("workers")


@asynccontextmanager
async def a_room(server: Server) -> AsyncIterator[tuple[api.LiveKitAPI, str]]:
    """The name of a room that nobody made yet; deleted on leaving."""
    room = f"bare-{uuid4().hex[:8]}"
    async with server.address.client() as livekit:
        yield livekit, room
        await livekit.room.delete_room(api.DeleteRoomRequest(room=room))


async def test_a_person_who_joins_is_greeted_and_answered(
    server: Server, settings: Settings
) -> None:
    async with a_room(server) as (livekit, room), person(settings) as someone:
        await dispatch(livekit, room, Role.SUPPORT)
        await someone.join(server.address, room, "somebody")
        greeting = await someone.hears_out()
        assert phrase("how can I help you") in phrase(greeting)
        await someone.say(
            "Hello, my name is Sofia Maxwell, and my order is late. The number is 1 4 1 2 5."
        )
        answer = await someone.hears_out()
        assert phrase("desk lamp") in phrase(answer)
        assert phrase("anything else") in phrase(answer)


async def test_whoever_speaks_is_listened_to_and_not_who_had_a_silent_microphone_first(
    server: Server, settings: Settings
) -> None:
    async with (
        a_room(server) as (livekit, room),
        person(settings) as silent,
        person(settings) as someone,
    ):
        await silent.join(server.address, room, "silent")
        await dispatch(livekit, room, Role.SUPPORT)
        greeting = await silent.hears_out()
        assert phrase("how can I help you") in phrase(greeting)
        await someone.join(server.address, room, "somebody")
        await someone.say(
            "Hello, my name is Sofia Maxwell, and my order is late. The number is 1 4 1 2 5."
        )
        answer = await someone.hears_out()
        assert phrase("desk lamp") in phrase(answer)
        await silent.hang_up()  # which is nothing to the agent any more
        await someone.say("No, that was all. Thank you. Goodbye.")
        assert phrase("bye") in phrase(await someone.hears_out())


async def test_when_a_silent_person_leaves_the_next_one_is_listened_to(
    server: Server, settings: Settings
) -> None:
    async with (
        a_room(server) as (livekit, room),
        person(settings) as silent,
        person(settings) as someone,
    ):
        await silent.join(server.address, room, "silent")
        await dispatch(livekit, room, Role.SUPPORT)
        await silent.hears_out()
        await someone.join(server.address, room, "somebody")
        await someone.is_listened_to()
        await silent.hang_up()
        await someone.say(
            "Hello, my name is Sofia Maxwell, and my order is late. The number is 1 4 1 2 5."
        )
        assert phrase("desk lamp") in phrase(await someone.hears_out())


async def test_a_second_microphone_that_is_silent_makes_no_agent_deaf(
    server: Server, settings: Settings
) -> None:
    async with a_room(server) as (livekit, room), person(settings) as someone:
        await dispatch(livekit, room, Role.SUPPORT)
        await someone.join(server.address, room, "somebody")
        await someone.hears_out()
        second = rtc.LocalAudioTrack.create_audio_track("second", rtc.AudioSource(24_000, 1))
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await someone.room.local_participant.publish_track(second, options)
        await someone.say(
            "Hello, my name is Sofia Maxwell, and my order is late. The number is 1 4 1 2 5."
        )
        assert phrase("desk lamp") in phrase(await someone.hears_out())


async def test_two_bare_agents_in_one_room_talk_to_each_other_and_to_no_listener(
    server: Server, settings: Settings
) -> None:
    async with (
        a_room(server) as (livekit, room),
        person(settings, Role.CUSTOMER) as support_listener,
        person(settings, Role.SUPPORT) as customer_listener,
    ):
        await support_listener.listen_in(server.address, room, "listener")
        await customer_listener.listen_in(server.address, room, "monitor")
        for role in Role:
            await dispatch(livekit, room, role)
        assert phrase("how can I help you") in phrase(await support_listener.hears_out())
        assert phrase("my order") in phrase(await customer_listener.hears_out())
        assert phrase("order number") in phrase(await support_listener.hears_out())
