"""What the documents have in Python runs as it stands."""

import ast
import asyncio
import inspect
import os
import re
import sys
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from shared.endings import Outcome
from tests.duologue.processes import REPOSITORY

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AGENT = f"""\
import math
import sys

sys.path.insert(0, {str(REPOSITORY)!r})
from livekit.agents import AgentServer, JobContext, cli
from tests.agents.hotel import BREAKFAST, ELSE, GOODBYE, GREETING, FrontDesk, session

server = AgentServer(port=0, num_idle_processes=1, load_threshold=math.inf)


@server.rtc_session(agent_name="my-agent")
async def answer(context: JobContext) -> None:
    talk = session(breakfast=f"{{BREAKFAST}} {{ELSE}}", thank=GOODBYE, bye=GOODBYE)
    await talk.start(FrontDesk(), room=context.room)
    await context.connect()
    await talk.say(GREETING)


if __name__ == "__main__":
    cli.run_app(server)
"""


def blocks(page: str, language: str) -> list[str]:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    return [code for written_in, code in BLOCK.findall(text) if written_in == language]


def run(code: CodeType, names: dict[str, Any]) -> None:
    """Run what may await at its top, as a notebook does."""
    result = eval(code, names)  # noqa: S307 - what our own page tells people to type
    if inspect.iscoroutine(result):
        asyncio.run(result)


def test_what_the_readme_has_in_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    [block] = blocks("README.md", "python")
    names: dict[str, Any] = {}
    run(compile(block, "README.md", "exec"), names)
    assert names["each"].id == names["call"].id


@pytest.mark.timeout(600)
def test_the_page_runs_from_its_first_block_to_its_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "agent.py").write_text(AGENT, encoding="utf-8")
    [scenarios, *_] = blocks("docs/testing-your-agent.md", "yaml")
    (tmp_path / "scenarios.yaml").write_text(scenarios, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    names: dict[str, Any] = {}
    for block in blocks("docs/python.md", "python"):
        run(compile(block, "docs/python.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    made = ("quick", "first", "second", "breakfast", "delayed")
    assert [names[each].outcome for each in made] == [Outcome.COMPLETED] * len(made)
    assert all(names[each].succeeded for each in made)
    assert names["quick"].engines["customer"]["tts"]["engine"] == "hibari/heart-warm"
    assert len(names["as_float"]) == len(names["customer"])
    assert names["wire"].any()
