"""The front desk of a hotel: a language model by rules, and engines that need no key."""

import asyncio
import json
import re
from typing import Any

from livekit import rtc
from livekit.agents import Agent, AgentSession, LanguageCode, llm, stt, utils
from livekit.agents.types import (
    DEFAULT_API_CONNECT_OPTIONS,
    NOT_GIVEN,
    APIConnectOptions,
    NotGivenOr,
)
from livekit.plugins import silero

from shared import engines
from shared.engines import pcm, whisper
from shared.settings import Settings
from shared.spec import Role

GREETING = "Hotel Aurora, good morning. How can I help you?"
BREAKFAST = "Breakfast is served from seven to ten in the morning."
ELSE = "Can I help you with anything else?"
GOODBYE = "You are welcome. Goodbye."


class FrontDesk(Agent):
    """Knows when breakfast is."""

    def __init__(self) -> None:
        super().__init__(instructions="You are the front desk of Hotel Aurora.")


def session(**rules: str) -> AgentSession[None]:
    """A session with default options; `rules` say what is answered to a word, the last else."""
    settings = Settings(_env_file=None)
    voice = engines.load(settings.engines(Role.SUPPORT), settings).tts
    return AgentSession(stt=Ear(), tts=voice, vad=silero.VAD.load(), llm=Rules(rules))


class Ear(stt.STT[Any]):
    """Recognizes an utterance when it is over."""

    def __init__(self) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self._whisper = whisper.load()

    async def _recognize_impl(
        self,
        buffer: utils.AudioBuffer,
        *,
        language: NotGivenOr[str] = NOT_GIVEN,
        conn_options: APIConnectOptions,
    ) -> stt.SpeechEvent:
        del language, conn_options
        frame = rtc.combine_audio_frames(buffer)
        samples = pcm.resample(pcm.from_frames([frame]), frame.sample_rate, whisper.SAMPLE_RATE)
        heard = await asyncio.to_thread(self._whisper.transcribe, samples)
        said = stt.SpeechData(language=LanguageCode("en"), text=heard.text)
        return stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[said])


class Rules(llm.LLM[Any]):
    """A language model that looks for words in what the user said last.

    A rule is what it says, or a tool to use, as "breakfast_hours(day=tomorrow)", whose output it
    says then.
    """

    def __init__(self, rules: dict[str, str]) -> None:
        super().__init__()
        self.rules = rules

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        parallel_tool_calls: NotGivenOr[bool] = NOT_GIVEN,  # noqa: ARG002 - it calls no tools
        tool_choice: NotGivenOr[llm.ToolChoice] = NOT_GIVEN,  # noqa: ARG002 - same
        extra_kwargs: NotGivenOr[dict[str, Any]] = NOT_GIVEN,  # noqa: ARG002 - same
    ) -> llm.LLMStream:
        return _Answer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Answer(llm.LLMStream):
    async def _run(self) -> None:
        assert isinstance(self._llm, Rules)
        said = [one.text_content or "" for one in self._chat_ctx.messages() if one.role == "user"]
        last = said[-1].lower() if said else ""
        rules = self._llm.rules
        text = next((rules[word] for word in rules if word in last), "Could you say that again?")
        delta = llm.ChoiceDelta(role="assistant", content=text)
        newest = self._chat_ctx.items[-1]
        if isinstance(newest, llm.FunctionCallOutput):
            delta = llm.ChoiceDelta(role="assistant", content=newest.output)
        elif tool := re.fullmatch(r"(\w+)\((\w+)=(\w+)\)", text):
            arguments = json.dumps({tool[2]: tool[3]})
            call = llm.FunctionToolCall(name=tool[1], arguments=arguments, call_id="call")
            delta = llm.ChoiceDelta(role="assistant", tool_calls=[call])
        self._event_ch.send_nowait(llm.ChatChunk(id="answer", delta=delta))
