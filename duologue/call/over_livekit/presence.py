"""Who is in the room and what they publish, as events of the driver's journal."""

import asyncio
from collections.abc import Callable

from livekit import rtc

from duologue.call.patience import Alarm
from shared.events import (
    Joined,
    Left,
    Muted,
    ParticipantEvent,
    Published,
    RoomClosed,
    TrackEvent,
    Unmuted,
    Unpublished,
)
from shared.events.journal import Journal
from shared.spec import Role
from shared.worker.linking import agent_name

SideOf = Callable[[rtc.Participant], Role | None]
"""Which side of the call a participant is; None for anybody else."""

RECONNECT_TIMEOUT_S = 4.0
"""How long a lost connection may take to come back; LiveKit itself gives up after 22 s. Shorter
than three heartbeats, so that a lost server is not taken for two lost workers."""
REJOIN_TIMEOUT_S = 1.0
"""How long after a reconnection others may take to appear again."""


class Presence:
    """Says in the journal who joins and leaves, what is published, and when the room is gone."""

    def __init__(self, room: rtc.Room, journal: Journal, side_of: SideOf) -> None:
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        """Done when we are out of the room, with LiveKit's reason in small letters, such as
        `room_deleted`, or `connection_lost`."""
        self._room, self._journal, self._side_of = room, journal, side_of
        self._present: dict[str, rtc.RemoteParticipant] = {}
        self._away: Alarm | None = None
        """Set while the connection is away: LiveKit then says of everybody that they left."""
        room.on("participant_connected", self._on_joined)
        room.on("participant_disconnected", self._on_left)
        room.on("track_published", self._on_published)
        room.on("track_unpublished", self._on_unpublished)
        room.on("track_muted", self._on_muted)
        room.on("track_unmuted", self._on_unmuted)
        room.on("reconnecting", self._on_reconnecting)
        room.on("reconnected", self._on_reconnected)
        room.on("disconnected", self._on_disconnected)

    def begin(self) -> None:
        """Say who is there already, right after connecting."""
        for participant in self._room.remote_participants.values():
            self._on_joined(participant)
            for publication in participant.track_publications.values():
                self._on_published(publication, participant)

    def end(self) -> None:
        """Say nothing any more; what follows is our own leaving."""
        self._cancel_timer()
        if not self.closed.done():
            self.closed.set_result("stopped")

    def _on_joined(self, participant: rtc.RemoteParticipant) -> None:
        before = self._present.get(participant.identity)
        self._present[participant.identity] = participant
        if before is None or before.sid != participant.sid:
            self._emit(Joined, participant)

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if not self._away:
            self._present.pop(participant.identity, None)
            self._emit(Left, participant, reason=_name(participant.disconnect_reason))

    def _on_published(
        self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        self._emit_track(Published, publication, participant)

    def _on_unpublished(
        self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        self._emit_track(Unpublished, publication, participant)

    def _on_muted(self, participant: rtc.Participant, publication: rtc.TrackPublication) -> None:
        self._emit_track(Muted, publication, participant)

    def _on_unmuted(self, participant: rtc.Participant, publication: rtc.TrackPublication) -> None:
        self._emit_track(Unmuted, publication, participant)

    def _on_reconnecting(self) -> None:
        self._cancel_timer()
        self._away = Alarm(RECONNECT_TIMEOUT_S, lambda: self._close("connection_lost"))

    def _on_reconnected(self) -> None:
        self._cancel_timer()
        self._away = Alarm(REJOIN_TIMEOUT_S, self._look_round)

    def _look_round(self) -> None:
        self._away = None
        for identity in self._present.keys() - self._room.remote_participants.keys():
            participant = self._present.pop(identity)
            self._emit(Left, participant, reason="gone_after_reconnect")

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        self._close(_name(reason))

    def _close(self, reason: str) -> None:
        self._cancel_timer()
        if not self.closed.done():
            self._journal.emit(RoomClosed(reason=reason))
            self.closed.set_result(reason)

    def _cancel_timer(self) -> None:
        if self._away:
            self._away.cancel()

    def _emit(
        self, kind: type[ParticipantEvent], participant: rtc.Participant, /, **fields: str
    ) -> None:
        if not self.closed.done():
            self._journal.emit(
                kind(
                    identity=participant.identity,
                    side=self._side_of(participant),
                    agent_name=agent_name(participant),
                    sid=participant.sid,
                    **fields,
                )
            )

    def _emit_track(
        self,
        kind: type[TrackEvent],
        publication: rtc.TrackPublication,
        participant: rtc.Participant,
    ) -> None:
        self._emit(
            kind,
            participant,
            track=publication.sid,
            kind=rtc.TrackKind.Name(publication.kind).removeprefix("KIND_").lower(),
            track_source=rtc.TrackSource.Name(publication.source).removeprefix("SOURCE_").lower(),
        )


def _name(reason: rtc.DisconnectReason.ValueType | None) -> str:
    return rtc.DisconnectReason.Name(reason).lower() if reason else "unknown"
