"""Dialogue without a language model, as a LiveKit LLM.

A role's dialogue is written as Python generators, a conversation as a coroutine:

    def refund(charge: str) -> Dialogue[None]:
        answer = yield from say("May I refund it to your card?")
        if yes_or_no(answer.text):
            result = yield from call("refund_charge", charge_id=charge)
            yield from tell("I have refunded it.")

`RulesLLM` keeps no state. Each `chat()` starts the dialogue anew and replays it over the chat
context, which has all that was heard, really said, and returned by tools; the first act that is
not in there is the reply. So a reply that is discarded, generated early or cut off does no harm.
"""

import json
import uuid
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, TypeVar

from livekit.agents import llm
from livekit.agents.types import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    NotGivenOr,
)
from pydantic import ValidationError

from shared.customer_sheet import Behaviour
from shared.engines.latency import NO_DELAYS, Draws
from shared.errors import in_a_line, wrong_field
from shared.language.as_heard import sentences
from shared.spec import RULES

REVIVE = (
    "The line has been silent for a while. Ask whether the other side is still there, and say "
    "again what you said or asked last."
)
"""Instructions of a reply that revives a silent line (`session.generate_reply`)."""

MOST_TOLD = 200
"""In one turn: a dialogue that tells more never ends it."""


class Performed(NamedTuple):
    """Something a caller does on purpose while it says something."""

    behaviour: Behaviour
    slip: str = ""
    """Of a self-correction: what was said wrong."""


class Say(NamedTuple):
    """Say this, after all that was told since, and hear the answer."""

    text: str
    performed: tuple[Performed, ...] = ()


class Tell(NamedTuple):
    """Say this at the start of the next turn; it is said again if it was cut off."""

    text: str


class Listen(NamedTuple):
    """Hear what the other says, without saying anything."""


class ToolCall(NamedTuple):
    """Call a tool and take its result."""

    tool: str
    arguments: dict[str, Any]
    lead: str = ""
    """Said while the tool runs."""


class PeerTurn(NamedTuple):
    """What the other side said, as recognised."""

    text: str
    """Everything since our last turn; empty if they stayed silent and the line was revived."""
    said: str = ""
    """Our whole turn that this answers, as it was meant."""
    cut_off: bool = False
    """Our turn was interrupted before its last sentence, the question, had begun."""
    unsaid: int = 0
    """Words at the end of our turn that an interruption kept us from saying."""


class Result(NamedTuple):
    """What a tool returned."""

    data: dict[str, Any]
    """Its JSON object; what is not one is under `text`."""
    failed: bool


Act: TypeAlias = Say | Tell | Listen | ToolCall
T = TypeVar("T")
Dialogue: TypeAlias = Generator[Act, PeerTurn | Result | None, T]


def say(text: str, *performed: Performed) -> Dialogue[PeerTurn]:
    """Say `text` and wait for the answer."""
    heard = yield Say(text, performed)
    assert isinstance(heard, PeerTurn)
    return heard


def tell(*text: str) -> Dialogue[None]:
    """Have `text` said with whatever is said next."""
    for part in text:
        yield Tell(part)


def listen() -> Dialogue[PeerTurn]:
    """Wait for the other side to speak."""
    heard = yield Listen()
    assert isinstance(heard, PeerTurn)
    return heard


def call(tool: str, *, lead: str = "", **arguments: Any) -> Dialogue[Result]:
    """Call a tool; `lead` is said meanwhile."""
    result = yield ToolCall(tool, arguments, lead)
    assert isinstance(result, Result)
    return result


class Reply(NamedTuple):
    """What a dialogue does next; both empty where it has nothing to say."""

    text: str = ""
    call: ToolCall | None = None
    performed: tuple[Performed, ...] = ()


class _Spoke(NamedTuple):
    text: str
    interrupted: bool


class _Returned(NamedTuple):
    tool: str
    result: Result


_Move: TypeAlias = PeerTurn | _Spoke | _Returned


def reply(
    dialogue: Dialogue[None],
    chat_ctx: llm.ChatContext,
    tools: Mapping[str, Callable[..., Any]] | None = None,
) -> Reply:
    """The reply of `dialogue` to what is in `chat_ctx`.

    Args:
        dialogue: From its beginning.
        chat_ctx: All that was heard, said and returned by tools.
        tools: Those that there are; a call of another, or with other arguments, is raised in the
            line of the dialogue that makes it. None where they are not known.

    Raises:
        Exception: The dialogue's own code raised it.
    """
    items = chat_ctx.items
    last = items[-1] if items else None
    reviving = isinstance(last, llm.ChatMessage) and last.text_content == REVIVE
    return _Replay(dialogue, _moves(items), tools, reviving=reviving).run()


