"""judgments.json: what LiveKit's own judges, which are language models, say of a call.

They read the call as it was really said, with the tools that were used, and are told what is
expected of the agent in words (`agent_expectations` of its scenario). Unlike the verdict, they are
asked for: they cost money, and answer differently from time to time.
"""

import asyncio
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Literal

from livekit.agents import APIError, llm
from livekit.agents.evals import (
    accuracy_judge,
    safety_judge,
    task_completion_judge,
    tool_use_judge,
)
from pydantic import ConfigDict, Field

from duologue.folder import event_log
from duologue.folder.folder import read_call, read_json, write_json
from duologue.folder.rework import rework
from duologue.labels.transcript import transcript
from shared.errors import DuologueError
from shared.events import ToolCalled
from shared.spec import Role
from shared.values import Frozen

FILE = "judgments.json"
HOW_TO_RAISE = "DUOLOGUE_REPLY_CHARACTERS and DUOLOGUE_REPLY_TIMEOUT_S say how long one may be"
JUDGES = (task_completion_judge, accuracy_judge, tool_use_judge, safety_judge)


class Judgment(Frozen):
    """What one judge says."""

    judge: str
    verdict: Literal["pass", "fail", "maybe"]
    reasoning: str

    @property
    def failed(self) -> bool:
        """Whether the agent did not do what it should."""
        return self.verdict == "fail"


class Reversal(Frozen):
    """A judge that says something else than it said of the same call before."""

    judge: str
    before: str
    now: str


class Judgments(Frozen):
    """What all judges say."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    model: str
    """The engine that judged."""
    judgments: tuple[Judgment, ...]
    reversals: tuple[Reversal, ...] = ()
    """Where the same model has said something else of this call the last time."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def read(folder: Path) -> Judgments | None:
    """The judgments on a call, if it was judged."""
    return read_json(folder, FILE, Judgments) if (folder / FILE).exists() else None


async def judge(
    folder: Path, model: llm.LLM[Any], name: str, cuts: Collection[str] = ()
) -> Judgments:
    """Have a call judged by `model`, the engine `name`, and write judgments.json.

    Args:
        folder: The call.
        model: What judges.
        name: The engine that it is.
        cuts: Where replies of `model` have been cut meanwhile, which may be why one is none.

    Raises:
        DuologueError: A judge did not answer; nothing is written.
    """
    said = conversation(folder, read_call(folder).spec.agent_expectations)
    asked = [make() for make in JUDGES]
    # LiveKit's group of judges does the same, and does not tell why one of them failed.
    results = await asyncio.gather(
        *(each.evaluate(chat_ctx=said, llm=model) for each in asked), return_exceptions=True
    )
    judged: list[Judgment] = []
    silent: list[str] = []
    for each, result in zip(asked, results, strict=True):
        if isinstance(result, APIError):
            raise DuologueError(f"{folder}: {name} does not judge: {_problem(result)}")
        if isinstance(result, BaseException):
            silent.append(each.name)
        else:
            judged.append(
                Judgment(judge=each.name, verdict=result.verdict, reasoning=result.reasoning)
            )
    if silent:
        cut = f", a reply was cut {' and '.join(sorted({*cuts}))}" if cuts else ""
        cure = HOW_TO_RAISE if cuts else "try again, or another model"
        raise DuologueError(
            f"{folder}: {name} gave no judgment on {', '.join(sorted(silent))}{cut}; {cure}"
        )
    reversals = tuple(_reversals(read(folder), name, judged))
    judgments = Judgments(model=name, judgments=tuple(judged), reversals=reversals)
    rework(folder, lambda copy: write_json(copy / FILE, judgments), makes=[FILE])
    return judgments


def _reversals(
    before: Judgments | None, name: str, judged: Collection[Judgment]
) -> Iterator[Reversal]:
    """Where judges say something else than this model did before."""
    known = {one.judge: one.verdict for one in before.judgments} if before else {}
    for one in judged:
        former = known.get(one.judge, one.verdict)
        if before and before.model == name and former != one.verdict:
            yield Reversal(judge=one.judge, before=former, now=one.verdict)


def _problem(error: APIError) -> str:
    """What a service said, in one line, and whether asking again may help."""
    told = error.message.partition("\n")[0]
    return f"{told}; try again" if error.retryable else told


def conversation(folder: Path, expected: str) -> llm.ChatContext:
    """The call as the support agent had it: what was really said, and the tools it used."""
    instructions = llm.AgentConfigUpdate(instructions=expected or "Help the caller.")
    moments = sorted([*_said(folder), *_used(folder)], key=lambda moment: moment[0])
    items = [item for _, at_once in moments for item in at_once]
    return llm.ChatContext([instructions, *items])


def _said(folder: Path) -> Iterator[tuple[float, list[llm.ChatItem]]]:
    for turn in transcript.read(folder).turns:
        if turn.said:
            role: Literal["assistant", "user"] = (
                "assistant" if turn.role is Role.SUPPORT else "user"
            )
            message = llm.ChatMessage(role=role, content=[turn.said], interrupted=turn.interrupted)
            yield turn.start, [message]


def _used(folder: Path) -> Iterator[tuple[float, list[llm.ChatItem]]]:
    calls = [e for e in event_log.read(folder, ToolCalled) if e.role == Role.SUPPORT]
    for number, entry in enumerate(calls):
        used, call_id = entry.payload, f"call_{number}"
        yield (
            entry.t,
            [
                llm.FunctionCall(
                    call_id=call_id, name=used.tool, arguments=json.dumps(used.arguments)
                ),
                llm.FunctionCallOutput(
                    call_id=call_id,
                    name=used.tool,
                    output=used.output or "",
                    is_error=used.is_error,
                ),
            ],
        )
