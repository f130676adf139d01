"""Language models that do not stop, on both clocks: a real server, and LiveKit's own plugin."""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from duologue.folder import event_log
from duologue.folder.folder import Clock
from duologue.labels.verdict import Check, Finding
from duologue.pipeline.filing import CallResult
from duologue.scenarios.scenario_file import load_scenario
from shared.endings import Fault, Outcome
from shared.events import Said
from shared.settings import Settings
from shared.side.session import MAX_TOOL_STEPS
from shared.spec import Role
from tests.making import call_directly
from tests.providers.service import served

MODEL = "openai/gpt-4.1-mini"
CHARACTERS = 30
REPLY_S = 1.0
PING = b": still here\n\n"
WORDS = {"content": "And so on it goes. "}
ALL_WORDS = {"content": "word " * 40_000}
NO_WORDS = {"content": ""}
TOOL = {
    "tool_calls": [
        {
            "index": 0,
            "id": "call",
            "type": "function",
            "function": {"name": "no_such_tool", "arguments": "{}"},
        }
    ]
}


class Model(NamedTuple):
    """What a model streams: deltas, then perhaps no end."""

    deltas: tuple[dict[str, Any], ...]
    then: str
    """`again`: the same for ever; `silence`: nothing but signs of life; `stop`."""


def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish_reason}
    body = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    return b"data: " + json.dumps({**body, "choices": [choice]}).encode() + b"\n\n"


class Server(NamedTuple):
    """A server of a model, and how often it was asked."""

    settings: dict[str, Any]
    requests: list[object]
    models: list[Model]
    """The last one answers."""


@pytest.fixture
def server() -> Iterator[Server]:
    requests: list[object] = []
    models: list[Model] = []

    async def complete(request: web.Request) -> web.StreamResponse:
        requests.append(await request.json())
        deltas, then = models[-1]
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await stream.prepare(request)
        for delta in itertools.cycle(deltas) if then == "again" else deltas:
            await stream.write(chunk(delta))
            await asyncio.sleep(0.001)
        while then == "silence":
            await stream.write(PING)
            await asyncio.sleep(0.05)
        await stream.write(chunk({}, "tool_calls" if deltas == (TOOL,) else "stop"))
        await stream.write(b"data: [DONE]\n\n")
        return stream

    with served([web.post("/v1/chat/completions", complete)]) as address:
        settings = {"openai_api_key": "sk-local", "openai_base_url": f"http://{address}/v1"}
        yield Server(settings, requests, models)


@pytest.fixture
def place(server: Server, tmp_path: Path) -> Callable[..., CallResult]:
    """Make a call in which the support agent thinks by a model, to the first turn of each side."""

    def make(model: Model, clock: Clock, max_turns: int = 2) -> CallResult:
        server.models.append(model)
        settings = Settings(
            _env_file=None,
            support_llm=MODEL,
            duologue_reply_characters=CHARACTERS,
            duologue_reply_timeout_s=REPLY_S,
            duologue_service_retries=0,
            **server.settings,
        )
        scenario = load_scenario()
        limits = {"max_turns": max_turns, "dead_air_s": 2.0}
        spec = scenario.model_validate({**scenario.model_dump(), "limits": limits}).to_spec(
            call_id="c1", seed=0, engines={role: settings.engines(role) for role in Role}
        )
        return call_directly(spec, tmp_path, settings, clock=clock)

    return make


def said(result: CallResult) -> list[str]:
    entries = event_log.read(result.folder, Said)
    return [entry.payload.intended for entry in entries if entry.role == Role.SUPPORT]


def cuts(result: CallResult) -> list[Finding]:
    return [each for each in result.metrics.findings if each.check is Check.REPLY_CUT]


@pytest.mark.parametrize("clock", Clock)
@pytest.mark.parametrize(
    "model",
    [Model((WORDS,), "again"), Model((ALL_WORDS,), "stop")],
    ids=["endless", "40,000 words"],
)
def test_a_reply_that_is_too_long_is_cut_and_found(
    place: Callable[..., CallResult], model: Model, clock: Clock
) -> None:
    result = place(model, clock)
    assert result.ending.outcome is Outcome.TURN_LIMIT
    assert said(result)
    assert all(0 < len(each) <= CHARACTERS for each in said(result))
    [found] = cuts(result)
    assert found.fault is Fault.SUPPORT
    assert f"of {MODEL} did not end: cut after {CHARACTERS} characters" in found.detail


@pytest.mark.parametrize("clock", Clock)
def test_a_reply_that_stalls_is_cut_and_found(
    place: Callable[..., CallResult], clock: Clock
) -> None:
    result = place(Model((WORDS,), "silence"), clock)
    assert result.ending.outcome is Outcome.TURN_LIMIT
    assert set(said(result)) == {WORDS["content"].strip()}
    [found] = cuts(result)
    assert f"of {MODEL} did not end: cut after {REPLY_S:g} s" in found.detail


@pytest.mark.parametrize("clock", Clock)
def test_a_model_that_says_nothing_and_does_not_end_has_failed(
    place: Callable[..., CallResult], server: Server, clock: Clock
) -> None:
    result = place(Model((NO_WORDS,), "again"), clock)
    assert result.ending.outcome is Outcome.ENGINE_FAILED
    assert f"llm {MODEL}: no word of a reply within {REPLY_S:g} s" in result.ending.detail
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("model", "a_turn"),
    [(Model((NO_WORDS,), "stop"), 1), (Model((TOOL,), "stop"), MAX_TOOL_STEPS + 2)],
    ids=["empty", "tools"],
)
def test_a_model_that_never_comes_to_speak_ends_the_call_by_dead_air(
    place: Callable[..., CallResult], server: Server, model: Model, a_turn: int
) -> None:
    result = place(model, Clock.VIRTUAL, max_turns=20)
    assert result.ending.outcome is Outcome.DEAD_AIR, result.ending
    # It is to open the call, to revive it, and to answer the caller, who says something, too.
    assert 1 <= len(server.requests) <= 3 * a_turn
