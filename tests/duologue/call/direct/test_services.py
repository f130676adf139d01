"""Services over the network on the virtual clock: a real HTTP server, and LiveKit's own plugin."""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from duologue.call.direct.bridge.clock import HELD_AT_MOST_S
from duologue.folder import event_log
from duologue.pipeline.filing import CallResult
from shared.endings import Outcome
from shared.engines import Models
from shared.events import Heard, PeerStateChanged, Said, StateChanged
from shared.events.journal import Journal
from shared.limits import Limits
from shared.settings import Settings
from shared.side.agent import CallAgent, Party
from shared.side.line import Line
from shared.side.session import create_session
from shared.spec import CallSpec, Delay, Latency, Role
from tests.making import call_directly
from tests.providers.chat import Reply
from tests.providers.openai_server import OpenAIServer
from tests.providers.service import served
from tests.roles import Script, call_spec

SOUND = np.rint(8000 * np.sin(np.arange(24_000) / 10)).astype(np.int16).tobytes()
"""A second of it."""
GREETING = "Hello, how can I help you today?"
SILENT_S = 0.5
FIRST_S, SECOND_S = 0.5, 0.4
"""Real seconds until the language model's first words, and from them to its last ones."""


@pytest.fixture(scope="module")
def service() -> Iterator[OpenAIServer]:
    """A service that takes its time."""
    with OpenAIServer() as server:
        server.pauses_s = (FIRST_S, SECOND_S)
        server.answer = lambda _: Reply("I am listening. Please go on.")
        server.hear = lambda _samples, _rate: "Something was said."
        server.speak = lambda _text, _voice, _rate: SOUND
        yield server


def greeted(spec: CallSpec, journal: Journal, models: Models) -> Party:
    """The support agent greets, and the caller answers with its language model, if it has one."""
    role = Role(journal.source)
    line = Line(role, spec, journal)
    lines = (GREETING,) if role is Role.SUPPORT else ("I am listening.",)
    session = create_session(line, models, models.llm or Script(lines))
    return Party(CallAgent(line, instructions="Answer."), session, line)


@pytest.fixture
def place(service: OpenAIServer, tmp_path: Path) -> Iterator[Callable[..., CallResult]]:
    """Make a call in which the caller has an engine over the network."""

    def make(latency: Latency, **engines: str) -> CallResult:
        settings = Settings(_env_file=None, **service.settings, **chosen(engines))
        spec = call_spec(
            engines={role: settings.engines(role) for role in Role},
            limits=Limits(max_turns=2, dead_air_s=5),
            latency=latency,
        )
        return call_directly(spec, tmp_path, settings, factories=dict.fromkeys(Role, greeted))

    yield make
    gc.collect()  # what was not closed warns here, where the warning is known, not in another test


def chosen(engines: dict[str, str]) -> dict[str, Any]:
    """Quick voices, unless a voice is what the test is about."""
    return {"customer_tts": "hibari/heart-low", **engines}


def reply_gap_s(result: CallResult) -> float:
    """From the end of the greeting, by the caller's voice activity detection, to its answer."""
    states = event_log.read(result.folder, StateChanged, PeerStateChanged)
    mine = [(entry.t, entry.payload) for entry in states if entry.role == Role.CUSTOMER]
    heard = next(t for t, p in mine if isinstance(p, PeerStateChanged) and p.new == "listening")
    speaks = next(t for t, p in mine if isinstance(p, StateChanged) and p.new == "speaking")
    return speaks - heard


def test_a_language_model_takes_what_it_really_took(place: Callable[..., CallResult]) -> None:
    result = place(Latency(), customer_llm="openai/gpt-4.1-mini")
    assert result.ending.outcome is Outcome.TURN_LIMIT
    said = [e.payload.text for e in event_log.read(result.folder, Said)]
    assert said == [GREETING, "I am listening. Please go on."]
    # On a busy machine the service is late, too; a fraction of it is hidden by the turn's silence.
    assert FIRST_S - 0.2 < reply_gap_s(result) < FIRST_S + SECOND_S + 2.0


def test_a_language_model_takes_what_the_call_says_it_takes(
    place: Callable[..., CallResult],
) -> None:
    result = place(Latency(language=Delay(median_s=2.0)), customer_llm="openai/gpt-4.1-mini")
    assert reply_gap_s(result) == pytest.approx(2.0, abs=0.2)


def test_a_synthesizer_is_waited_for(place: Callable[..., CallResult]) -> None:
    result = place(Latency(), customer_tts="openai/alloy")
    assert result.ending.outcome is Outcome.TURN_LIMIT
    assert FIRST_S - 0.2 < reply_gap_s(result) < FIRST_S + 2.0


def test_a_recognizer_of_whole_utterances_is_waited_for(place: Callable[..., CallResult]) -> None:
    result = place(Latency(), customer_stt="openai/whisper-1")
    heard = [e for e in event_log.read(result.folder, Heard) if e.role == Role.CUSTOMER]
    assert [entry.payload.text for entry in heard][:1] == ["Something was said."]


def test_the_virtual_clock_does_not_run_while_a_service_is_awaited(
    place: Callable[..., CallResult],
) -> None:
    began = time.monotonic()
    result = place(Latency(language=Delay(median_s=0.01)), customer_llm="openai/gpt-4.1-mini")
    assert time.monotonic() - began > FIRST_S + SECOND_S
    assert reply_gap_s(result) < FIRST_S


@pytest.mark.parametrize(
    "engine", [{"customer_tts": "openai/alloy"}, {"customer_stt": "openai/whisper-1"}]
)
def test_a_service_that_says_nothing_is_given_up_by_real_time(
    engine: dict[str, str], tmp_path: Path
) -> None:
    asked = []

    async def say_nothing(request: web.Request) -> web.Response:
        asked.append(request.path)
        await asyncio.Event().wait()
        return web.Response()

    with served([web.post("/{path:.*}", say_nothing)]) as address:
        settings = Settings(
            _env_file=None,
            openai_api_key="key",
            openai_base_url=f"http://{address}/v1",
            duologue_service_timeout_s=SILENT_S,
            duologue_service_retries=1,
            **chosen(engine),
        )
        spec = call_spec(engines={role: settings.engines(role) for role in Role})
        began = time.monotonic()
        result = call_directly(spec, tmp_path, settings, factories=dict.fromkeys(Role, greeted))
    assert result.ending.outcome is Outcome.ENGINE_FAILED
    assert len(asked) == 2
    assert time.monotonic() - began < HELD_AT_MOST_S
