"""The hidden recorder: receives both sides' audio, events and own speech, and writes them at once.

It joins as a hidden participant of kind STANDARD that publishes nothing: no agent sees it, and
it keeps the room open, which closes under agents alone (livekit-server 1.13.5, CloseIfEmpty in
pkg/rtc/room.go).
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import Self

import soundfile
from livekit import api, rtc

from duologue.call.counterpart import OURS, Counterpart
from duologue.call.live_audio import Listener
from duologue.call.over_livekit.agent_session import AgentSessionEvents
from duologue.call.over_livekit.concealment import Concealment
from duologue.call.over_livekit.inbox import Inbox
from duologue.call.over_livekit.presence import Presence
from duologue.call.over_livekit.recorded_sound import RecordedSound, RecordingClock
from duologue.folder import event_log
from duologue.folder.channels import CHANNELS, RATE_HZ
from duologue.folder.folder import CallFolder, Recording, Take
from duologue.folder.played_zip import PlayedFile
from duologue.folder.reserve import FailedCallback, Reserve, not_written
from shared.address import ServerAddress
from shared.errors import ServerUnreachable
from shared.events import (
    Dispatched,
    Failed,
    RecordingEnded,
    Redispatched,
    Refused,
    Subscribed,
)
from shared.events.journal import Event, Journal
from shared.logs import get_logger
from shared.spec import Role
from shared.worker.bus import RECORDER, Refusal
from shared.worker.linking import speaks_for

log = get_logger(__name__)

IDENTITY = "recorder"
"""In specifications; the recorder of a call has more to it (`new_identity`)."""
WRITE_EVERY_S = 0.25
FRAME_MS = 20
"""Of audio that is received at once; half as many frames as by default cost half as much."""
COUNT_EVERY_S = 2.0
LAST_WORDS_S = 3.0
"""How long the end of what somebody's agent is saying is waited for, when the call is over."""
NOTHING_MORE_S = 0.2
"""The same, if it has left: what it has sent is here."""
DRAIN_TIMEOUT_S = 2.0
"""How long events that are on their way are waited for when the recording stops."""
LEAVE_TIMEOUT_S = 3.0
"""How long leaving may take; a server that is gone does not answer."""

EventCallback = Callable[[Event], None]
AliveCallback = Callable[[Role], None]
RefusedCallback = Callable[[Role, str], None]


def new_identity() -> str:
    """An identity of a recorder that nobody in its room knows who was not told with a dispatch."""
    return f"{IDENTITY}-{secrets.token_hex(8)}"


def recorder_token(
    address: ServerAddress, room: str, identity: str = IDENTITY, *, sends: bool = False
) -> str:
    """A token with which the recorder may join `room`, unseen, and listen, or send files, too."""
    grants = api.VideoGrants(
        room_join=True,
        room=room,
        hidden=True,
        can_publish=False,
        can_publish_data=sends,
        can_subscribe=True,
    )
    return address.token(identity, grants)


def _is_voice(publication: rtc.RemoteTrackPublication) -> bool:
    """Whether somebody speaks in a track; sounds that an agent plays have one of their own."""
    return publication.source == rtc.TrackSource.SOURCE_MICROPHONE


