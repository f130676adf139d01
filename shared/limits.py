"""When a call is ended although nobody hung up: its length cap, and its other limits."""

from pydantic import Field

from shared.values import Frozen


class Limits(Frozen):
    """When a call is ended although nobody hung up.

    Example:
        >>> Limits(max_turns=10).max_length_s
        420.0
    """

    max_turns: int = Field(default=60, ge=2, le=1000)
    """Turns of both sides together."""
    max_length_s: float = Field(default=420.0, ge=5, le=3600)
    """The length cap of a call, in seconds from its first moment."""
    dead_air_s: float = Field(default=8.0, ge=2, le=3600)
    """Silence of both sides after which the call is revived once, then ended."""
