"""A turn is a turn to every recognizer, however long its speaker pauses and its words are late."""

import time

import pytest

from shared.events import EventName
from shared.spec import EngineChoice
from shared.spoken import normalize
from tests.providers import speech
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
ENGINES = {
    "openai/gpt-4o-mini-transcribe": OpenAIServer,
    "deepgram/nova-3": DeepgramServer,
    "cartesia/ink-2": CartesiaServer,
}


@pytest.mark.parametrize("engine", ENGINES)
async def test_no_half_of_a_turn_is_answered(engine: str) -> None:
    with ENGINES[engine]() as server:
        hear = server.hear

        def hear_late(samples: speech.Samples, rate: int) -> str:
            time.sleep(LATE_S)
            return hear(samples, rate)

        server.hear = hear_late
        wanted = normalize(" ".join(PARTS))
        events = await take_side(
            EngineChoice(stt=engine),
            server.settings,
            hears=say(*PARTS, pause_s=PAUSE_S),
            words=len(" ".join(PARTS).split()) - 2,
            timeout_s=10,
        )
    turns = [event.fields["text"] for event in events if event.event is EventName.HEARD]
    assert [normalize(turn) for turn in turns] == [wanted]
