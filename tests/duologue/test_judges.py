"""LiveKit's judges, by way of the real plugin and a server that speaks OpenAI's protocol."""

import json
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr
from rich.console import Console

from duologue import judges
from duologue.direct import place_direct_call
from duologue.folder import CALL, Call, CallFolder, sha256
from duologue.judges import JUDGES, judge_calls
from duologue.scenario import load_scenario
from shared.errors import DuologueError, EngineUnavailable
from shared.settings import Settings
from shared.spec import Role

MODEL = "openai/strict-judge"
WITHOUT = Settings(_env_file=None)


class Judging:
    """A model that passes what has `wanted` in it."""

    def __init__(self) -> None:
        self.prompts: list[str] = []
        self.wanted = ""
        self.silent = False

    async def complete(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        assert asked["model"] == MODEL.partition("/")[2]
        assert request.headers["Authorization"] == "Bearer key"
        prompt = asked["messages"][-1]["content"]
        self.prompts.append(prompt)
        verdict = "pass" if self.wanted in prompt else "fail"
        arguments = json.dumps({"verdict": verdict, "reasoning": f"{self.wanted!r} was looked for"})
        call = {
            "index": 0,
            "id": "call_1",
            "type": "function",
            "function": {"name": "submit_verdict", "arguments": arguments},
        }
        delta = {"role": "assistant", "content": "No."} if self.silent else {"tool_calls": [call]}
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for choice in ({"delta": delta}, {"delta": {}, "finish_reason": "tool_calls"}):
            chunk: dict[str, Any] = {
                "id": "1",
                "object": "chat.completion.chunk",
                "created": 0,
                "model": asked["model"],
                "choices": [{"index": 0, **choice}],
            }
            await response.write(f"data: {json.dumps(chunk)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response


@pytest_asyncio.fixture
async def model() -> AsyncIterator[tuple[Judging, Settings]]:
    judging = Judging()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", judging.complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield (
        judging,
        Settings(_env_file=None, openai_api_key=SecretStr("key"), openai_base_url=url),
    )
    await runner.cleanup()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one call."""
    out = tmp_path_factory.mktemp("calls")
    spec = load_scenario().to_spec(
        call_id="c1", seed=0, engines={role: WITHOUT.engines(role) for role in Role}
    )
    with CallFolder.create(out, "c1") as folder:
        place_direct_call(spec, folder, WITHOUT)
    return out


async def test_a_call_is_judged_by_what_was_said_done_and_expected(
    model: tuple[Judging, Settings], made: Path
) -> None:
    judging, settings = model
    judging.wanted = "function call: refund_charge"
    printed = StringIO()
    await judge_calls(made, MODEL, settings, Console(file=printed, width=200))
    assert len(judging.prompts) == len(JUDGES)
    assert all("I have refunded forty nine dollars to your card." in p for p in judging.prompts)
    for prompt in judging.prompts:
        assert "refunds one of the two charges" in prompt
        assert prompt.index("user: Hi, my order is late") < prompt.index("find_order")
    judged = judges.read(made / "c1")
    assert judged
    assert judged.model == MODEL
    assert {one.verdict for one in judged.judgments} == {"pass"}
    assert "c1: nothing failed" in printed.getvalue()
    assert "accuracy: 1 pass, 0 maybe, 0 fail" in printed.getvalue()
    files = Call.model_validate_json((made / "c1" / CALL).read_bytes()).files
    assert {name: sha256(made / "c1" / name) for name in files} == files
    assert judges.FILE in files
    await judge_calls(made, MODEL, settings, Console(file=printed))
    assert len(judging.prompts) == len(JUDGES)  # it had been judged already


async def test_what_fails_is_told_and_another_model_judges_again(
    model: tuple[Judging, Settings], made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging, settings = model
    judging.wanted = "what nobody said"
    monkeypatch.setitem(globals(), "MODEL", "openai/another")
    printed = StringIO()
    await judge_calls(made, MODEL, settings, Console(file=printed, width=200))
    assert "c1: task_completion: 'what nobody said' was looked for" in printed.getvalue()
    assert "safety: 0 pass, 0 maybe, 1 fail" in printed.getvalue()


async def test_a_model_that_does_not_judge_leaves_the_call_as_it_was(
    model: tuple[Judging, Settings], made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging, settings = model
    judging.silent = True
    monkeypatch.setitem(globals(), "MODEL", "openai/silent")
    before = {path.name: path.read_bytes() for path in (made / "c1").iterdir()}
    with pytest.raises(DuologueError, match="openai/silent gave no judgment on accuracy, safety"):
        await judge_calls(made, MODEL, settings, Console(file=StringIO()))
    assert {path.name: path.read_bytes() for path in (made / "c1").iterdir()} == before


@pytest.mark.parametrize("engine", ["rules", "openai/gpt-4.1", "nobody/knows"])
async def test_what_cannot_judge_is_refused(made: Path, engine: str) -> None:
    with pytest.raises(EngineUnavailable):
        await judge_calls(made, engine, WITHOUT, Console(file=StringIO()))
