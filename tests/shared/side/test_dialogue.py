import json

import pytest
from livekit.agents import Agent, AgentSession, function_tool, llm
from livekit.agents.voice.run_result import RunResult

from shared.side.dialogue import (
    REVIVE,
    Dialogue,
    Reply,
    RulesLLM,
    ToolCall,
    call,
    listen,
    reply,
    say,
    tell,
)


def order_line() -> Dialogue[None]:
    """A small dialogue that uses every act."""
    heard = yield from say("Welcome. Which order?")
    if not heard.text:
        heard = yield from say("Are you there? Which order?")
    result = yield from call("find", number=heard.text)
    yield from tell("I found it.", f"It is {result.data.get('state', result.data.get('text'))}.")
    heard = yield from say("Shall I send it again?")
    if heard.cut_off:
        heard = yield from say(f"As for {heard.text}, yes. Shall I send it again?")
    yield from call("close", lead="Goodbye.", agreed=heard.text)


class Conversation:
    """A chat context, written as it happens."""

    def __init__(self) -> None:
        self.context = llm.ChatContext.empty()

    def heard(self, text: str) -> "Conversation":
        self.context.add_message(role="user", content=text)
        return self

    def said(self, text: str, *, interrupted: bool = False) -> "Conversation":
        self.context.add_message(role="assistant", content=text, interrupted=interrupted)
        return self

    def returned(self, tool: str, output: str, *, is_error: bool = False) -> "Conversation":
        self.context.items.append(llm.FunctionCall(call_id="1", name=tool, arguments="{}"))
        self.context.items.append(
            llm.FunctionCallOutput(call_id="1", name=tool, output=output, is_error=is_error)
        )
        return self

    def reply(self) -> Reply:
        return reply(order_line(), self.context)


GREETING = "Welcome. Which order?"
FOUND = "I found it. It is late. Shall I send it again?"


def looked_up() -> Conversation:
    return Conversation().said(GREETING).heard("47219").returned("find", '{"state": "late"}')


def test_the_first_act_is_said_into_an_empty_conversation() -> None:
    assert Conversation().reply() == Reply(GREETING)


def test_the_same_conversation_gives_the_same_reply_however_often_it_is_asked() -> None:
    conversation = Conversation().said(GREETING).heard("47219")
    assert [conversation.reply() for _ in range(3)] == [
        Reply("", ToolCall("find", {"number": "47219"}))
    ] * 3


def test_what_was_told_comes_with_the_next_question() -> None:
    assert looked_up().reply() == Reply(FOUND)


def test_a_tool_that_fails_is_known_to_have_failed() -> None:
    conversation = Conversation().said(GREETING).heard("1").returned("find", "gone", is_error=True)
    assert conversation.reply().text == "I found it. It is gone. Shall I send it again?"


def test_words_whose_reply_was_never_spoken_are_heard_together() -> None:
    conversation = Conversation().said(GREETING).heard("472").heard("19")
    assert conversation.reply().call == ToolCall("find", {"number": "472 19"})


def test_a_silence_is_heard_as_one_when_the_line_is_revived() -> None:
    conversation = Conversation().said(GREETING)
    conversation.context.add_message(role="system", content=REVIVE)
    assert conversation.reply() == Reply("Are you there? Which order?")


def test_the_dialogue_goes_on_after_a_revival() -> None:
    conversation = Conversation().said(GREETING).said("Are you there? Which order?").heard("47219")
    assert conversation.reply().call == ToolCall("find", {"number": "47219"})


def test_what_an_interruption_kept_from_being_said_comes_after_the_answer() -> None:
    conversation = looked_up().said("I found it. It is", interrupted=True).heard("the number")
    assert conversation.reply() == Reply(
        "As for the number, yes. It is late. Shall I send it again?"
    )


def test_an_interruption_after_the_last_sentence_loses_nothing() -> None:
    conversation = looked_up().said(FOUND, interrupted=True).heard("yes")
    assert conversation.reply() == Reply(
        "Goodbye.", ToolCall("close", {"agreed": "yes"}, "Goodbye.")
    )


def test_a_reply_cut_off_before_its_first_word_is_said_later() -> None:
    conversation = looked_up().heard("wait")
    assert conversation.reply() == Reply(
        "As for wait, yes. I found it. It is late. Shall I send it again?"
    )


def test_a_lead_already_spoken_is_not_spoken_again_when_its_tool_was_cancelled() -> None:
    conversation = looked_up().said(FOUND).heard("yes").said("Goodbye.", interrupted=True)
    assert conversation.heard("wait").reply() == Reply(
        "", ToolCall("close", {"agreed": "yes"}, "Goodbye.")
    )


def test_what_is_heard_while_a_tool_runs_is_heard_after_its_result() -> None:
    conversation = Conversation().said(GREETING).heard("47219")
    conversation.returned("find", '{"state": "late"}').said(FOUND).heard("yes").heard("please")
    assert conversation.reply().call == ToolCall("close", {"agreed": "yes please"}, "Goodbye.")


def test_a_dialogue_that_is_over_says_nothing() -> None:
    conversation = looked_up().said(FOUND).heard("yes").said("Goodbye.").returned("close", "")
    assert conversation.heard("bye").reply() == Reply()


def test_who_waits_to_be_spoken_to_says_nothing_before() -> None:
    def waiting() -> Dialogue[None]:
        heard = yield from listen()
        yield from say(f"You said {heard.text}." if heard.text else "Hello?")

    assert reply(waiting(), llm.ChatContext.empty()) == Reply()
    revived = llm.ChatContext.empty()
    revived.add_message(role="system", content=REVIVE)
    assert reply(waiting(), revived) == Reply("Hello?")
    spoken = llm.ChatContext.empty()
    spoken.add_message(role="user", content="hi")
    assert reply(waiting(), spoken) == Reply("You said hi.")


class Clerk(Agent):
    def __init__(self) -> None:
        super().__init__(instructions="")

    @function_tool
    async def find(self, number: str) -> str:
        """Find an order."""
        return json.dumps({"state": f"late ({number})"})

    @function_tool
    async def close(self, agreed: str) -> None:
        """End."""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_livekit_runs_it_like_any_language_model_and_calls_its_tools() -> None:
    async with AgentSession(llm=RulesLLM(order_line)) as session:
        await session.start(Clerk())
        opening = session.generate_reply()
        await opening
        assert [item.text_content for item in session.history.messages()] == [GREETING]

        result: RunResult[None] = await session.run(user_input="47219")
        result.expect.next_event().is_function_call(name="find", arguments={"number": "47219"})
        result.expect.next_event().is_function_call_output()
        message = result.expect.next_event().is_message(role="assistant").event().item
        assert message.text_content == "I found it. It is late (47219). Shall I send it again?"
        assert message.extra["intended"] == message.text_content
        result.expect.no_more_events()
