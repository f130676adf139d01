"""What both roles' agents have in common, and the party that a role's factory builds."""

import time
from collections.abc import AsyncGenerator, AsyncIterable
from typing import NamedTuple

from livekit import rtc
from livekit.agents import (
    Agent,
    AgentSession,
    AgentStateChangedEvent,
    ModelSettings,
    llm,
    stt,
)
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString
from livekit.agents.utils import is_given

from shared import engines
from shared.engines.clips import find_clip, frames
from shared.language.as_heard import is_assent, is_backchannel, is_listening_sound
from shared.side.dialogue import REVIVE
from shared.side.line import Line

EARLY_S = 0.3
"""A "yeah" that begins so long before we have finished was said to what is not put yet."""


class TimedWord(NamedTuple):
    """A word, or a part of one with the white space around it, in seconds of its utterance."""

    text: str
    start: float | None
    end: float | None


class CallAgent(Agent):
    """An agent on a line."""

    def __init__(
        self, line: Line, *, instructions: str, tools: list[llm.Tool | llm.Toolset] | None = None
    ) -> None:
        super().__init__(instructions=instructions, tools=tools)
        self.line = line
        self.intended = ""
        """All that the utterance now being spoken was meant to say."""
        self.timed: list[TimedWord] = []
        """Its words with their times, from a synthesizer that knows them."""
        self.words_at = 0.0
        """When a word was recognized last, be it of a backchannel, in seconds since the epoch."""
        self._finished_at = 0.0
        """When we last finished speaking, in seconds since the epoch."""

    async def open(self) -> None:
        """Begin to speak first; the limits of a call hold while it does."""
        self.session.generate_reply()

    async def revive(self) -> None:
        """Begin to break a silence that neither side breaks."""
        self.session.generate_reply(instructions=REVIVE)

    async def stt_node(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncGenerator[stt.SpeechEvent | str, None]:
        """Hear the other side, but for backchannels into our own turn, which take no turn."""
        into_ours, began_at = False, 0.0
        self.session.on("agent_state_changed", self._on_state)
        try:
            async for event in Agent.default.stt_node(self, audio, model_settings):
                if isinstance(event, stt.SpeechEvent):
                    if event.type is stt.SpeechEventType.START_OF_SPEECH:
                        into_ours = self.session.agent_state == "speaking"
                        began_at = time.time()
                    heard = event.alternatives[0].text if event.alternatives else ""
                    if heard:
                        self.words_at = time.time()
                    if heard and into_ours and self._only_listens(heard, began_at):
                        continue
                yield event
        finally:
            self.session.off("agent_state_changed", self._on_state)

    def _on_state(self, event: AgentStateChangedEvent) -> None:
        if event.old_state == "speaking":
            self._finished_at = time.time()

    def _only_listens(self, heard: str, began_at: float) -> bool:
        """Whether what was begun into our turn says no more than that somebody listens."""
        if self.session.agent_state == "speaking":
            return is_backchannel(heard)
        # Right at our end a "yes" is an answer, and before it no consent.
        early = self._finished_at - began_at > EARLY_S
        return is_assent(heard) if early else is_listening_sound(heard)

    async def tts_node(
        self, text: AsyncIterable[str], model_settings: ModelSettings
    ) -> AsyncGenerator[rtc.AudioFrame, None]:
        """Speak `text`, or play the recorded file whose words it has, keeping what it says.

        Synthesis runs ahead of playback, so by the time an utterance has been spoken or cut off,
        `intended` holds all of it, and `timed` what the synthesizer says of it.
        """
        # A local voice's times are estimates, which the audio itself corrects when it is labelled.
        services = engines.services(self.line.spec.engines[self.line.role])
        knows = any(service.kind == "tts" for service in services)

        async def keep() -> AsyncGenerator[str, None]:
            self.intended, self.timed = "", []
            async for chunk in text:
                self.intended += chunk
                yield chunk

        words, spoken = await find_clip(keep(), self.line.clips)
        if words is not None:
            for frame in frames(words, self.line.clips[words]):
                yield frame
            return
        async for frame in Agent.default.tts_node(self, spoken, model_settings):
            if knows:
                self.timed += map(_timed, frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, ()))
            yield frame


def _timed(word: TimedString) -> TimedWord:
    start, end = word.start_time, word.end_time
    return TimedWord(str(word), start if is_given(start) else None, end if is_given(end) else None)


class Party(NamedTuple):
    """One side of a call, built by its role's factory; it knows no room."""

    agent: CallAgent
    session: AgentSession[Line]
    line: Line
