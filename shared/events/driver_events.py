"""What the driver of a call says: who comes and goes in the room, and how it all ended."""

from shared.endings import Fault, Outcome
from shared.events.payload import DRIVER, SIDES, Payload
from shared.spec import Role


class Dispatched(Payload):
    """An agent was asked for."""

    name = "DISPATCHED"
    by = (DRIVER,)
    agent_name: str
    dispatch_id: str


class Redispatched(Payload):
    """An agent was asked for again, for nobody had come."""

    name = "REDISPATCHED"
    by = (DRIVER,)
    agent_name: str
    dispatch_id: str


class Refused(Payload):
    """A worker turned a job down; in its own log, too.

    Workers tell the driver on the topic `duologue.refused`, unless the room has such an agent
    already.
    """

    name = "REFUSED"
    by = (*SIDES, DRIVER)
    worker: Role
    """What it is."""
    reason: str


class ParticipantEvent(Payload):
    """What is said of a participant of the room."""

    identity: str
    side: Role | None = None
    """Which side of the call it is; null for anybody else."""
    agent_name: str | None
    """Null for what is no agent."""
    sid: str
    """The participant's."""


class Joined(ParticipantEvent):
    """Somebody is in the room."""

    name = "JOINED"
    by = (DRIVER,)


class Left(ParticipantEvent):
    """Somebody is no longer in the room."""

    name = "LEFT"
    by = (DRIVER,)
    reason: str
    """In LiveKit's words, such as `client_initiated`."""


class TrackEvent(ParticipantEvent):
    """What is said of a participant's track."""

    track: str
    """The track's sid."""
    kind: str
    """`audio` or `video`."""
    track_source: str
    """Such as `microphone`."""


class Published(TrackEvent):
    """A track is there."""

    name = "PUBLISHED"
    by = (DRIVER,)


class Unpublished(TrackEvent):
    """A track is no longer there."""

    name = "UNPUBLISHED"
    by = (DRIVER,)


class Muted(TrackEvent):
    """A track sends nothing for now."""

    name = "MUTED"
    by = (DRIVER,)


class Unmuted(TrackEvent):
    """A track sends again."""

    name = "UNMUTED"
    by = (DRIVER,)


class Subscribed(Payload):
    """The recorder gets a track."""

    name = "SUBSCRIBED"
    by = (DRIVER,)
    identity: str
    """Whose track it is."""
    side: Role | None = None
    track: str
    """The track's sid."""


class RoomClosed(Payload):
    """The recorder is out of the room."""

    name = "ROOM_CLOSED"
    by = (DRIVER,)
    reason: str
    """In LiveKit's words, such as `room_deleted`; or `connection_lost`."""


class DriverAway(Payload):
    """The driver itself was away: stopped, or not given the processor; it waits anew."""

    name = "AWAY"
    by = (DRIVER,)
    away_s: float
    """For how long."""


class AgentVerdict(Payload):
    """Somebody else's agent was asked what it says of the call itself, as simulations ask it."""

    name = "AGENT_VERDICT"
    by = (DRIVER,)
    success: bool | None
    """False for a veto; null if it has none to give, or could not say."""
    reason: str = ""
    """Why not, or what its hook raised."""


class RecordingEnded(Payload):
    """The recording is over; per role, in seconds, what was done to its audio."""

    name = "RECORDED"
    by = (DRIVER,)
    duration_s: float
    inserted_s: dict[Role, float]
    """Silence that stands for audio that did not come."""
    cut_s: dict[Role, float]
    """Audio that came when its place had been written."""
    concealed_s: dict[Role, float]
    """Sound that WebRTC made up for packets that were lost or late."""


class CallEnded(Payload):
    """How the call ended."""

    name = "OUTCOME"
    by = (DRIVER,)
    outcome: Outcome
    """From a closed set ([outcomes.md](outcomes.md))."""
    fault: Fault | None
    """Whose fault it is; null if nobody's."""
    detail: str
    """The same for people; may be empty."""
