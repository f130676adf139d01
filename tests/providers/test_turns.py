"""A turn is a turn to every recognizer, however long its speaker pauses and its words are late."""

import asyncio
import time
from typing import Any

from shared.engines.pcm import Samples
from shared.engines.turn_settings import AFTER_SERVICE_S
from shared.events import Heard
from shared.language.as_heard import normalize
from shared.spec import EngineChoice
from tests.providers.cartesia_server import CartesiaServer
from tests.providers.deepgram_server import DeepgramServer
from tests.providers.one_side import take_side
from tests.providers.openai_server import OpenAIServer
from tests.shared.engines.conftest import say

PARTS = ("Hi, my order has not come yet.", "The number is four seven two one nine.")
PAUSE_S = 0.6
"""As long as the voices of services pause between two sentences."""
LATE_S = 0.5
"""How much later the words come than they could."""
SERVERS: dict[str, Any] = {
    "openai/gpt-4o-mini-transcribe": OpenAIServer,
    "deepgram/nova-3": DeepgramServer,
    "cartesia/ink-2": CartesiaServer,
}


async def turns_heard(engine: str, settings: dict[str, Any]) -> list[list[str]]:
    """The words of each turn in which `PARTS` are heard."""
    events = await take_side(
        EngineChoice(stt=engine),
        settings,
        hears=say(*PARTS, pause_s=PAUSE_S),
        words=len(PARTS[0].split()) + 2,
        timeout_s=10,
        silence_s=AFTER_SERVICE_S,
    )
    turns = [event.payload.text for event in events if isinstance(event.payload, Heard)]
    return [normalize(turn) for turn in turns]


async def turns_heard_late(engine: str) -> list[list[str]]:
    """The same by a service whose words are late."""
    with SERVERS[engine]() as server:
        hear = server.hear

        def hear_late(samples: Samples, rate: int) -> str:
            time.sleep(LATE_S)
            return str(hear(samples, rate))

        server.hear = hear_late
        return await turns_heard(engine, server.settings)


async def test_no_half_of_a_turn_is_answered() -> None:
    local = "whisper/tiny.en"
    heard = await asyncio.gather(turns_heard(local, {}), *map(turns_heard_late, SERVERS))
    for engine, turns in zip((local, *SERVERS), heard, strict=True):
        assert turns == [normalize(" ".join(PARTS))], engine
