"""The diagnostic modes of a worker, for `duologue doctor`: echo, and a fixed reply."""

import asyncio
from functools import partial

from livekit import rtc
from livekit.agents import StopResponse, llm

from shared.endings import EndReason
from shared.engines import Models
from shared.engines.pcm import OUTPUT_RATE_HZ
from shared.events import Heard, Ready
from shared.events.journal import Journal
from shared.side.agent import CallAgent
from shared.side.line import Line
from shared.side.session import create_session
from shared.spec import CallSpec, Mode, Peer, Role
from shared.worker.linking import is_peer, room_options
from shared.worker.microphones import Microphones

FIXED_REPLY = "This is a fixed reply. I can hear you."


async def answer(
    room: rtc.Room, peer: Peer, role: Role, *, spec: CallSpec, journal: Journal, models: Models
) -> EndReason:
    """Answer `peer` in the mode that the specification asks for, until it leaves."""
    left = asyncio.Event()

    @room.on("participant_disconnected")
    def on_left(participant: rtc.RemoteParticipant) -> None:
        if participant.identity == peer.identity:
            left.set()

    @room.on("disconnected")
    def on_disconnected(_: object) -> None:
        left.set()

    serve = (
        _echo(room, peer, journal)
        if spec.mode is Mode.ECHO
        else _reply(room, peer, Line(role, spec, journal), models)
    )
    serving = asyncio.create_task(serve, name="diagnosis")
    leaving = asyncio.create_task(left.wait(), name="diagnosis-left")
    try:
        async with asyncio.timeout(spec.limits.max_length_s):
            await asyncio.wait([serving, leaving], return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()  # raises what went wrong
    except TimeoutError:
        return EndReason.LENGTH_LIMIT
    finally:
        serving.cancel()
        leaving.cancel()
        await asyncio.wait([serving, leaving])
    return EndReason.PEER_LEFT


async def _echo(room: rtc.Room, peer: Peer, journal: Journal) -> None:
    """Play back what the peer's microphone sends."""
    source = rtc.AudioSource(OUTPUT_RATE_HZ, 1)
    track = rtc.LocalAudioTrack.create_audio_track("echo", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await room.local_participant.publish_track(track, options)
    microphone = await _microphone(room, peer)
    stream = rtc.AudioStream(microphone, sample_rate=OUTPUT_RATE_HZ, num_channels=1)
    journal.emit(Ready())
    try:
        async for event in stream:
            await source.capture_frame(event.frame)
    finally:
        await stream.aclose()
        await source.aclose()


async def _microphone(room: rtc.Room, peer: Peer) -> rtc.RemoteAudioTrack:
    subscribed = asyncio.Event()

    def on_change(*_: object) -> None:
        subscribed.set()

    room.on("track_subscribed", on_change)
    try:
        while True:
            subscribed.clear()
            participant = room.remote_participants.get(peer.identity)
            for publication in participant.track_publications.values() if participant else ():
                if isinstance(publication.track, rtc.RemoteAudioTrack):
                    return publication.track
            await subscribed.wait()
    finally:
        room.off("track_subscribed", on_change)


async def _reply(room: rtc.Room, peer: Peer, line: Line, models: Models) -> None:
    """Answer every turn with the fixed line."""
    session = create_session(line, models, None)
    session.input.audio = microphones = Microphones(room)
    microphones.listen_to(partial(is_peer, peer=peer))
    await session.start(
        _FixedReply(line),
        room=room,
        room_options=room_options(peer),
        record=False,
        session_host=False,
    )
    try:
        await session.room_io.wait_for_ready()
        line.journal.emit(Ready())
        await line.ended
    finally:
        await session.aclose()
        await microphones.aclose()


class _FixedReply(CallAgent):
    def __init__(self, line: Line) -> None:
        super().__init__(line, instructions="")

    async def on_user_turn_completed(
        self, turn_ctx: llm.ChatContext, new_message: llm.ChatMessage
    ) -> None:
        del turn_ctx
        # A session without a language model adds no message for what it heard.
        self.line.journal.emit(Heard(text=new_message.text_content or ""))
        self.session.say(FIXED_REPLY)
        raise StopResponse
