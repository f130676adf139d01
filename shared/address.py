"""Where a LiveKit server is, and the key it knows us by."""

from http import HTTPStatus

import aiohttp
from livekit import api
from pydantic import SecretStr, field_validator

from shared.errors import ServerUnreachable, UsageError
from shared.masking import without_credentials
from shared.settings import Settings
from shared.values import Frozen

ANSWER_TIMEOUT_S = 5


class ServerAddress(Frozen):
    """A LiveKit server and a key for it."""

    url: str
    """Without user and password. A LiveKit server is told a token in their place; a client that
    was given both refuses to connect."""
    api_key: str
    api_secret: SecretStr

    @field_validator("url")
    @classmethod
    def _is_for_all_to_see(cls, url: str) -> str:
        return without_credentials(url)

    @classmethod
    def from_settings(cls, settings: Settings) -> "ServerAddress | None":
        """The server that the environment names, None if it names none.

        Raises:
            UsageError: It names a server, but no key for it.
        """
        if settings.livekit_url is None:
            return None
        if settings.livekit_api_key is None or settings.livekit_api_secret is None:
            raise UsageError(
                "LIVEKIT_URL is set but LIVEKIT_API_KEY or LIVEKIT_API_SECRET is not; set all three"
            )
        return cls(
            url=settings.livekit_url,
            api_key=settings.livekit_api_key,
            api_secret=settings.livekit_api_secret,
        )

    def client(self) -> api.LiveKitAPI:
        """A client of the server's API, to be used as a context manager."""
        return api.LiveKitAPI(
            self.url,
            self.api_key,
            self.api_secret.get_secret_value(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S),
        )

    def token(self, identity: str, grants: api.VideoGrants, *, name: str = "") -> str:
        """A join token for a STANDARD participant."""
        return (
            api.AccessToken(self.api_key, self.api_secret.get_secret_value())
            .with_identity(identity)
            .with_name(name or identity)
            .with_grants(grants)
            .to_jwt()
        )

    async def check(self) -> None:
        """Make sure that the server answers and knows the key.

        Raises:
            ServerUnreachable: Nobody answers there.
            UsageError: It answers, but not to this key.
        """
        try:
            async with self.client() as livekit:
                await livekit.room.list_rooms(api.ListRoomsRequest(names=["-"]))
        except api.TwirpError as error:
            if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise UsageError(
                    f"{self.url} does not accept LIVEKIT_API_KEY and LIVEKIT_API_SECRET: "
                    f"{error.message}"
                ) from None
            raise ServerUnreachable(self.url, error.message) from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ServerUnreachable(self.url, str(error) or type(error).__name__) from None