class Recorder:
    """Records one call into its folder, from `start` to `stop`.

    Every event of the driver's `journal` goes to events.jsonl too, and what happens in the room
    becomes events of that journal.

    Args:
        folder: Where to.
        journal: The driver's.
        room: The room's name.
        call_id: The call's.
        counterpart: Who holds the support side.

    Raises:
        DuologueError: There is no room on the disk.
    """

    def __init__(
        self,
        folder: CallFolder,
        journal: Journal,
        *,
        room: str,
        call_id: str,
        counterpart: Counterpart = OURS,
    ) -> None:
        self.clock = RecordingClock.start()
        self._path = folder.path
        self._reserve = Reserve(folder.path)
        self._journal = journal
        self._sound = RecordedSound(folder.path, self.clock)
        self._events = event_log.EventLog(folder.path, room=room, call_id=call_id)
        self._room = rtc.Room()
        self._counterpart = counterpart
        self._concealment = Concealment()
        self._presence = Presence(self._room, journal, self.side_of)
        self._played = PlayedFile(folder.path)
        self._inbox = Inbox(self._take, self._keep, self._on_lost, self._on_sign)
        self._told = None if counterpart.reports else AgentSessionEvents(self._take, self._is_agent)
        self._streams: dict[str, rtc.AudioStream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._regular: list[asyncio.Task[None]] = []
        """What is done again and again until the recording stops."""
        self._on_event: list[EventCallback] = []
        self._on_alive: list[AliveCallback] = []
        self._on_refused: list[RefusedCallback] = []
        self._dispatched: dict[str, str] = {}
        """The agent name of each dispatch of this call."""
        self._refusals: dict[str, Refusal] = {}
        """Those that came, by the dispatch they answer, and were not taken."""
        self._listeners: list[Listener] = []
        self._recorded: Take | None = None
        journal.add_sink(self._take)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def closed(self) -> "asyncio.Future[str]":
        """Done when the recorder is out of the room, with the reason.

        It is LiveKit's in small letters, such as `room_deleted`, or `connection_lost`, or
        `stopped`.
        """
        return self._presence.closed

    @property
    def participants(self) -> Mapping[str, rtc.RemoteParticipant]:
        """Who is in the room, by identity, hidden ones excepted."""
        return self._room.remote_participants

    def side_of(self, participant: rtc.Participant) -> Role | None:
        """Which side of the call a participant is; None for anybody else.

        Whoever has a token may have any identity and attributes; only workers have agents.
        """
        is_agent = participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        if participant.identity == Role.CUSTOMER:
            role, name = Role.CUSTOMER, Role.CUSTOMER.value
        elif self._counterpart.takes(participant.identity, participant.attributes):
            role, name = Role.SUPPORT, self._counterpart.agent_name
        else:
            return None
        return role if is_agent or name not in self._dispatched.values() else None

    def _voice_of(self, participant: rtc.Participant) -> Role | None:
        """Whose voice a participant's microphones are: its own side's, or an avatar's agent's."""
        agent = self.find(Role.SUPPORT)
        if agent and speaks_for(participant, agent.identity):
            return Role.SUPPORT
        return self.side_of(participant)

    def find(self, role: Role) -> rtc.RemoteParticipant | None:
        """The participant that is `role`'s side of the call, if it is there."""
        return next((one for one in self.participants.values() if self.side_of(one) is role), None)

    @property
    def is_told(self) -> bool:
        """Whether the session of somebody's agent tells what it does."""
        return self._told is not None and self._told.session.tells

    @property
    def session_error(self) -> str:
        """The last error of an engine that somebody's agent told; empty if none."""
        return self._told.session.error if self._told else ""

    async def send_to_customer(self, topic: str, name: str, data: bytes) -> None:
        """Send the customer's side a file; nobody else gets it."""
        await self._room.local_participant.send_bytes(
            data,
            topic=topic,
            name=name,
            destination_identities=[Role.CUSTOMER.value],
            attributes={RECORDER: self._room.local_participant.identity},
            compress=False,
        )

    def on_event(self, callback: EventCallback) -> None:
        """Call back with every event of both workers and the driver, in order of arrival."""
        self._on_event.append(callback)

    def on_alive(self, callback: AliveCallback) -> None:
        """Call back whenever something begins to come from a role's side."""
        self._on_alive.append(callback)

    def on_audio(self, listener: Listener) -> None:
        """Have `listener` hear both sides, as their audio comes in."""
        self._listeners.append(listener)

    def on_refused(self, callback: RefusedCallback) -> None:
        """Call back when a worker refuses its job, with its role and its reason."""
        self._on_refused.append(callback)

    def on_failed(self, callback: FailedCallback) -> None:
        """Call back, once, when files can no longer be written, with where and why.

        What was recorded until then is whole; the call should end now.
        """
        self._reserve.on_failed(callback)

    async def start(self, url: str, token: str) -> None:
        """Join the room and begin to record who is there and who comes.

        Raises:
            ServerUnreachable: The room cannot be joined with this token.
        """
        self._room.on("track_published", self._on_published)
        self._room.on("track_subscribed", self._on_subscribed)
        self._room.on("track_unsubscribed", self._on_unsubscribed)
        self._room.on("data_received", self._on_data)
        self._inbox.open(self._room)
        if self._told:
            self._told.open(self._room)
        try:
            # Only the two voices are wanted, whatever else is published.
            await self._room.connect(url, token, rtc.RoomOptions(auto_subscribe=False))
        except rtc.ConnectError as error:
            raise ServerUnreachable(url, error.message) from None
        self._regular = [
            self._spawn(self._write(), "recorder-write"),
            self._spawn(self._count(), "recorder-count"),
        ]
        self._presence.begin()
        for participant in self._room.remote_participants.values():
            for publication in participant.track_publications.values():
                self._on_published(publication, participant)

    async def stop(self) -> Take:
        """Take what is on its way, leave the room and finish the files; the second time, the same.

        Raises:
            DuologueError: A file cannot be written, such as on a full disk.
        """
        if self._recorded:
            return self._recorded
        self._reserve.release()
        if self._told:
            gone = self.closed.done() or self.find(Role.SUPPORT) is None
            await self._told.aclose(NOTHING_MORE_S if gone else LAST_WORDS_S)
        await self._inbox.aclose(DRAIN_TIMEOUT_S)
        self._presence.end()
        for task in self._regular:
            task.cancel()
        duration_s = self.clock.now()
        await self._leave()
        try:
            losses = self._sound.close(duration_s)
            self._played.close()
        except (OSError, soundfile.LibsndfileError) as error:
            raise not_written(self._path, error) from None
        recording = Recording(
            sample_rate_hz=RATE_HZ,
            channels=CHANNELS,
            inserted_s={role: round(lost.inserted_s, 3) for role, lost in losses.items()},
            cut_s={role: round(lost.cut_s, 3) for role, lost in losses.items()},
            concealed_s={role: round(s, 3) for role, s in self._concealment.seconds().items()},
        )
        counted = recording.model_dump(mode="json", include={"inserted_s", "cut_s", "concealed_s"})
        length_s = round(duration_s, 3)
        self._journal.emit(RecordingEnded(duration_s=length_s, **counted))
        self._recorded = Take(self.clock.started_at, length_s, length_s, recording)
        try:
            self._events.close()
            event_log.order_by_clock(self._path)
        except OSError as error:
            raise not_written(self._path, error) from None
        return self._recorded

    async def _leave(self) -> None:
        """End every task and leave the room, even if the server is gone."""
        try:
            async with asyncio.timeout(LEAVE_TIMEOUT_S):
                await self._concealment.refresh()
                for stream in list(self._streams.values()):
                    await stream.aclose()
                await self._room.disconnect()
        except TimeoutError:
            log.warning("the room was not left in time", timeout_s=LEAVE_TIMEOUT_S)
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _take(self, event: Event) -> None:
        if self._recorded:
            return
        self._reserve.check()
        try:
            self._events.write(event, self.clock.now())
        except OSError as error:
            self._reserve.fail(error)
        for callback in self._on_event:
            callback(event)
        if isinstance(event.payload, Dispatched | Redispatched):
            self._dispatched[event.payload.dispatch_id] = event.payload.agent_name
            self._take_refusals()

    def _is_agent(self, identity: str) -> bool:
        participant = self.participants.get(identity)
        return participant is not None and self.side_of(participant) is Role.SUPPORT

    def _keep(self, role: Role, name: str, flac: bytes) -> None:
        self._reserve.check()
        try:
            self._played.add(role, name, flac)
        except OSError as error:
            self._reserve.fail(error)

    def _on_sign(self, role: Role) -> None:
        for callback in self._on_alive:
            callback(role)

    def _on_lost(self, role: Role, problem: str) -> None:
        self._journal.emit(Failed(error=problem, sender=role))

    def _spawn(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _write(self) -> None:
        try:
            while True:
                await asyncio.sleep(WRITE_EVERY_S)
                self._reserve.check()
                self._sound.advance()
        except (OSError, soundfile.LibsndfileError) as error:
            self._reserve.fail(error)

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(COUNT_EVERY_S)
            await self._concealment.refresh()

    def _on_published(
        self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        side = self._voice_of(participant)
        wanted = _is_voice(publication) or (side is Role.SUPPORT and self._told)
        if side and wanted and publication.kind == rtc.TrackKind.KIND_AUDIO:
            publication.set_subscribed(True)

    def _on_subscribed(
        self,
        track: rtc.Track,
        publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        role = self._voice_of(participant)
        if role is None:  # it has just left
            return
        stream = rtc.AudioStream(track, sample_rate=RATE_HZ, num_channels=1, frame_size_ms=FRAME_MS)
        self._streams[publication.sid] = stream
        if not _is_voice(publication):
            self._spawn(self._sound.keep_background(role, stream), "recorder-background")
            return
        self._journal.emit(
            Subscribed(identity=participant.identity, side=role, track=publication.sid)
        )
        self._concealment.watch(role, track)
        heard = self._sound.keep(role, stream, self._listeners)
        self._spawn(heard, f"recorder-{role}")

    def _on_unsubscribed(
        self,
        _: rtc.Track,
        publication: rtc.RemoteTrackPublication,
        __: rtc.RemoteParticipant,
    ) -> None:
        # A stream left open goes on with the next track of this participant, beside its own.
        if stream := self._streams.pop(publication.sid, None):
            self._spawn(stream.aclose(), "recorder-unsubscribe")

    def _on_data(self, packet: rtc.DataPacket) -> None:
        if refusal := Refusal.from_packet(packet):
            self._refusals[refusal.dispatch_id] = refusal
            self._take_refusals()

    def _take_refusals(self) -> None:
        """Take what answers a dispatch of this call; it may come before who made it knows it."""
        for dispatch_id in self._dispatched.keys() & self._refusals.keys():
            refusal = self._refusals.pop(dispatch_id)
            self._journal.emit(Refused(worker=refusal.role, reason=refusal.reason))
            for callback in self._on_refused:
                callback(refusal.role, refusal.reason)
