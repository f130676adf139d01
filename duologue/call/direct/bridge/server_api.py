"""`ctx.api` and `ctx.delete_room()` without a server: deleting the room ends the call.

What else a server is asked for, such as a transfer or another participant, cannot be had.
"""

from collections.abc import Callable
from typing import Any

from livekit import api
from livekit.api.twirp_client import TwirpClient


def install(on_room_deleted: Callable[[], None]) -> None:
    """Have all requests of `livekit.api` answered here; they come to `TwirpClient.request`."""

    async def request(  # noqa: PLR0917 - as theirs
        self: TwirpClient, service: str, method: str, data: Any, headers: Any, answer: Any, **_: Any
    ) -> Any:
        del self, data, headers
        if (service, method) == ("RoomService", "DeleteRoom"):
            on_room_deleted()
            return answer()
        problem = f"{service}.{method} needs a server, of which a direct call has none"
        raise api.TwirpError(api.TwirpErrorCode.UNIMPLEMENTED, problem, status=501)

    TwirpClient.request = request  # type: ignore[method-assign,assignment]
