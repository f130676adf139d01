"""What a line of events.jsonl has, event by event; docs/events.md says when each happens.

The lines are written and read as they are (duologue/folder/event_log.py); this is their schema.
"""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field

from shared.customer_sheet import Behaviour
from shared.endings import EndReason, Fault, Outcome
from shared.events.journal import EventName
from shared.events.usage import Used
from shared.spec import Kind, Mode, Role
from shared.values import Frozen, Row


class _Line(Frozen):
    """What every line has."""

    role: Literal["customer", "support", "driver"]
    """Who says so."""
    t: float
    """When, in seconds of the recording."""
    clock: float
    """When, by the clock of the machine it happened on, in seconds since the epoch."""
    received: float | None = None
    """When it came to the recorder, in seconds of the recording."""
    room: str | None = None
    """Absent on the direct transport."""
    call_id: str
    job_id: str | None = None
    """Of the worker's job, where that is known."""


class _Timed(_Line):
    started_at: float | None = None
    """When the speech began, in seconds since the epoch by the worker's clock."""
    stopped_at: float | None = None


class Plain(_Line):
    """A line that says nothing more."""

    event: Literal[EventName.OK, EventName.HEARTBEAT, EventName.REVIVED]


class Start(_Line):
    """A job begins."""

    event: Literal[EventName.START]
    worker_id: str | None = None


class RoleTaken(_Line):
    """What the worker does in its role."""

    event: Literal[EventName.ROLE]
    mode: Mode


class EnginesLoaded(_Line):
    """Per kind, the engine with packages, versions and licences."""

    event: Literal[EventName.ENGINES]
    stt: dict[str, Any]
    llm: dict[str, Any]
    tts: dict[str, Any]
    vad: dict[str, Any]


class Linked(_Line):
    """The peer it listens to."""

    event: Literal[EventName.LINKED]
    identity: str
    kind: Kind


class Ended(_Line):
    """Its part in the call is over."""

    event: Literal[EventName.ENDED]
    reason: EndReason
    peer: str | None = None
    """Who never came."""
    engine: str | None = None
    """What failed, such as "stt deepgram/nova-3"."""
    error: str | None = None
    """Why it failed."""


class Failed(_Line):
    """Something went wrong."""

    event: Literal[EventName.ERROR]
    error: str
    source: str | None = None
    """The part that failed."""
    recoverable: bool | None = None
    sender: Role | None = None
    """Whose events were lost."""


class Heard(_Timed):
    """A whole turn of the peer."""

    event: Literal[EventName.HEARD]
    text: str


class HeardPart(_Line):
    """One final transcript of the recognizer."""

    event: Literal[EventName.HEARD_PART]
    text: str


class Said(_Timed):
    """What was really spoken."""

    event: Literal[EventName.SAID]
    text: str
    intended: str
    interrupted: bool
    behaviour: Behaviour | None = None
    """If it was spoken into a turn of the other side."""
    words: tuple[tuple[str, float | None, float | None], ...] = ()
    """Pieces of the text, each with its start and end in seconds of the utterance, from a
    synthesizer that is a service and gives them."""


class HasPlayed(_Timed):
    """A stretch of its speech without a hole."""

    event: Literal[EventName.PLAYED]
    file: str
    """In played.zip."""


class StateChanged(_Line):
    """Of its own agent, or of the peer by voice activity."""

    event: Literal[EventName.STATE, EventName.PEER_STATE]
    old: str
    new: str


class ToolUsed(_Line):
    """A tool was used."""

    event: Literal[EventName.TOOL]
    tool: str
    arguments: dict[str, Any]
    output: str | None
    is_error: bool


class DeskChanged(_Line):
    """Per table, all rows changed or added since the start of the call."""

    event: Literal[EventName.DESK]
    changes: dict[str, list[Row]]


class Behaved(_Timed):
    """The caller did something on purpose."""

    event: Literal[EventName.BEHAVIOUR]
    behaviour: Behaviour
    slip: str | None = None
    """The wrong value that it said, to correct itself."""


class EnginesUsed(_Line):
    """What each model of its engines was used for."""

    event: Literal[EventName.USAGE]
    models: list[Used]


class Dispatched(_Line):
    """An agent was asked for."""

    event: Literal[EventName.DISPATCHED, EventName.REDISPATCHED]
    agent_name: str
    dispatch_id: str


class Refused(_Line):
    """A worker turned a job down."""

    event: Literal[EventName.REFUSED]
    worker: Role
    reason: str


class Joined(_Line):
    """Somebody is in the room."""

    event: Literal[EventName.JOINED]
    identity: str
    side: Role | None = None
    agent_name: str | None
    sid: str


class Left(_Line):
    """Somebody is no longer in the room."""

    event: Literal[EventName.LEFT]
    identity: str
    side: Role | None = None
    agent_name: str | None
    sid: str
    reason: str


class TrackChanged(_Line):
    """A track in the room."""

    event: Literal[EventName.PUBLISHED, EventName.UNPUBLISHED, EventName.MUTED, EventName.UNMUTED]
    identity: str
    side: Role | None = None
    agent_name: str | None
    sid: str
    track: str
    kind: str
    track_source: str


class Subscribed(_Line):
    """The recorder gets a track."""

    event: Literal[EventName.SUBSCRIBED]
    identity: str
    side: Role | None = None
    track: str


class RoomClosed(_Line):
    """The recorder is out of the room, for a reason in LiveKit's words."""

    event: Literal[EventName.ROOM_CLOSED]
    reason: str


class Recorded(_Line):
    """What the recorder counted."""

    event: Literal[EventName.RECORDED]
    duration_s: float
    inserted_s: dict[Role, float]
    cut_s: dict[Role, float]
    concealed_s: dict[Role, float]


class Ending(_Line):
    """How the call ended."""

    event: Literal[EventName.OUTCOME]
    outcome: Outcome
    fault: Fault | None
    detail: str


Line: TypeAlias = Annotated[
    Plain
    | Start
    | RoleTaken
    | EnginesLoaded
    | Linked
    | Ended
    | Failed
    | Heard
    | HeardPart
    | Said
    | HasPlayed
    | StateChanged
    | ToolUsed
    | DeskChanged
    | Behaved
    | EnginesUsed
    | Dispatched
    | Refused
    | Joined
    | Left
    | TrackChanged
    | Subscribed
    | RoomClosed
    | Recorded
    | Ending,
    Field(discriminator="event"),
]
