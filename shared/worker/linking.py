"""Whom a role listens to: participant kinds and the peer it links.

LiveKit's RoomIO links the first participant of an accepted kind, which a monitor can be too, and
it ignores agents unless told otherwise (livekit-agents 1.8.9, voice/room_io/room_io.py). So the
peer is always named by identity *and* kind: from the call specification, or, in a room that
nothing is known about, once it has shown itself.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from livekit import rtc
from livekit.agents import room_io
from livekit.agents.types import (
    ATTRIBUTE_AGENT_NAME,
    ATTRIBUTE_PUBLISH_ON_BEHALF,
    ATTRIBUTE_SIMULATOR,
)
from livekit.rtc.room import EventTypes

from shared.engines.pcm import OUTPUT_RATE_HZ
from shared.spec import Peer, PeerKind, Role
from shared.worker.notice import Notice

AGENT_NAME = ATTRIBUTE_AGENT_NAME
"""The attribute that has the agent name of an agent's participant."""

_APPEARANCES: Final[tuple[EventTypes, ...]] = (
    "participant_connected",
    "track_published",
    "participant_attributes_changed",
    "connection_state_changed",
)
"""Room events by which somebody to talk to may have appeared, or nobody will any more. One that is
left as soon as a lost connection is back says nothing of it by `disconnected` (livekit 1.1.21)."""

_AGENTS = (rtc.ParticipantKind.PARTICIPANT_KIND_AGENT,)
_PEOPLE = (
    rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD,
    rtc.ParticipantKind.PARTICIPANT_KIND_SIP,
    rtc.ParticipantKind.PARTICIPANT_KIND_CONNECTOR,
)
"""However they come: by an application, a telephone line or another service's call."""

_KINDS = {
    PeerKind.AGENT: _AGENTS,
    PeerKind.STANDARD: _PEOPLE,
    PeerKind.SIMULATOR: (rtc.ParticipantKind.PARTICIPANT_KIND_STANDARD,),
}


def agent_name(participant: rtc.Participant) -> str | None:
    """The name of the agent that `participant` is, None for a person."""
    return participant.attributes.get(AGENT_NAME) or None


def peer_among(participants: Iterable[rtc.RemoteParticipant], role: Role) -> Peer | None:
    """The first of `participants` that a bare `role` may talk to, if there is one.

    That is an agent of the other role, which publishes only once it is linked itself, a simulated
    user, which may never publish anything, or a person who publishes microphone audio. A listener,
    a monitor, a recorder and an agent of another name are never it.
    """
    for participant in participants:
        if participant.kind in _AGENTS and agent_name(participant) == role.peer:
            return Peer(identity=participant.identity, kind=PeerKind.AGENT)
        if is_person(participant):
            if ATTRIBUTE_SIMULATOR in participant.attributes:
                return Peer(identity=participant.identity, kind=PeerKind.SIMULATOR)
            if _publishes_microphone(participant):
                return Peer(identity=participant.identity, kind=PeerKind.STANDARD)
    return None


def is_peer(participant: rtc.Participant, peer: Peer) -> bool:
    """Whether `participant` is that peer, and not another kind under its identity."""
    return participant.identity == peer.identity and participant.kind in _KINDS[peer.kind]


def speaks_for(participant: rtc.Participant, identity: str) -> bool:
    """Whether `participant` publishes the voice of the agent of this identity, as avatars do.

    Anybody may say so of itself; only what comes with an agent's token is believed.
    """
    on_behalf_of = participant.attributes.get(ATTRIBUTE_PUBLISH_ON_BEHALF)
    return participant.kind in _AGENTS and on_behalf_of == identity


def is_person(participant: rtc.Participant) -> bool:
    """Whether `participant` is a person, however it came."""
    return participant.kind in _PEOPLE


def _publishes_microphone(participant: rtc.RemoteParticipant) -> bool:
    return any(
        publication.source == rtc.TrackSource.SOURCE_MICROPHONE
        for publication in participant.track_publications.values()
    )


class RoomGone(Exception):
    """The room is closed, or is to be left, and nobody will come any more."""


async def find_peer(room: rtc.Room, role: Role, draining: Notice | None = None) -> Peer:
    """Wait in a room that nothing is known about until there is somebody to talk to.

    Raises:
        RoomGone: The room was closed, or the worker is to stop, before there was anybody.
    """
    draining = draining or Notice()
    changed = asyncio.Event()

    def on_change(*_: object) -> None:
        changed.set()

    for name in _APPEARANCES:
        room.on(name, on_change)
    try:
        with draining.told(on_change):
            while True:
                changed.clear()
                if peer := peer_among(room.remote_participants.values(), role):
                    return peer
                if draining.given or not room.isconnected():
                    raise RoomGone
                await changed.wait()
    finally:
        for name in _APPEARANCES:
            room.off(name, on_change)


def room_options(peer: Peer) -> room_io.RoomOptions:
    """Options of a session that is linked to `peer` and to nobody else.

    It is heard by `Microphones`. Text output stays on: its synchronizer is what cuts the transcript
    of an interrupted turn.
    """
    return room_io.RoomOptions(
        participant_identity=peer.identity,
        participant_kinds=list(_KINDS[peer.kind]),
        text_input=peer.kind is PeerKind.SIMULATOR,
        audio_input=False,
        audio_output=room_io.AudioOutputOptions(sample_rate=OUTPUT_RATE_HZ),
        close_on_disconnect=False,
    )
