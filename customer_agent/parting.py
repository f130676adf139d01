"""Hangs up for a caller who has said goodbye and does not use its tool to hang up.

Callers hang up by their tool. A language model may forget it, and two of them may say goodbye to
each other for ever; people hang up then.
"""

import asyncio
import re
from collections import deque

from livekit.agents import AgentSession, ConversationItemAddedEvent, llm, utils

from shared.endings import EndReason
from shared.language.as_heard import is_goodbye, phrase
from shared.side.line import Line

PARTING_S = 3.0
"""Silence, or more goodbyes, after the goodbyes; longer than the tool takes, shorter than any
silence that is broken by asking who is there."""

_WISH = re.compile(
    r" (?:take care"
    r"|have (?:a|an|yourself a) (?:\w+ )?(?:day|1|morning|afternoon|evening|night|weekend)) "
)


def is_farewell(text: str) -> bool:
    """Whether something is said as one parts: a goodbye, or a wish ("Have a nice day.")."""
    return is_goodbye(text) or bool(_WISH.search(phrase(text)))


class Parting:
    """Hangs up for one caller once both have said goodbye, or the caller twice in a row."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._session: AgentSession[Line] | None = None
        self._said: deque[bool] = deque([False, False], maxlen=2)
        """Whether the caller's last turns were goodbyes."""
        self._heard = False
        """Whether the agent's last turn was one."""
        self._changed = asyncio.Event()
        self._hanging_up: asyncio.Task[None] | None = None

    def begin(self, session: AgentSession[Line]) -> None:
        """Listen to `session` from now on."""
        self._session = session
        session.on("conversation_item_added", self._on_item)
        session.on("agent_state_changed", self._on_state)
        session.on("user_state_changed", self._on_state)

    async def end(self) -> None:
        """Listen no longer."""
        if self._session:
            self._session.off("conversation_item_added", self._on_item)
            self._session.off("agent_state_changed", self._on_state)
            self._session.off("user_state_changed", self._on_state)
        if self._hanging_up:
            await utils.aio.cancel_and_wait(self._hanging_up)

    def _on_item(self, event: ConversationItemAddedEvent) -> None:
        message = event.item
        if not isinstance(message, llm.ChatMessage) or not message.text_content:
            return
        farewell = is_farewell(message.text_content)
        if message.role == "assistant":
            self._said.append(farewell)
        elif message.role == "user":
            self._heard = farewell
        parted = self._said[-1] and (self._heard or self._said[0])
        if parted and self._hanging_up is None:
            self._hanging_up = asyncio.create_task(self._hang_up(), name="parting")
        elif self._hanging_up and not parted:
            self._hanging_up.cancel()
            self._hanging_up = None

    def _on_state(self, _: object) -> None:
        self._changed.set()

    async def _hang_up(self) -> None:
        session = self._session
        assert session
        await asyncio.sleep(PARTING_S)
        # Neither into a word nor while a reply is on its way, which may be the tool.
        while session.agent_state in {"speaking", "thinking"} or session.user_state == "speaking":
            self._changed.clear()
            await self._changed.wait()
        self._line.end(EndReason.GOODBYE)
