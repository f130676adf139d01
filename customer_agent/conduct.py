"""What a caller does besides answering: speaks into the agent's turn, stays silent, or leaves.

It works on the session, not on the dialogue, so it is the same with rules and with a language
model, and on every transport. Whether the caller does something is drawn by the call's seed and
the count of what it could have done it at, so neither timing nor load changes the draw.
"""

import asyncio
import random
import time

from livekit.agents import (
    AgentSession,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    llm,
    utils,
    vad,
)

from shared.customer_sheet import Behaviour, Behaviours
from shared.endings import EndReason
from shared.engines.silero import SileroVAD, VadListener
from shared.events import Behaved, Heard, Said
from shared.side.line import Line

BACKCHANNELS = ("Right.", "Yeah.", "Sure.")
"""What local voices can say in half a second; "mm-hm" becomes "mama", "uh-huh" "I have"."""
BETWEEN_SENTENCES_S = 0.09
"""A silence that long, as the VAD sees it, is a pause of the agent's."""
BETWEEN_SOUNDS_S = 0.1
"""A longer silence of the agent may be the end of its turn, into which nothing can be said."""
BARGE_INS = 3
"""In a call: who says the same into every turn is no caller any more."""
NOTICED_S = 1.0
"""A silence cut shorter than this was none: the reply was prepared again."""


