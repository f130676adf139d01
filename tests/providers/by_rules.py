"""A language model that says what the roles' own rules would: whole calls have a sense by it."""

from livekit.agents import llm

from customer_agent.rules import Caller
from shared.dialogue import REVIVE, reply
from shared.spec import CallSpec, Role
from support_agent.business import load_business
from support_agent.rules import Talk
from tests.providers.chat import Answer, Chat, Reply, ToolCall, Usage, text_of

USAGE = Usage(prompt=1000, completion=10, cached=400)
"""Of each reply, so that sums tell how many there were."""


def by_rules(spec: CallSpec) -> Answer:
    """Answers for both roles of a call; which of them asks is told by its tools."""
    assert spec.customer
    assert spec.support
    sheet, business = spec.customer, load_business(spec.support.business)

    def answer(chat: Chat) -> Reply:
        if "hang_up" in chat.tools:
            opens = spec.opener is Role.CUSTOMER
            dialogue = Caller(sheet, opens=opens, seed=spec.seed).dialogue()
        else:
            dialogue = Talk(business, opens=spec.opener is Role.SUPPORT).dialogue()
        text, tool_call, _ = reply(dialogue, _context(chat))
        calls = (ToolCall(tool_call.tool, tool_call.arguments),) if tool_call else ()
        return Reply(text, calls, USAGE)

    return answer


def _context(chat: Chat) -> llm.ChatContext:
    """The conversation as LiveKit had it before it was made into a request."""
    context = llm.ChatContext.empty()
    names: dict[str, str] = {}
    for message in chat.messages:
        text = text_of(message)
        if message["role"] == "tool":
            output = llm.FunctionCallOutput(
                call_id=message["tool_call_id"],
                name=names[message["tool_call_id"]],
                output=text,
                is_error=not text.startswith("{"),
            )
            context.items.append(output)
        elif message["role"] == "assistant" and text:
            context.items.append(llm.ChatMessage(role="assistant", content=[text]))
        elif message["role"] == "user":
            context.items.append(llm.ChatMessage(role="user", content=[text]))
        names |= {each["id"]: each["function"]["name"] for each in message.get("tool_calls", ())}
    if REVIVE in text_of(chat.messages[-1]):
        context.items.append(llm.ChatMessage(role="system", content=[REVIVE]))
    return context


def without_hanging_up(answer: Answer) -> Answer:
    """The same from a model that says goodbye, and forgets its tool."""

    def forgetful(chat: Chat) -> Reply:
        given = answer(chat)
        if any(each.name == "hang_up" for each in given.calls):
            return Reply(given.text or "Goodbye.", usage=given.usage)
        return given

    return forgetful
