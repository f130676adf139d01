"""The support side of a direct call that somebody's agent holds, in a process of its own.

Both processes have the same time. In each tick the agent is told what the caller says, and says
what it plays when its own clock has come as far; meanwhile ours goes on, and then stands still
until that is there. So both work at once, and neither is ever ahead of the other.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any, Self

import numpy as np
from livekit.protocol.agent_pb.agent_session import AgentSessionMessage

from duologue.call.counterpart import counterpart_of
from duologue.call.direct.agent_process import AgentProcess
from duologue.call.direct.bridge.clock import VirtualClock
from duologue.call.direct.bridge.wire import Message, Wire
from duologue.call.direct.lent_speech import LentSpeech
from duologue.call.direct.pipes import SILENCE
from duologue.call.monitor import Monitor
from duologue.call.session_events import SessionEvents
from duologue.folder.channels import Pcm
from shared.endings import Ending, Fault, Outcome
from shared.errors import UsageError, in_a_line
from shared.events import AgentVerdict, EnginesUsed, Joined, Left
from shared.events.journal import Event, Journal
from shared.events.usage import EngineKind
from shared.side.line import KEYS
from shared.spec import CallSpec, Role

TROUBLE = frozenset({"refused", "lacks", "failed", "crashed"})
"""What ends the call: it cannot be held so, its file or its code failed."""
LISTENING = frozenset({"listening", "thinking", "speaking"})
"""States of an agent whose session has started."""
NO_SESSION_S = 2.0
"""An agent that has a voice for so long listens, though no session says so: it has none."""
TICK_TIMEOUT_S = 120.0
"""Real seconds that an agent may take for what it does in a tick: for services that do not answer
its clock stands still for half of that."""
CANCELLED_TIMEOUT_S = 5.0
"""The same for its last callbacks, if nobody wants the call any more."""
CANNOT = (
    "{name}: {what}, for which the virtual clock cannot wait; use --transport livekit, or "
    "--clock real for a single call"
)


LACKS = (
    "{name}: {problem}; livekit-agents 1.8.9 or newer is needed: name the Python of the agent's "
    "environment by --support-python"
)


class AgentSide:
    """The agent's side, to be used in the call's loop.

    Args:
        spec: The call.
        process: The agent's.
        speech: What hears and speaks for it; None if it has its own engines.
        clock: The call's; None in real time.
        journal: The driver's.
        monitor: Is told how the call ends, if that is to be seen here.
        deliver: Takes what the agent's session tells, as events of the support side.
    """

    def __init__(
        self,
        spec: CallSpec,
        process: AgentProcess,
        *,
        speech: LentSpeech | None,
        clock: VirtualClock | None,
        journal: Journal,
        monitor: Monitor,
        deliver: Callable[[Event], None],
    ) -> None:
        assert spec.under_test
        self._name = spec.under_test.name
        self._load_timeout_s = counterpart_of(spec).dispatch_timeout_s
        self._process, self._speech = process, speech
        self._stopped: Callable[[], AbstractContextManager[None]] = (
            clock.stopped if clock else nullcontext
        )
        self._journal, self._monitor = journal, monitor
        self._wire: Wire
        self._played: asyncio.Queue[tuple[Pcm, list[Message]]] = asyncio.Queue()
        """Of each tick what was played, and what was said until then: noticed at its end, for when
        within the tick it arrives is chance."""
        self._unread: list[Message] = []
        """What was said since."""
        self._pressed: list[str] = []
        """Keys of the caller's telephone since the last tick."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._identity = self._name
        self.listening, self.left = asyncio.Event(), asyncio.Event()
        """It has a voice; it has left the room (see `DirectConnection`)."""
        self._loaded: asyncio.Future[bool] = asyncio.Future()
        self.over = asyncio.Event()
        """Nothing more comes of it."""
        self.refused: UsageError | None = None
        self.content = False
        """Whether the caller got what it called for; said to the agent when the call is over."""
        self.session = SessionEvents(partial(_deliver_own, deliver) if speech else deliver)
        """What its session tells."""

    async def __aenter__(self) -> Self:
        """Begin to listen to what the process says."""
        self._wire = await Wire.open(self._process.end)
        reading = asyncio.create_task(self._read(), name="agent's process")
        self._tasks.add(reading)
        return self

    async def is_loaded(self) -> bool:
        """Wait until its file was run; whether that could be."""
        with self._stopped(), self._process.awaited(self._load_timeout_s):
            return await self._loaded

    async def play(self) -> Pcm:
        """What it plays in the tick that begins now."""
        if self.over.is_set() and self._played.empty():
            return SILENCE
        with self._stopped(), self._process.awaited(TICK_TIMEOUT_S):
            played, said = await self._played.get()
        self._take_notice(said)
        return played

    def hear(self, said: Pcm) -> None:
        """Let it hear what the caller says in this tick."""
        if not self.over.is_set():
            pressed, self._pressed = self._pressed, []
            keys = [{"digit": key, "code": KEYS.index(key)} for key in pressed]
            told = {"pressed": keys} if keys else {}
            self._wire.send("heard", said.tobytes() if said.any() else b"", **told)

    def hear_key(self, key: str) -> None:
        """Tell it with the next tick that the caller has pressed a key."""
        self._pressed.append(key)

    async def __aexit__(self, *failure: object) -> None:
        """Let it end in its own time, shutdown callbacks included."""
        limit_s = CANCELLED_TIMEOUT_S if any(failure) else TICK_TIMEOUT_S
        if not self.over.is_set():
            self._wire.send("over", content=self.content)
            with self._stopped(), self._process.awaited(limit_s):
                await self.over.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self._notice_rest()
        await self._wire.aclose()

    async def _read(self) -> None:
        try:
            while True:
                self._take(await self._wire.next())
        except EOFError:
            self._notice_rest()
            await self._on_gone()
        finally:
            self.over.set()
            self._played.put_nowait((SILENCE, []))  # for whoever waits
            if not self._loaded.done():
                self._loaded.set_result(False)

    def _take(self, said: Message) -> None:
        """Answer what the process asks, and keep what else it says for the end of its tick."""
        match said.kind:
            case "recognize" | "synthesize" | "wait":
                answering = asyncio.create_task(self._answer(said), name="answer")
                self._tasks.add(answering)
                answering.add_done_callback(self._tasks.discard)
            case "played":
                pcm = np.frombuffer(said.payload, np.int16) if said.payload else SILENCE
                self._played.put_nowait((pcm, self._unread))
                self._unread = []
            case "loaded":
                self._loaded.set_result(True)
            case "ended":
                self.over.set()
            case _:
                self._unread.append(said)

    def _notice_rest(self) -> None:
        """Take notice of all that was said, when no tick will come any more."""
        while not self._played.empty():
            self._take_notice(self._played.get_nowait()[1])
        self._take_notice(self._unread)
        self._unread = []

    def _take_notice(self, messages: Sequence[Message]) -> None:
        for said in messages:
            if said.kind == "session":
                self.session.take(AgentSessionMessage.FromString(said.payload))
            elif said.kind in TROUBLE:
                self._on_trouble(said.kind, said.fields)
            else:
                self._on_notice(said.kind, said.fields)

    def _on_notice(self, kind: str, fields: dict[str, Any]) -> None:
        match kind:
            case "joined":
                self._identity = fields["identity"]
            case "attributes" if fields["attributes"].get("lk.agent.state") in LISTENING:
                self._on_listening()
            case "published" if fields["voice"]:
                asyncio.get_running_loop().call_later(NO_SESSION_S, self._on_listening)
            case "left":
                if self.listening.is_set():
                    self._journal.emit(Left(reason=fields["reason"], **self._participant))
                self.left.set()
            case "verdict":
                self._journal.emit(AgentVerdict(**fields))

    def _on_listening(self) -> None:
        if not self.listening.is_set() and not self.over.is_set():
            self._journal.emit(Joined(**self._participant))
            self.listening.set()

    def _on_trouble(self, kind: str, fields: dict[str, Any]) -> None:
        if kind == "refused":
            self.refused = UsageError(CANNOT.format(name=self._name, what=fields["what"]))
        elif kind == "lacks":
            self.refused = UsageError(LACKS.format(name=self._name, problem=fields["problem"]))
        if self.refused:
            self._settle(Outcome.REFUSED, Fault.SUPPORT, str(self.refused))
        else:
            self._settle(Outcome.AGENT_CRASHED, Fault.SUPPORT, f"{self._name}: {fields['problem']}")

    async def _answer(self, asked: Message) -> None:
        number = asked.fields["number"]
        assert self._speech
        try:
            answer = await self._speech.answer(asked)
        except Exception as error:  # noqa: BLE001 - it is the agent's to deal with
            answer = Message("answer", {"problem": in_a_line(error)})
        self._wire.send(answer.kind, answer.payload, number=number, **answer.fields)

    @property
    def _participant(self) -> dict[str, Any]:
        return {
            "identity": self._identity,
            "side": Role.SUPPORT,
            "agent_name": self._name,
            "sid": "",
        }

    async def _on_gone(self) -> None:
        """Say how its process ended, unless it was to end."""
        if self.over.is_set():
            return
        with self._stopped():
            how = await self._process.how_it_ended()
        self._settle(
            Outcome.AGENT_CRASHED, Fault.SUPPORT, f"{self._name}: its process ended: {how}"
        )

    def _settle(self, outcome: Outcome, fault: Fault, detail: str) -> None:
        self._monitor.settle(Ending(outcome, fault, detail))


def _deliver_own(deliver: Callable[[Event], None], event: Event) -> None:
    """Leave out of what the agent has used what hears and speaks for it: that is ours."""
    if isinstance(event.payload, EnginesUsed):
        models = [model for model in event.payload.models if model.kind is EngineKind.LLM]
        event = event._replace(payload=EnginesUsed(models=tuple(models)))
    deliver(event)
