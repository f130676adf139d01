"""What is said into an agent's turn: it answers, or says no more than that somebody listens."""

import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import Agent, AgentStateChangedEvent, ModelSettings, stt
from livekit.agents.language import LanguageCode

from shared.side.agent import CallAgent

HEARD = stt.SpeechEventType.FINAL_TRANSCRIPT
BEGAN = stt.SpeechEventType.START_OF_SPEECH


class Listening(CallAgent):
    """An agent whose session is a state and who listens to it."""

    def __init__(self) -> None:
        Agent.__init__(self, instructions="")
        self.words_at = self._finished_at = 0.0
        self.state = SimpleNamespace(
            agent_state="speaking", on=lambda *_: None, off=lambda *_: None
        )

    @property
    def session(self) -> Any:
        """What of a session is asked."""
        return self.state

    def finish(self) -> None:
        """Have spoken to the end."""
        self.state.agent_state = "listening"
        self._on_state(AgentStateChangedEvent(old_state="speaking", new_state="listening"))


def said(text: str) -> stt.SpeechEvent:
    return stt.SpeechEvent(
        type=HEARD, alternatives=[stt.SpeechData(language=LanguageCode("en"), text=text)]
    )


async def heard_of(text: str, *, before_end_s: float, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What an agent hears of `text` that begins so long before its own turn is over."""
    agent, now = Listening(), [100.0]
    monkeypatch.setattr(time, "time", lambda: now[0])

    async def events(*_: object) -> AsyncIterator[stt.SpeechEvent]:
        yield stt.SpeechEvent(type=BEGAN)
        now[0] += before_end_s
        agent.finish()
        yield said(text)

    async def silence() -> AsyncIterator[rtc.AudioFrame]:
        frames: list[rtc.AudioFrame] = []
        for frame in frames:
            yield frame

    monkeypatch.setattr(Agent.default, "stt_node", events)
    found = [event async for event in agent.stt_node(silence(), ModelSettings())]
    return [
        event.alternatives[0].text
        for event in found
        if isinstance(event, stt.SpeechEvent) and event.alternatives
    ]


@pytest.mark.parametrize("text", ["Yeah.", "Right.", "Sure.", "Okay.", "Yes."])
async def test_a_yeah_begun_before_the_question_was_put_is_no_consent(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await heard_of(text, before_end_s=0.66, monkeypatch=monkeypatch) == []
    assert await heard_of(text, before_end_s=0.1, monkeypatch=monkeypatch) == [text]


@pytest.mark.parametrize("text", ["No.", "Tuesday.", "Yes, please, do that."])
async def test_what_says_more_is_heard_however_early(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await heard_of(text, before_end_s=0.66, monkeypatch=monkeypatch) == [text]
