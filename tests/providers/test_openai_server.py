"""The local OpenAI server, by way of LiveKit's own plugin and OpenAI's own client."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import openai
import pytest
import pytest_asyncio
from livekit import rtc
from livekit.agents import function_tool, llm
from livekit.plugins import openai as plugin

from tests.providers.chat import Reply, ToolCall, Usage, scripted
from tests.providers.openai_server import OpenAIServer

USER = {"role": "user", "content": "Hello."}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest_asyncio.fixture
async def client(server: OpenAIServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=server.key, base_url=server.url, max_retries=0) as opened:
        yield opened


@function_tool
async def look(where: str) -> str:
    """Look somewhere."""
    return where


async def ask(server: OpenAIServer, chat_ctx: llm.ChatContext) -> llm.CollectedResponse:
    model = plugin.LLM(model="gpt-4.1-mini", api_key=server.key, base_url=server.url)
    try:
        return await model.chat(chat_ctx=chat_ctx, tools=[look]).collect()
    finally:
        await model.aclose()


async def test_what_is_scripted_is_said_called_and_counted(server: OpenAIServer) -> None:
    wanted = Reply("One moment.", (ToolCall("look", {"where": "here"}),), Usage(90, 12, cached=64))
    server.answer = scripted(wanted, "It is here.")
    chat_ctx = llm.ChatContext()
    chat_ctx.add_message(role="system", content="You look things up.")
    chat_ctx.add_message(role="user", content="Where is it?")
    first = await ask(server, chat_ctx)
    assert first.text == "One moment."
    [made] = first.tool_calls
    assert (made.name, made.arguments) == ("look", '{"where": "here"}')
    assert first.usage
    assert (first.usage.prompt_tokens, first.usage.completion_tokens) == (90, 12)
    assert first.usage.prompt_cached_tokens == 64
    chat_ctx.insert(
        [
            made_item := llm.FunctionCall(
                call_id=made.call_id, name=made.name, arguments=made.arguments
            ),
            llm.FunctionCallOutput(
                call_id=made_item.call_id, name="look", output="in the hall", is_error=False
            ),
        ]
    )
    assert (await ask(server, chat_ctx)).text == "It is here."
    assert server.chats[0].instructions == "You look things up."
    assert server.chats[0].heard == "Where is it?"
    assert server.chats[1].returned == ["in the hall"]
    assert list(server.chats[0].tools) == ["look"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"model": "gpt-9"}, 404),
        ({"messages": []}, 400),
        ({"messages": [{"role": "user"}]}, 400),
        ({"messages": [{"role": "narrator", "content": "It rains."}]}, 400),
        ({"messages": [{"role": "tool", "tool_call_id": "call_1", "content": "here"}]}, 400),
        ({"messages": [{"role": "assistant", "tool_calls": [CALL]}, USER]}, 400),
        (
            {
                "tools": [
                    {"type": "function", "function": {"name": "look around", "parameters": {}}}
                ]
            },
            400,
        ),
        ({"tools": []}, 400),
    ],
)
async def test_a_completion_is_refused_that_openai_refuses(
    client: openai.AsyncOpenAI, server: OpenAIServer, body: dict[str, Any], status: int
) -> None:
    asked: dict[str, Any] = {
        "model": "gpt-4.1-mini",
        "messages": [USER],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    with pytest.raises(openai.APIStatusError) as refused:
        await client.chat.completions.create(**asked | body)
    assert refused.value.status_code == status
    assert not server.chats


async def test_a_wrong_key_is_refused(server: OpenAIServer) -> None:
    server.key = "sk-other"
    async with openai.AsyncOpenAI(api_key="sk-local", base_url=server.url, max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError):
            await client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")


@pytest.mark.parametrize(
    "wrong",
    [{"model": "tts-9"}, {"voice": "nobody"}, {"input": " "}, {"response_format": "midi"}],
)
async def test_speech_is_refused_that_openai_refuses(
    client: openai.AsyncOpenAI, wrong: dict[str, Any]
) -> None:
    asked = {"model": "tts-1", "voice": "alloy", "input": "Hello.", "response_format": "pcm"}
    with pytest.raises(openai.APIStatusError):
        await client.audio.speech.create(**asked | wrong)


@pytest.mark.parametrize("audio", [b"no audio", b""])
async def test_what_is_no_audio_is_not_transcribed(
    client: openai.AsyncOpenAI, audio: bytes
) -> None:
    with pytest.raises(openai.BadRequestError):
        await client.audio.transcriptions.create(model="whisper-1", file=("a.wav", audio))


async def test_what_it_speaks_it_hears(client: openai.AsyncOpenAI) -> None:
    spoken = await client.audio.speech.create(
        model="tts-1", voice="ash", input="I have two lamps.", response_format="pcm"
    )
    wav = rtc.AudioFrame(spoken.content, 24_000, 1, len(spoken.content) // 2).to_wav_bytes()
    heard = await client.audio.transcriptions.create(
        model="gpt-4o-mini-transcribe", file=("a.wav", wav)
    )
    assert heard.text == "I have two lamps."
