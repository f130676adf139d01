"""How a side's part in a call ends, and how a call does: the closed sets.

`duologue.call.outcome` says which outcome a reason leads to.
"""

from enum import StrEnum
from typing import NamedTuple


class EndReason(StrEnum):
    """Why one side's part in a call ended."""

    GOODBYE = "goodbye"
    """The customer hung up after both had said goodbye, or had nothing more to say."""
    GAVE_UP = "gave_up"
    """The customer hung up without its goals met."""
    HUNG_UP_EARLY = "hung_up_early"
    """The customer hung up in the middle of the call, as its sheet says."""
    TURN_LIMIT = "turn_limit"
    LENGTH_LIMIT = "length_limit"
    DEAD_AIR = "dead_air"
    """Nobody spoke, the call was revived once, and nobody spoke again."""
    PEER_LEFT = "peer_left"
    PEER_NEVER_CAME = "peer_never_came"
    ENGINE_FAILED = "engine_failed"
    CRASHED = "crashed"
    """The agent's own code raised."""
    STOPPED = "stopped"
    """The worker was told to stop, or the room was closed."""


class Outcome(StrEnum):
    """How a call ended."""

    COMPLETED = "completed"
    GAVE_UP = "gave_up"
    HUNG_UP_EARLY = "hung_up_early"
    TURN_LIMIT = "turn_limit"
    LENGTH_LIMIT = "length_limit"
    DEAD_AIR = "dead_air"
    AGENT_LEFT = "agent_left"
    NOT_PICKED_UP = "not_picked_up"
    REFUSED = "refused"
    PEER_NEVER_CAME = "peer_never_came"
    AGENT_CRASHED = "agent_crashed"
    ENGINE_FAILED = "engine_failed"
    WORKER_LOST = "worker_lost"
    WORKER_STOPPED = "worker_stopped"
    SERVER_LOST = "server_lost"
    ROOM_DELETED = "room_deleted"
    RECORDER_REMOVED = "recorder_removed"
    SIDE_REMOVED = "side_removed"
    DRIVER_AWAY = "driver_away"
    RECORDING_FAILED = "recording_failed"
    CANCELLED = "cancelled"


class Fault(StrEnum):
    """Whose fault it is that a call did not end as it should."""

    CUSTOMER = "customer"
    SUPPORT = "support"
    SYSTEM = "system"


class Ending(NamedTuple):
    """How a call ended, as `call.json` has it."""

    outcome: Outcome
    fault: Fault | None = None
    detail: str = ""
