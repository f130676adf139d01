"""Who a side is linked to in a room, from when there is somebody until that one leaves.

In a call of ours that is the peer of its specification. In a bare dispatch it is whoever speaks
first: an open microphone says nothing of who is to be talked to, and yet somebody silent is to be
greeted. So the first microphone is linked, and another that speaks is, until a turn was heard.
"""

from collections.abc import Callable, Iterable

from livekit import rtc

from shared.endings import EndReason
from shared.events import Heard, Linked
from shared.events.journal import Event
from shared.side.line import Line
from shared.spec import Peer, PeerKind
from shared.worker.linking import is_peer, is_person, peer_among, speaks_for


class Link:
    """Keeps to who is linked, and ends the line when that one leaves or the room is gone.

    LiveKit's own close_on_disconnect misses a peer that crashed (room_io.py, 1.8.9).

    Args:
        room: Joined already.
        peer: Who is linked at first.
        line: This side's.
    """

    def __init__(self, room: rtc.Room, peer: Peer, line: Line) -> None:
        self.peer = peer
        self._room, self._line = room, line
        self._settled = bool(line.spec.peers) or peer.kind is not PeerKind.STANDARD
        self._on_changed: Callable[[Peer], None] = lambda _: None
        line.journal.add_sink(self._on_event)
        room.on("active_speakers_changed", self._on_speakers)
        room.on("participant_disconnected", self._on_left)
        room.on("track_published", self._on_published)
        room.on("connection_state_changed", self._on_connection)

    def on_changed(self, callback: Callable[[Peer], None]) -> None:
        """Call back when somebody else is linked, or listened to."""
        self._on_changed = callback

    def hears(self, participant: rtc.Participant) -> bool:
        """Whether the microphones of `participant` are listened to.

        Until it is settled who is linked, all people are: who begins to speak is known only when
        the first word is said.
        """
        if not self._settled:
            return is_person(participant)
        return is_peer(participant, self.peer) or speaks_for(participant, self.peer.identity)

    def _on_event(self, event: Event) -> None:
        if not self._settled and isinstance(event.payload, Heard):
            self._settled = True
            self._on_changed(self.peer)

    def _on_speakers(self, speakers: list[rtc.Participant]) -> None:
        if self._settled or any(each.identity == self.peer.identity for each in speakers):
            return
        # The loudest comes first.
        remote = (self._room.remote_participants.get(each.identity) for each in speakers)
        if peer := peer_among(filter(None, remote), self._line.role):
            self._move(peer)

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if self._settled:
            if is_peer(participant, self.peer):
                self._line.end(EndReason.PEER_LEFT)
        elif not self._present():
            self._on_published()
            if not self._present() and not any(map(is_person, self._others())):
                self._line.end(EndReason.PEER_LEFT)

    def _on_published(self, *_: object) -> None:
        """Whoever was there without a microphone may be the next to be linked."""
        if self._settled or self._present():
            return
        if peer := peer_among(self._others(), self._line.role):
            self._move(peer)

    def _present(self) -> bool:
        return any(is_peer(each, self.peer) for each in self._others())

    def _others(self) -> Iterable[rtc.RemoteParticipant]:
        return self._room.remote_participants.values()

    def _on_connection(self, _: object) -> None:
        if not self._room.isconnected():
            self._line.end(EndReason.STOPPED)

    def _move(self, peer: Peer) -> None:
        self.peer = peer
        self._settled = peer.kind is not PeerKind.STANDARD
        self._on_changed(peer)
        self._line.journal.emit(Linked(identity=peer.identity, kind=peer.kind))
