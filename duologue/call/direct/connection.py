"""How two sessions in one process are connected: by pipes, and by seeing the other leave."""

import asyncio
from typing import Protocol

from livekit.agents import AgentSession
from livekit.agents.voice.transcription.synchronizer import TranscriptSynchronizer

from duologue.call.direct.pipes import PipeInput, PipeOutput
from duologue.folder.channels import Pcm
from shared.endings import EndReason
from shared.livekit_internals import skip_estimates
from shared.side.agent import CallAgent
from shared.side.line import Line
from shared.spec import Peer


class FarEnd(Protocol):
    """The other end of the line, as seen from one."""

    listening: asyncio.Event
    """It hears what is said to it."""
    left: asyncio.Event

    def hear_key(self, key: str) -> None:
        """A key of the other's telephone was pressed."""


class DirectConnection:
    """One end of the line between two sides (see `shared.side.conversation.Connection`)."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.input, self.output = PipeInput(), PipeOutput()
        # It cuts the transcript of an interrupted turn; in a room, RoomIO has one.
        self._synchronizer = TranscriptSynchronizer(
            next_in_chain_audio=self.output, next_in_chain_text=None
        )
        self.listening = asyncio.Event()
        self.left = asyncio.Event()
        self._other: FarEnd = self

    def connect(self, other: FarEnd) -> None:
        """Make `other` the other end of this one."""
        self._other = other

    async def play(self) -> Pcm:
        """What is played in the tick that begins now."""
        return self.output.tick()

    def hear(self, played: Pcm) -> None:
        """Let the session hear what the other end plays in this tick."""
        self.input.push(played)

    async def start(self, agent: CallAgent, session: AgentSession[Line]) -> None:
        """Start the session between the pipes."""
        session.input.audio = self.input
        session.output.audio = self._synchronizer.audio_output
        session.output.transcription = self._synchronizer.text_output
        skip_estimates(self._synchronizer, session.tts)
        await session.start(agent, record=False, session_host=False)
        self.listening.set()

    async def press(self, key: str) -> None:
        """Press a key of the telephone."""
        self._other.hear_key(key)

    def hear_key(self, key: str) -> None:
        """Nothing: our own agents have no menus, in a room neither."""

    async def wait_until_linked(self, session: AgentSession[Line]) -> None:
        """Nothing to wait for: the pipes are there."""

    async def wait_until_heard(self) -> None:
        """Wait until the other side's session has started."""
        await self._other.listening.wait()

    async def end_with_peer(self, line: Line) -> None:
        """End the line when the other side has left."""
        await self._other.left.wait()
        line.end(EndReason.PEER_LEFT)

    async def leave(self) -> None:
        """Leave the line, whatever state its session is in."""
        await self._synchronizer.aclose()
        self.left.set()
