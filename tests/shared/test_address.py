"""A server's address, as it is shown."""

import pytest
from pydantic import SecretStr

from shared.address import ServerAddress
from shared.errors import ServerUnreachable
from shared.settings import Settings

PASSWORD = "hunter2-hunter2"


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (f"ws://me:{PASSWORD}@127.0.0.1:9", "ws://127.0.0.1:9"),
        (f"wss://me:{PASSWORD}/with@and:@example.org/path", "wss://example.org/path"),
        (f"ws://{PASSWORD}@[::1]:9", "ws://[::1]:9"),
        (f"me:{PASSWORD}@example.org", "example.org"),
        ("wss://example.org/path?a=b", "wss://example.org/path?a=b"),
    ],
)
def test_an_address_has_neither_user_nor_password(named: str, shown: str) -> None:
    settings = Settings(
        _env_file=None,
        livekit_url=named,
        livekit_api_key="key",
        livekit_api_secret=SecretStr("secret"),
    )
    address = ServerAddress.from_settings(settings)
    assert address
    assert address.url == shown
    assert PASSWORD not in repr(address)


async def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    address = ServerAddress(
        url=f"ws://me:{PASSWORD}@127.0.0.1:9", api_key="key", api_secret=SecretStr("s" * 32)
    )
    with pytest.raises(ServerUnreachable) as failed:
        await address.check()
    assert "no LiveKit server answers at ws://127.0.0.1:9 (" in str(failed.value)