class _Replay:
    """One run of a dialogue over the moves of a conversation."""

    def __init__(
        self,
        dialogue: Dialogue[None],
        moves: Iterable[_Move],
        tools: Mapping[str, Callable[..., Any]] | None,
        *,
        reviving: bool,
    ) -> None:
        self._dialogue, self._tools = dialogue, tools
        self._moves = deque(moves)
        self._reviving = reviving
        self._told: list[str] = []
        self._unsaid: list[str] = []
        """Told sentences that an interruption kept from being said."""

    def run(self) -> Reply:
        answer: PeerTurn | Result | None = None
        while True:
            try:
                act = self._dialogue.send(answer)
            except StopIteration:
                return Reply()
            if isinstance(act, Say | Tell) and type(act.text) is not str:
                problem = f"a dialogue says text, and no {type(act.text).__name__}"
                raise self._raised_there(TypeError(problem))
            if isinstance(act, Tell):
                self._told.append(act.text)
                if len(self._told) > MOST_TOLD:
                    problem = f"{MOST_TOLD} things told, and nothing asked between"
                    raise self._raised_there(RuntimeError(problem))
                answer = None
                continue
            step = self._step(act)
            if isinstance(step, Reply):
                return step
            answer = step

    def _step(self, act: object) -> PeerTurn | Result | Reply:
        match act:
            case ToolCall():
                return self._call(act)
            case Listen():
                return self._listen()
            case Say():
                return self._say(act)
        problem = f"a dialogue yields no {type(act).__name__}; `yield from` it"
        raise self._raised_there(TypeError(problem))

    def _raised_there(self, error: Exception) -> Exception:
        """An error that has been raised in the line of the dialogue that has just yielded."""
        self._dialogue.throw(error)
        return error

    def _call(self, act: ToolCall) -> Result | Reply:
        spoken = bool(act.lead and self._spoke())
        # What was said while the tool ran stands before its result, and is heard after it.
        for index, move in enumerate(self._moves):
            if isinstance(move, _Returned):
                del self._moves[index]
                return move.result
            if isinstance(move, _Spoke):
                break
        if self._tools is not None and (problem := _misused(act, self._tools)):
            raise self._raised_there(TypeError(problem))
        return Reply("" if spoken else act.lead, act)

    def _listen(self) -> PeerTurn | Reply:
        if not self._moves:
            if not self._reviving:
                return Reply()
            self._reviving = False
            return PeerTurn("")
        # If the next move is ours, the line was revived.
        return self._heard() or PeerTurn("")

    def _say(self, act: Say) -> PeerTurn | Reply:
        closing = sentences(act.text)
        told = [sentence for text in self._told for sentence in sentences(text)]
        parts = [*told, *closing[:-1]]
        again = [unsaid for unsaid in self._unsaid if unsaid not in parts]
        full = " ".join([*parts, *again, *closing[-1:]])
        if not self._moves:
            return Reply(full, performed=act.performed)
        spoken = self._spoke() or _Spoke("", interrupted=True)
        missing = _missing(full, spoken)
        self._unsaid = [sentence for sentence in (*told, *again) if sentence in missing]
        self._told = []
        unsaid = len(full.split()) - len(spoken.text.split()) if spoken.interrupted else 0
        cut_off = spoken.interrupted and unsaid >= len(" ".join(closing[-1:]).split())
        heard = self._heard() or PeerTurn("")
        return PeerTurn(heard.text, said=full, cut_off=cut_off, unsaid=max(unsaid, 0))

    def _heard(self) -> PeerTurn | None:
        """The next move, if the other side spoke then."""
        if self._moves and isinstance(move := self._moves[0], PeerTurn):
            self._moves.popleft()
            return move
        return None

    def _spoke(self) -> _Spoke | None:
        """The next move, if we spoke then."""
        if self._moves and isinstance(move := self._moves[0], _Spoke):
            self._moves.popleft()
            return move
        return None


def _misused(act: ToolCall, tools: Mapping[str, Callable[..., Any]]) -> str:
    """Why a tool cannot be called so; empty if it can."""
    tool = tools.get(act.tool)
    if tool is None:
        return f"there is no tool {act.tool!r} to call; there are {', '.join(tools)}"
    if not isinstance(tool, llm.FunctionTool):
        return ""
    try:
        arguments = json.loads(json.dumps(act.arguments))
        model = llm.utils.function_arguments_to_pydantic_model(tool)
        model.model_validate(arguments)
    except ValidationError as error:
        wrong = wrong_field(error)
        return f"tool {act.tool!r}: argument {wrong.field!r}: {wrong.problem}"
    except TypeError as error:  # what JSON does not have
        return f"tool {act.tool!r}: {error}"
    if strange := arguments.keys() - model.model_fields:
        takes = ", ".join(model.model_fields) or "nothing"
        return f"tool {act.tool!r} takes no {', '.join(sorted(strange))}; it takes {takes}"
    return ""


