"""OpenAI's chat completions, as a server gives them: requests checked, replies streamed.

What is refused, and in which words, follows the API reference and the types of the `openai`
package.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from openai.types.chat import ChatCompletionFunctionToolParam, ChatCompletionMessageParam
from pydantic import TypeAdapter, ValidationError

from shared.errors import wrong_field
from tests.providers.service import Refused

_MESSAGES = TypeAdapter(list[ChatCompletionMessageParam])
_TOOLS = TypeAdapter(list[ChatCompletionFunctionToolParam])


class ToolCall(NamedTuple):
    """A tool that the model wants to use."""

    name: str
    arguments: dict[str, Any]


class Usage(NamedTuple):
    """Tokens, as the model's provider counts and bills them."""

    prompt: int
    completion: int
    cached: int = 0
    """Of `prompt`."""


class Reply(NamedTuple):
    """What the model answers."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    """Its words, if not given."""


class Chat(NamedTuple):
    """A request for a completion, checked."""

    model: str
    messages: list[dict[str, Any]]
    tools: dict[str, dict[str, Any]]
    """JSON schemas of the parameters, by name."""
    body: dict[str, Any]
    """All of it, as it came."""

    @property
    def instructions(self) -> str:
        """The system prompt."""
        return next((text_of(one) for one in self.messages if one["role"] == "system"), "")

    @property
    def heard(self) -> str:
        """What was said to the model last."""
        spoken = (text_of(one) for one in reversed(self.messages) if one["role"] == "user")
        return next(spoken, "")

    @property
    def returned(self) -> list[str]:
        """What tools returned since the model spoke last, if that is what it is to answer."""
        outputs: list[str] = []
        for message in reversed(self.messages):
            if message["role"] != "tool":
                break
            outputs.insert(0, text_of(message))
        return outputs


Answer = Callable[[Chat], Reply]


def text_of(message: dict[str, Any]) -> str:
    """The text of a message, whichever form it has."""
    content = message.get("content") or ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content)


def scripted(*replies: Reply | str) -> Answer:
    """One reply after the other, whatever is said; asked for more than there are, it fails."""
    left = iter(replies)

    def answer(chat: Chat) -> Reply:
        reply = next(left, None)
        assert reply is not None, f"no reply is left to: {chat.heard or chat.returned}"
        return Reply(reply) if isinstance(reply, str) else reply

    return answer


def read_chat(body: Any, models: Sequence[str]) -> Chat:
    """A request.

    Raises:
        Refused: OpenAI would not take it.
    """
    if not isinstance(body, dict) or not isinstance(body.get("model"), str):
        raise Refused(400, "you must provide a model parameter")
    check_model(body["model"], models)
    try:
        _MESSAGES.validate_python(body.get("messages"))
        tools = _TOOLS.validate_python(body.get("tools", []))
    except ValidationError as error:
        wrong = wrong_field(error)
        raise Refused(
            400, f"Invalid value for 'messages' or 'tools': {wrong.field}: {wrong.problem}"
        ) from None
    if not body.get("stream") or not body.get("stream_options", {}).get("include_usage"):
        raise Refused(400, "this server streams, with usage")
    _check_order(body["messages"])
    if body.get("tools") == []:
        raise Refused(400, "Invalid 'tools': empty array. Expected an array with minimum length 1.")
    for tool in tools:
        _check_tool(tool)
    schemas = {tool["function"]["name"]: dict(tool["function"]["parameters"]) for tool in tools}
    return Chat(body["model"], body["messages"], schemas, body)


def check_model(model: str, models: Sequence[str]) -> None:
    """Refuse a model that is not there."""
    if model not in models:
        raise Refused(404, f"The model `{model}` does not exist.", "model_not_found")


def _check_order(messages: list[dict[str, Any]]) -> None:
    """Every tool call is answered at once, and nothing else is."""
    if not messages:
        raise Refused(400, "Invalid 'messages': empty array.")
    open_calls: set[str] = set()
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in open_calls:
                raise Refused(
                    400,
                    f"messages.[{number}]: messages with role 'tool' must be a response to a "
                    "preceding message with 'tool_calls'.",
                )
            open_calls.discard(message["tool_call_id"])
            continue
        _check_answered(open_calls)
        calls = message.get("tool_calls", [])
        open_calls = {call["id"] for call in calls}
        for call in calls:
            json.loads(call["function"]["arguments"])
    _check_answered(open_calls)


def _check_answered(open_calls: set[str]) -> None:
    if open_calls:
        raise Refused(
            400,
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            f"to each 'tool_call_id'. Without a response: {', '.join(sorted(open_calls))}",
        )


def _check_tool(tool: Any) -> None:
    """A function's name, and what a strict schema must say."""
    function = tool["function"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", function["name"]):
        raise Refused(400, f"Invalid 'tools.function.name': {function['name']!r}")
    schema = function["parameters"]
    if function.get("strict") and (
        schema.get("additionalProperties") is not False
        or set(schema.get("required", [])) != set(schema.get("properties", {}))
    ):
        raise Refused(400, f"Invalid schema for function '{function['name']}'")


def chunks(reply: Reply, chat: Chat, number: int) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed reply, in the order and form in which OpenAI sends them."""
    head = {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": chat.model,
    }

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return {**head, "choices": [choice], "usage": None}

    yield chunk({"role": "assistant", "content": "" if reply.text else None})
    for word in re.findall(r"\S+\s*", reply.text):
        yield chunk({"content": word})
    for index, call in enumerate(reply.calls):
        begun = {"name": call.name, "arguments": ""}
        made = {"index": index, "id": f"call_{number}_{index}", "type": "function"}
        yield chunk({"tool_calls": [{**made, "function": begun}]})
        arguments = json.dumps(call.arguments)
        for part in re.findall(r".{1,8}", arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
    yield chunk({}, "tool_calls" if reply.calls else "stop")
    usage = reply.usage or _count(reply, chat)
    yield {
        **head,
        "choices": [],
        "usage": {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "total_tokens": usage.prompt + usage.completion,
            "prompt_tokens_details": {"cached_tokens": usage.cached},
        },
    }


def _count(reply: Reply, chat: Chat) -> Usage:
    """A word is a token here."""
    said = reply.text + " ".join(json.dumps(call.arguments) for call in reply.calls)
    prompt = sum(len(text_of(message).split()) for message in chat.messages)
    return Usage(prompt, len(said.split()))