class Conduct:
    """What one caller does besides answering, in one call.

    Args:
        line: The caller's.
        behaviours: How often, and how.
    """

    def __init__(self, line: Line, behaviours: Behaviours) -> None:
        self._line, self._behaviours = line, behaviours
        self._session: AgentSession[Line] | None = None
        self._windows: set[VadListener] = set()
        """Who is told of each window of what the agent says."""
        self._speaking_into: asyncio.Task[None] | None = None
        self._stretches = 0
        """How often the agent began to speak."""
        self._took_over_at: float | None = None
        """When it last spoke into a turn of the agent to have one itself."""
        self._barge_ins = 0
        """How often it did so."""
        self._agent_silence_s = 0.0
        """How long nothing was heard of the agent, who may have finished."""
        self._goes_on = asyncio.Event()
        """Set when the agent goes on after a pause."""
        self._speaking = False
        """It speaks into a turn of the agent now."""
        self._lost_turn = ""
        """A turn of the agent that ended meanwhile."""

    def begin(self, session: AgentSession[Line]) -> None:
        """Listen to `session`, and act in it, from now on."""
        self._session = session
        session.on("user_state_changed", self._on_agent)
        session.on("user_input_transcribed", self._on_transcribed)
        if isinstance(session.vad, SileroVAD):
            self._windows = session.vad.listeners
            self._windows.add(self._on_window)

    async def end(self) -> None:
        """Do nothing any more."""
        if self._session:
            self._session.off("user_state_changed", self._on_agent)
            self._session.off("user_input_transcribed", self._on_transcribed)
            self._windows.discard(self._on_window)
        if self._speaking_into:
            await utils.aio.cancel_and_wait(self._speaking_into)

    def on_turn(self) -> None:
        """Take note that a turn of the agent has ended and is being answered."""
        self._lost_turn = ""

    def broke_into(self, turn: llm.ChatMessage) -> bool:
        """Whether the caller spoke into this turn of the agent, which will answer that instead."""
        began_at = turn.metrics.get("started_speaking_at")
        return bool(self._took_over_at and began_at and began_at < self._took_over_at)

    async def keep_silent(self, turn: int) -> None:
        """Wait before the answer to the agent's `turn`, if that is drawn."""
        silence = self._behaviours.silence
        if not self._draws(Behaviour.SILENCE, turn):
            return
        began_at = time.time()
        try:
            await asyncio.sleep(silence.length_s)
        finally:
            if time.time() - began_at >= min(NOTICED_S, silence.length_s):
                self._label(Behaviour.SILENCE, began_at)

    def hangs_up(self, turns: int) -> bool:
        """Whether the caller leaves after so many turns of its own; if so, the call is over."""
        hang_up = self._behaviours.hang_up
        if turns < hang_up.after_turns or not self._draws(Behaviour.HANG_UP, 0):
            return False
        self._label(Behaviour.HANG_UP, time.time())
        self._line.end(EndReason.HUNG_UP_EARLY)
        return True

    def _on_agent(self, event: UserStateChangedEvent) -> None:
        """The agent, who is the user of this session, begins or stops to speak."""
        if event.new_state != "speaking":
            if self._speaking_into and not self._speaking:
                self._speaking_into.cancel()
            return
        self._stretches += 1
        if self._speaking_into and not self._speaking_into.done():
            return
        barge_in, backchannel = self._behaviours.barge_in, self._behaviours.backchannel
        if self._barge_ins < BARGE_INS and self._draws(Behaviour.BARGE_IN, self._stretches):
            into = self._speak_into(Behaviour.BARGE_IN, barge_in.after_s, barge_in.say)
        elif self._draws(Behaviour.BACKCHANNEL, self._stretches):
            text = self._random(Behaviour.BACKCHANNEL, -self._stretches).choice(BACKCHANNELS)
            into = self._speak_into(Behaviour.BACKCHANNEL, backchannel.after_s, text)
        else:
            return
        self._speaking_into = asyncio.create_task(into, name=f"speak-into-{self._stretches}")

    def _on_window(self, event: vad.VADEvent) -> None:
        before_s, self._agent_silence_s = self._agent_silence_s, event.raw_accumulated_silence
        if before_s >= BETWEEN_SENTENCES_S and not self._agent_silence_s:
            self._goes_on.set()

    def _on_transcribed(self, event: UserInputTranscribedEvent) -> None:
        # A turn that ends while something is said that cannot be interrupted may get lost.
        if self._speaking and event.is_final and event.transcript:
            self._lost_turn = event.transcript

    async def _speak_into(self, behaviour: Behaviour, after_s: float, text: str) -> None:
        await asyncio.sleep(after_s)
        if behaviour is Behaviour.BACKCHANNEL and self._windows:
            # As people do, when the other goes on: what comes after the last word is an answer.
            self._goes_on.clear()
            await self._goes_on.wait()
        session = self._session
        assert session
        if session.agent_state == "speaking" or self._agent_silence_s > BETWEEN_SOUNDS_S:
            return
        began_at = time.time()
        if behaviour is Behaviour.BARGE_IN:
            self._took_over_at = began_at
            self._barge_ins += 1
        self._speaking = True
        try:
            # Else it would wait until the agent is silent. No part of the dialogue: that goes on as
            # if nothing had been said, and the agent says again what was not heard.
            await session.say(text, allow_interruptions=False, add_to_chat_ctx=False)
        finally:
            self._speaking = False
        emit = self._line.journal.emit
        emit(
            Said(
                text=text,
                intended=text,
                interrupted=False,
                behaviour=behaviour,
                started_at=began_at,
                stopped_at=time.time(),
            )
        )
        self._label(behaviour, began_at)
        lost, self._lost_turn = self._lost_turn, ""
        if lost and behaviour is Behaviour.BARGE_IN:
            emit(Heard(text=lost))  # the agent answers what was said into it
        elif lost:
            session.generate_reply(user_input=lost)

    def _draws(self, behaviour: Behaviour, count: int) -> bool:
        probability: float = getattr(self._behaviours, behaviour).probability
        return self._random(behaviour, count).random() < probability

    def _random(self, behaviour: Behaviour, count: int) -> random.Random:
        return random.Random(f"{self._line.spec.seed} {behaviour} {count}")  # noqa: S311 - no secret

    def _label(self, behaviour: Behaviour, began_at: float) -> None:
        self._line.journal.emit(
            Behaved(behaviour=behaviour, started_at=began_at, stopped_at=time.time())
        )