def _missing(full: str, spoken: _Spoke) -> list[str]:
    """The sentences of `full` that were not, or not wholly, said."""
    if not spoken.interrupted:
        return []
    words_said = len(spoken.text.split())
    missing = []
    end = 0
    for sentence in sentences(full):
        end += len(sentence.split())
        if end > words_said:
            missing.append(sentence)
    return missing


def _moves(items: Iterable[llm.ChatItem]) -> list[_Move]:
    """What happened, in order; what was heard without our answering in between is one."""
    moves: list[_Move] = []
    for item in items:
        if isinstance(item, llm.FunctionCallOutput):
            moves.append(_Returned(item.name, _result(item)))
        elif isinstance(item, llm.ChatMessage) and (text := (item.text_content or "").strip()):
            if item.role == "assistant":
                moves.append(_Spoke(text, item.interrupted))
            elif item.role == "user":
                if moves and isinstance(moves[-1], PeerTurn):
                    text = f"{moves.pop()[0]} {text}"
                moves.append(PeerTurn(text))
    return moves


def _result(item: llm.FunctionCallOutput) -> Result:
    try:
        data = json.loads(item.output)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        data = {"text": item.output}
    return Result(data, item.is_error)


class DialogueCrashed(Exception):
    """A dialogue's own code raised; the message says where, and what."""


class RulesLLM(llm.LLM):  # type: ignore[type-arg]  # its parameter is an event type we have none of
    """A dialogue in generators, as LLM provider: a pure function of the chat context.

    Args:
        dialogue: Begins the dialogue.
        delays: How long a reply is made to take.
        folder: Where the code of the dialogue lies, of which a line is named if it raises.
    """

    def __init__(
        self,
        dialogue: Callable[[], Dialogue[None]],
        delays: Draws = NO_DELAYS.language,
        folder: Path | None = None,
    ) -> None:
        super().__init__()
        self._dialogue = dialogue
        self.delays, self.folder = delays, folder

    @property
    def model(self) -> str:
        """The name in metrics."""
        return RULES

    @property
    def provider(self) -> str:
        """The name in metrics."""
        return RULES

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,  # noqa: ARG002 - the rules call one
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,  # noqa: ARG002 - the rules choose
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,  # noqa: ARG002 - there are none
    ) -> llm.LLMStream:
        """The dialogue's next act, as text deltas (a sentence each) and at most one tool call.

        A message's `extra["intended"]` is the whole text, whatever of it gets said, and
        `extra["performed"]` what its speaker does on purpose in it.
        """
        return _RulesStream(
            self,
            dialogue=self._dialogue(),
            chat_ctx=chat_ctx,
            tools=tools or [],
            conn_options=conn_options,
        )


class _RulesStream(llm.LLMStream):
    _llm: RulesLLM

    def __init__(
        self,
        rules: RulesLLM,
        *,
        dialogue: Dialogue[None],
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool],
        conn_options: APIConnectOptions,
    ) -> None:
        super().__init__(rules, chat_ctx=chat_ctx, tools=tools, conn_options=conn_options)
        self._dialogue = dialogue

    async def _run(self) -> None:
        await self._llm.delays.wait()
        tools = llm.ToolContext(self._tools).function_tools or None
        try:
            text, tool_call, performed = reply(self._dialogue, self._chat_ctx, tools)
        except Exception as error:
            raise DialogueCrashed(in_a_line(error, self._llm.folder)) from error
        extra = {"intended": text, "performed": [each._asdict() for each in performed]}
        chunk_id = f"rules_{uuid.uuid4().hex[:12]}"
        for index, sentence in enumerate(sentences(text)):
            delta = llm.ChoiceDelta(
                role="assistant",
                content=f" {sentence}" if index else sentence,
                extra=None if index else extra,
            )
            self._event_ch.send_nowait(llm.ChatChunk(id=chunk_id, delta=delta))
        if tool_call:
            function = llm.FunctionToolCall(
                name=tool_call.tool,
                arguments=json.dumps(tool_call.arguments),
                call_id=f"call_{uuid.uuid4().hex[:12]}",
            )
            delta = llm.ChoiceDelta(role="assistant", tool_calls=[function])
            self._event_ch.send_nowait(llm.ChatChunk(id=chunk_id, delta=delta))
