"""What the two sides of a call say: of their worker and its job, and of the conversation.

Times in fields are seconds since the epoch by the clock of the worker's machine. They are None
where it is not known when the speech was.
"""

from typing import Any

from shared.customer_sheet import Behaviour
from shared.endings import EndReason
from shared.events.payload import DRIVER, SIDES, Payload
from shared.events.usage import Used
from shared.spec import Mode, PeerKind, Role
from shared.values import Row


class Registered(Payload):
    """A worker can be dispatched from now on; in its log alone, for it is in no call yet."""

    name = "REGISTERED"
    by = SIDES
    worker_id: str
    """As the server calls it."""
    url: str
    """The server's."""
    port: int
    """Where it answers whether it is well."""


class Started(Payload):
    """A job begins."""

    name = "START"
    by = SIDES
    worker_id: str | None = None
    """Absent where no worker runs it."""
    job_id: str | None = None
    """Where it is known."""


class RoleTaken(Payload):
    """What the side does in its role; right after `START`."""

    name = "ROLE"
    by = SIDES
    mode: Mode
    """`talk`, but for `duologue doctor`."""


class EnginesLoaded(Payload):
    """Its engines are ready; per kind, their names, packages, versions and licences."""

    name = "ENGINES"
    by = SIDES
    stt: dict[str, Any]
    llm: dict[str, Any]
    tts: dict[str, Any]
    vad: dict[str, Any]


class Linked(Payload):
    """It has found the peer that it listens to; again, if another speaks first."""

    name = "LINKED"
    by = SIDES
    identity: str
    """The peer's, in the room."""
    kind: PeerKind


class Ready(Payload):
    """It is linked, and the peer listens: the conversation can begin."""

    name = "OK"
    by = SIDES


class Heartbeat(Payload):
    """Its worker is alive; every 2 s over a room that is recorded."""

    name = "HEARTBEAT"
    by = SIDES


class Ended(Payload):
    """Its part in the call is over."""

    name = "ENDED"
    by = SIDES
    reason: EndReason
    """Why (`shared/endings.py`)."""
    peer: str | None = None
    """The identity of who never came."""
    engine: str | None = None
    """What failed, such as "stt deepgram/nova-3"."""
    error: str | None = None
    """Why it failed."""


class Failed(Payload):
    """Something went wrong, which does not always end the call."""

    name = "ERROR"
    by = (*SIDES, DRIVER)
    source: str | None = None
    """The part that failed."""
    error: str
    """What went wrong, for people."""
    recoverable: bool | None = None
    """Of an engine: it is tried again."""
    sender: Role | None = None
    """Whose events or speech did not reach the driver."""


class Heard(Payload):
    """A whole turn of the peer was heard, as it was recognized."""

    name = "HEARD"
    by = SIDES
    text: str
    started_at: float | None = None
    """When the peer began to speak."""
    stopped_at: float | None = None


class HeardPart(Payload):
    """A part of a turn was heard: one final transcript of the recognizer."""

    name = "HEARD_PART"
    by = SIDES
    text: str


class Said(Payload):
    """It has spoken a turn, or was interrupted in it."""

    name = "SAID"
    by = SIDES
    text: str
    """What was really spoken."""
    intended: str
    """All that it was to say."""
    interrupted: bool
    behaviour: Behaviour | None = None
    """If it was spoken into a turn of the other side: `barge_in`, `backchannel`."""
    words: tuple[tuple[str, float | None, float | None], ...] = ()
    """Pieces of the text, each with its start and end in seconds of the utterance, from a
    synthesizer that is a service and gives them."""
    started_at: float | None = None
    """When it began to speak."""
    stopped_at: float | None = None


class StretchPlayed(Payload):
    """A stretch of its speech without a hole was played, over a room that is recorded."""

    name = "PLAYED"
    by = SIDES
    file: str
    """In `played.zip`."""
    started_at: float
    """When its first sample was played."""
    stopped_at: float


class StateChanged(Payload):
    """Its own agent does something else: `listening`, `thinking`, `speaking`."""

    name = "STATE"
    by = SIDES
    old: str
    new: str


class PeerStateChanged(Payload):
    """The peer does something else, by voice activity: `listening`, `speaking`."""

    name = "PEER_STATE"
    by = SIDES
    old: str
    new: str


class ToolCalled(Payload):
    """It has used a tool."""

    name = "TOOL"
    by = SIDES
    tool: str
    """Its name."""
    arguments: dict[str, Any]
    output: str | None
    """What it gave, mostly JSON; null if nothing."""
    is_error: bool
    """It refused, or failed."""


class HandedOver(Payload):
    """Another agent of the same session goes on with the call; of somebody else's agent alone."""

    name = "HANDOFF"
    by = ("support",)
    old: str | None
    """Its id; null for the first one."""
    new: str


class DeskChanged(Payload):
    """Rows of its desk have changed; once at the start, with none."""

    name = "DESK"
    by = ("support",)
    changes: dict[str, list[Row]]
    """Per table, all rows changed or added since the start of the call."""


class ReplyCut(Payload):
    """A reply of its language model did not end, and was cut."""

    name = "REPLY_CUT"
    by = SIDES
    engine: str
    """Whose it was."""
    where: str
    """At which limit, such as "after 4000 characters"."""


class Revived(Payload):
    """It breaks a silence."""

    name = "REVIVED"
    by = SIDES


class ClipsWanted(Payload):
    """It waits for recorded files that it is to play, over a room."""

    name = "CLIPS_WANTED"
    by = ("customer",)
    sha256: tuple[str, ...]
    """Of each file."""


class KeysPressed(Payload):
    """It has pressed keys of its telephone (DTMF), which make no sound in the recording."""

    name = "DTMF"
    by = ("customer",)
    keys: str
    """In order."""


class Behaved(Payload):
    """The caller did something on purpose."""

    name = "BEHAVIOUR"
    by = ("customer",)
    behaviour: Behaviour
    slip: str | None = None
    """The wrong value that it said, to correct itself."""
    started_at: float | None = None
    """When the speech began in which it did."""
    stopped_at: float | None = None


class EnginesUsed(Payload):
    """The session is over, and this is what its engines were used for."""

    name = "USAGE"
    by = SIDES
    models: tuple[Used, ...]
    """Each model, with what was counted of it ([metrics.md](metrics.md))."""
