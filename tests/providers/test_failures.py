"""What becomes of a call when a provider fails: each of them times each way of failing.

Sessions of the support agent, with real plugins on the local servers: it opens the call by a
language model's words and a synthesizer's voice, or hears what the caller says.
"""

import asyncio
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import pytest

import shared.side.session
from shared.endings import EndReason
from shared.engines.models import RETRIES_BESIDE
from shared.engines.pcm import Samples
from shared.events import Ended, Heard, Said
from shared.spec import EngineChoice
from tests.providers.cartesia_server import CartesiaServer
from tests.providers.chat import Reply
from tests.providers.deepgram_server import DeepgramServer
from tests.providers.one_side import take_side
from tests.providers.openai_server import OpenAIServer
from tests.providers.service import Fault
from tests.shared.engines.conftest import say

CALLER = "Good morning, I am calling about an order of mine."
HEARD, GREETING = "I have a question.", "Good morning."
TIMEOUT_S = 1.0
AT_ONCE = 12
"""Calls at the same time that only wait for services: more would keep one another waiting."""
COMPUTING_AT_ONCE = 2
"""Calls at the same time in which a local engine stands in. It is given no more time than a
service is, in which a core that is shared with twelve others does not get through a turn."""
SERVERS: dict[str, Any] = {
    "openai": OpenAIServer,
    "deepgram": DeepgramServer,
    "cartesia": CartesiaServer,
}
ENGINES = {
    "stt openai": "openai/gpt-4o-mini-transcribe",
    "llm openai": "openai/gpt-4.1-mini",
    "tts openai": "openai/alloy",
    "stt deepgram": "deepgram/nova-3",
    "tts deepgram": "deepgram/aura-2-andromeda-en",
    "stt cartesia": "cartesia/ink-2",
    "tts cartesia": "cartesia/f786b574-daa5-4673-aa0c-cbe3e8534c02",
}
BESIDE = {"stt": "whisper/tiny.en", "llm": "openai/gpt-4.1", "tts": "hibari/heart"}
TONE = np.rint(8000 * np.sin(np.arange(24_000) / 10)).astype(np.int16).tobytes()


class Then(StrEnum):
    """What becomes of the call."""

    GOES_ON = "goes on"
    """What is to be said is said, or what was said is heard; maybe later than usual."""
    ENDS = "ends"
    """It ends at once, and its end names the engine."""


ON, ENDS = Then.GOES_ON, Then.ENDS
COLUMNS = (*Fault,)
Table = dict[str, tuple[Then, ...]]
ONCE: Table = {
    # A connection that is cut before an answer has begun is made again; of an answer that was
    # begun, words would be said twice. A wrong key stays wrong. A recognizer's stream that says
    # nothing, or nothing of its protocol, is not made anew: the caller might be silent.
    #                401   429  500   cut  silent garbage
    "stt openai": (ENDS, ON, ON, ON, ON, ON),
    "llm openai": (ENDS, ON, ON, ENDS, ON, ON),
    "tts openai": (ENDS, ON, ON, ON, ON, ON),
    "stt deepgram": (ENDS, ON, ON, ON, ENDS, ENDS),
    "tts deepgram": (ENDS, ON, ON, ENDS, ON, ON),
    "stt cartesia": (ENDS, ON, ON, ON, ENDS, ENDS),
    "tts cartesia": (ENDS, ON, ON, ENDS, ON, ON),
}
"""When one request fails."""
ALWAYS: Table = dict.fromkeys(ENGINES, (ENDS,) * len(COLUMNS))
"""When all do."""
WITH_ANOTHER: Table = {
    "stt openai": (ON, ON, ON, ON, ON, ON),
    "llm openai": (ON, ON, ON, ENDS, ON, ON),
    "tts openai": (ON, ON, ON, ON, ON, ON),
    "stt deepgram": (ON, ON, ON, ON, ENDS, ENDS),
    "tts deepgram": (ON, ON, ON, ON, ON, ON),
    "stt cartesia": (ON, ON, ON, ON, ENDS, ENDS),
    "tts cartesia": (ON, ON, ON, ON, ON, ON),
}
"""When all do, and there is another engine beside."""
TABLES = {
    "once": ONCE,
    "always": ALWAYS,
    "with another": WITH_ANOTHER,
}


class Cell(NamedTuple):
    """One way of failing of one engine."""

    table: str
    engine: str
    fault: Fault

    @property
    def times(self) -> int:
        """How many requests fail."""
        if self.table == "with another" and self.engine == "llm openai":
            return 1 + RETRIES_BESIDE  # the other one is asked at the same address
        return 1 if self.table == "once" else 1000

    @property
    def computes(self) -> bool:
        """Whether a local engine does the work in the end."""
        return self.table == "with another" and not self.engine.startswith("llm")

    @property
    def expected(self) -> Then:
        """What the table says."""
        return TABLES[self.table][self.engine][COLUMNS.index(self.fault)]


class Seen(NamedTuple):
    """What was seen of a call."""

    then: Then | None
    failed: int
    """Requests."""
    ended: Ended
    """The fields of the event that says so."""


CELLS = [Cell(table, engine, fault) for table in TABLES for engine in ENGINES for fault in COLUMNS]


async def call(cell: Cell, caller: Samples) -> Seen:
    kind, _, provider = cell.engine.partition(" ")
    with SERVERS[provider]() as server:
        server.hear = lambda _samples, _rate: HEARD
        server.speak = lambda _text, _voice, _rate: TONE
        server.answer = lambda _: Reply(GREETING)
        server.faults[kind].fail(cell.fault, cell.times)
        beside = f",{BESIDE[kind]}" if cell.table == "with another" else ""
        events = await take_side(
            EngineChoice(**{kind: ENGINES[cell.engine] + beside}),
            server.settings,
            hears=caller if kind == "stt" else None,
            says=GREETING,
            words=1,
            timeout_s=TIMEOUT_S,
        )
    [ended] = [event.payload for event in events if isinstance(event.payload, Ended)]
    wanted = Heard if kind == "stt" else Said
    went_on = Then.GOES_ON if any(isinstance(event.payload, wanted) for event in events) else None
    then = Then.ENDS if ended.reason is EndReason.ENGINE_FAILED else went_on
    return Seen(then, server.faults[kind].failed, ended)


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[Cell, Seen | BaseException]]:
    """All calls, some at a time."""
    caller = say(CALLER)

    async def hold_all() -> list[Seen | BaseException]:
        waiting, computing = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(COMPUTING_AT_ONCE)

        async def one(cell: Cell) -> Seen:
            async with computing if cell.computes else waiting:
                return await call(cell, caller)

        return await asyncio.gather(*map(one, CELLS), return_exceptions=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared.side.session, "WORDLESS_S", 1.5)
        yield dict(zip(CELLS, asyncio.run(hold_all()), strict=True))


@pytest.mark.parametrize("cell", CELLS, ids=" ".join)
def test_a_failure_becomes_of_the_call_what_the_table_says(
    cell: Cell, seen: dict[Cell, Seen | BaseException]
) -> None:
    found = seen[cell]
    assert isinstance(found, Seen), found
    assert found.failed
    assert found.then is cell.expected, found
    if found.then is Then.ENDS:
        assert ENGINES[cell.engine] in (found.ended.engine or "")
        assert found.ended.error
