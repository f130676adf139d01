"""The transports there are, by name; each is imported when it is asked for.

LiveKit alone takes a second to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from duologue.folder.folder import TransportName

if TYPE_CHECKING:
    from duologue.call.transport import Transport


class Known(NamedTuple):
    """Where a transport is, and what is to be known of it before it is imported."""

    module: str
    name: str
    isolated: bool
    """Whether each call of many is made in a process of its own: it keeps a core busy, and one that
    crashes takes no other with it."""


TRANSPORTS = {
    TransportName.LIVEKIT: Known("duologue.call.over_livekit.transport", "LiveKit", isolated=False),
    TransportName.DIRECT: Known("duologue.call.direct.transport", "Direct", isolated=True),
}


def load_isolated() -> None:
    """Import the transports whose calls are made in processes, in such a process."""
    for name, known in TRANSPORTS.items():
        if known.isolated:
            find_transport(name)


def find_transport(name: TransportName) -> "Transport":
    """The transport of this name."""
    known = TRANSPORTS[name]
    transport: Transport = getattr(import_module(known.module), known.name)()
    return transport
