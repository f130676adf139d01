"""The local Deepgram and Cartesia servers: what they refuse, as the real ones do."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.providers.cartesia_server import VERSION, CartesiaServer
from tests.providers.deepgram_server import DeepgramServer

LISTEN = {
    "model": "nova-3",
    "encoding": "linear16",
    "sample_rate": "16000",
    "channels": "1",
    "endpointing": "700",
}
SPEAK = {"model": "aura-2-andromeda-en", "encoding": "linear16", "sample_rate": "24000"}
TURNS = {"model": "ink-2", "encoding": "pcm_s16le", "sample_rate": "16000"}
GENERATION: dict[str, Any] = {
    "model_id": "sonic-3",
    "voice": {"mode": "id", "id": "f786b574-daa5-4673-aa0c-cbe3e8534c02"},
    "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000},
    "context_id": "c1",
    "transcript": "Hello.",
    "continue": False,
}


@pytest.fixture
def deepgram() -> Iterator[DeepgramServer]:
    with DeepgramServer() as server:
        yield server


@pytest.fixture
def cartesia() -> Iterator[CartesiaServer]:
    with CartesiaServer() as server:
        yield server


async def status_of(url: str, headers: dict[str, str]) -> int:
    """The status of a handshake that is refused."""
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect(url, headers=headers)
        return refused.value.status


@pytest.mark.parametrize(
    ("path", "query", "key", "status"),
    [
        ("listen", LISTEN, "wrong", 401),
        ("listen", LISTEN | {"model": "nova-99"}, "dg-local", 400),
        ("listen", LISTEN | {"sample_rate": "1"}, "dg-local", 400),
        ("listen", LISTEN | {"encoding": "mp3"}, "dg-local", 400),
        ("speak", SPEAK, "wrong", 401),
        ("speak", SPEAK | {"model": "aura-99"}, "dg-local", 400),
        ("speak", SPEAK | {"sample_rate": "fast"}, "dg-local", 400),
    ],
)
async def test_a_connection_is_refused_that_deepgram_refuses(
    deepgram: DeepgramServer, path: str, query: dict[str, str], key: str, status: int
) -> None:
    url = f"{deepgram.url}/{path}?{urlencode(query)}"
    assert await status_of(url, {"Authorization": f"Token {key}"}) == status
    assert len(deepgram.refused) == 1


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        ("listen", LISTEN, "no JSON"),
        ("listen", LISTEN, '{"type": "Sing"}'),
        ("listen", LISTEN, b"odd"),
        ("speak", SPEAK, '{"text": "Hello."}'),
        ("speak", SPEAK, b"audio"),
    ],
)
async def test_deepgram_hangs_up_on_a_malformed_message(
    deepgram: DeepgramServer, path: str, query: dict[str, str], message: str | bytes
) -> None:
    headers = {"Authorization": f"Token {deepgram.key}"}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{deepgram.url}/{path}?{urlencode(query)}", headers=headers) as socket,
    ):
        if isinstance(message, str):
            await socket.send_str(message)
        else:
            await socket.send_bytes(message)
        async for _ in socket:
            pass
        assert socket.close_code == 1008


@pytest.mark.parametrize(
    ("path", "query", "headers", "status"),
    [
        ("stt/turns/websocket", TURNS, {"X-API-Key": "wrong"}, 401),
        ("stt/turns/websocket", TURNS, {}, 400),
        ("stt/turns/websocket", TURNS | {"model": "ink-99"}, {"Cartesia-Version": VERSION}, 400),
        ("stt/turns/websocket", TURNS | {"sample_rate": "7"}, {"Cartesia-Version": VERSION}, 400),
        ("tts/websocket", {"cartesia_version": VERSION}, {"X-API-Key": "wrong"}, 401),
        ("tts/websocket", {"cartesia_version": "2001-01-01"}, {}, 400),
    ],
)
async def test_a_connection_is_refused_that_cartesia_refuses(
    cartesia: CartesiaServer,
    path: str,
    query: dict[str, str],
    headers: dict[str, str],
    status: int,
) -> None:
    url = f"{cartesia.url}/{path}?{urlencode(query)}"
    assert await status_of(url, {"X-API-Key": cartesia.key} | headers) == status


@pytest.mark.parametrize(
    "wrong",
    [
        {"model_id": "sonic-99"},
        {"voice": {"mode": "id", "id": "nobody"}},
        {"output_format": GENERATION["output_format"] | {"sample_rate": 23_999}},
        {"output_format": {"container": "mp3"}},
        {"context_id": ""},
        {"transcript": None},
    ],
)
async def test_cartesia_answers_a_malformed_message_with_an_error(
    cartesia: CartesiaServer, wrong: dict[str, Any]
) -> None:
    url = f"{cartesia.url}/tts/websocket?cartesia_version={VERSION}"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers={"X-API-Key": cartesia.key}) as socket,
    ):
        await socket.send_str(json.dumps(GENERATION | wrong))
        answer = await socket.receive_json()
        assert answer["type"] == "error"
        assert answer["status_code"] == 400
        await socket.send_str(json.dumps(GENERATION))
        assert (await socket.receive_json())["type"] == "chunk"
