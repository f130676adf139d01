"""The roles' dialogue rules as a language model behind the local OpenAI server."""

import json

from livekit.agents import llm

from customer_agent.rules import Caller
from shared.side.dialogue import Dialogue, reply
from shared.spec import CallSpec, Role
from support_agent.registry import load_business
from support_agent.rules import dialogue as support_dialogue
from tests.providers.chat import Answer, Chat, Reply, ToolCall, Usage, text_of


def rules_of(spec: CallSpec, usage: Usage | None = None) -> Answer:
    """Answers for both sides of a call, told apart by their tools.

    With `usage`, each has that many tokens, so that sums tell how many answers there were.
    """
    assert spec.customer
    assert spec.support
    sheet, business = spec.customer, load_business(spec.support.business)
    given: set[str] = set()
    """What either side was told to say, so far."""

    def dialogue(chat: Chat) -> Dialogue[None]:
        if "hang_up" in chat.tools:
            opens = spec.opener is Role.CUSTOMER
            return Caller(sheet, opens=opens, seed=spec.seed).dialogue()
        return support_dialogue(business, opens=spec.opener is Role.SUPPORT)

    def answer(chat: Chat) -> Reply:
        text, call, _ = reply(dialogue(chat), _context(chat, given))
        given.add(_plain(text))
        return Reply(text, (ToolCall(call.tool, call.arguments),) if call else (), usage)

    return answer


def without_hanging_up(answer: Answer) -> Answer:
    """The same from a model that says goodbye, and forgets its tool."""

    def forgetful(chat: Chat) -> Reply:
        given = answer(chat)
        if any(each.name == "hang_up" for each in given.calls):
            return Reply(given.text or "Goodbye.", usage=given.usage)
        return given

    return forgetful


def _context(chat: Chat, given: set[str]) -> llm.ChatContext:
    """The conversation in a request; what was said of a reply, and no more, was interrupted."""
    items: list[llm.ChatItem] = []
    named: dict[str, str] = {}
    for message in chat.messages:
        text = text_of(message)
        if message["role"] == "tool":
            name, call_id = named[message["tool_call_id"]], message["tool_call_id"]
            failed = not _is_object(text)
            items.append(
                llm.FunctionCallOutput(call_id=call_id, name=name, output=text, is_error=failed)
            )
            continue
        if text:
            said = message["role"] == "assistant" and _plain(text)
            items.append(
                llm.ChatMessage(
                    role=message["role"],
                    content=[text],
                    interrupted=bool(said) and said not in given,
                )
            )
        named |= {call["id"]: call["function"]["name"] for call in message.get("tool_calls", ())}
    return llm.ChatContext(items)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _is_object(text: str) -> bool:
    """Whether a tool returned data, not why it could not."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
