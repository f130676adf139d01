"""Who holds the support side of a call: our own worker, or somebody's agent.

Everything that depends on who it is stands here: how long it is waited for, how it is told from
others in the room, whether it reports what it does, what its leaving means, and what can be known
of it for a verdict. A call's specification says who it is (`counterpart_of`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Protocol, Self

from shared.endings import Ending, Fault, Outcome
from shared.errors import UsageError
from shared.spec import DESK_ONLY, UNSEEN, AgentUnderTest, CallSpec, Role
from shared.worker.linking import AGENT_NAME

OVERHEARD_BY = "whisper/tiny.en"
"""The engine that recognizes in the recording what a counterpart said that reports nothing: local,
whatever engines the call uses, so that labelling costs nothing and no audio leaves for it."""


class Counterpart(Protocol):
    """Who holds the support side."""

    @property
    def agent_name(self) -> str:
        """The name that it is dispatched by."""

    @property
    def under_test(self) -> AgentUnderTest | None:
        """What a call's specification has of it, if it is somebody else's agent."""

    @property
    def dispatch_timeout_s(self) -> float:
        """Until when it must be in the room."""

    @property
    def join_timeout_s(self) -> float:
        """Until when it must be there once its worker has taken the job; then it is asked anew."""

    @property
    def tracks_timeout_s(self) -> float:
        """Until when its track must be heard by the recorder, once it is there."""

    @property
    def reports(self) -> bool:
        """Whether it tells what it hears, says and does, and what its engines were used for."""

    @property
    def answers_agents(self) -> bool:
        """Whether it listens to a caller that joins as an agent; else the caller is a person."""

    @property
    def missing(self) -> Fault:
        """Whose fault it is if it never comes to be heard."""

    def unseen(self, *, told: bool) -> frozenset[str]:
        """The fields of an `Expectation` of which nothing can be known, if it told what it does."""

    def metadata(self, spec: CallSpec) -> str:
        """What it is dispatched with."""

    def takes(self, identity: str, attributes: Mapping[str, str]) -> bool:
        """Whether a participant with this identity and these attributes is it."""

    def left(self) -> Ending:
        """How a call ends that it has left without a word."""

    def room_deleted(self, reason: str) -> Ending:
        """How a call ends whose room was deleted in its course."""

    def with_dispatch_timeout(self, timeout_s: float | None) -> Self:
        """The same, waited for so long; None changes nothing."""


@dataclass(frozen=True, kw_only=True)
class OurWorker:
    """Our own support agent: it reports everything, and its absence is a failure of the system."""

    dispatch_timeout_s: float = 20.0
    join_timeout_s: float = 8.0
    tracks_timeout_s: float = 10.0
    agent_name: ClassVar[str] = Role.SUPPORT
    under_test: ClassVar[AgentUnderTest | None] = None
    reports: ClassVar[bool] = True
    answers_agents: ClassVar[bool] = True
    missing: ClassVar[Fault] = Fault.SYSTEM

    def unseen(self, *, told: bool) -> frozenset[str]:
        """Its desk reports all."""
        del told
        return frozenset()

    def metadata(self, spec: CallSpec) -> str:
        """The call as a support agent may know it."""
        return spec.to_metadata(Role.SUPPORT)

    def takes(self, identity: str, attributes: Mapping[str, str]) -> bool:
        """Ours joins under the name of its role."""
        del attributes
        return identity == Role.SUPPORT

    def left(self) -> Ending:
        """It says why it leaves; else it was lost."""
        return Ending(Outcome.WORKER_LOST, Fault.SYSTEM, f"{Role.SUPPORT} left without a word")

    def room_deleted(self, reason: str) -> Ending:
        """It never deletes a room; somebody else has."""
        return Ending(Outcome.ROOM_DELETED, Fault.SYSTEM, reason)

    def with_dispatch_timeout(self, timeout_s: float | None) -> Self:
        """The same, waited for so long; None changes nothing."""
        return self if timeout_s is None else replace(self, dispatch_timeout_s=timeout_s)


class _SomebodysAgent:
    """What is true of anybody's agent, wherever it runs: it knows nothing of calls of ours."""

    reports: ClassVar[bool] = False
    answers_agents: ClassVar[bool] = False
    missing: ClassVar[Fault] = Fault.SUPPORT
    dispatch_timeout_s: float

    @property
    def join_timeout_s(self) -> float:
        """It may load whatever it needs only once it has the job."""
        return self.dispatch_timeout_s

    def unseen(self, *, told: bool) -> frozenset[str]:
        """Its session tells of its tools, if it is of livekit-agents 1.8 or later."""
        return DESK_ONLY if told else UNSEEN

    def metadata(self, spec: CallSpec) -> str:
        """What its scenario has for it."""
        return spec.under_test.metadata if spec.under_test else ""

    def left(self) -> Ending:
        """It may hang up without a word."""
        return Ending(Outcome.AGENT_LEFT, Fault.SUPPORT, "the agent left the room")

    def room_deleted(self, reason: str) -> Ending:
        """An agent that hangs up deletes the room (EndCallTool, livekit-agents 1.8.9)."""
        return Ending(Outcome.AGENT_LEFT, Fault.SUPPORT, reason)


@dataclass(frozen=True)
class LiveKitAgent(_SomebodysAgent):
    """Somebody's LiveKit agent, as it is: it knows nothing of us, and tells what its session tells.

    Args:
        name: The agent name that its worker is registered under.
        command: What starts its worker for the time of the calls, such as "python agent.py start";
            None if it runs already, on the server that the environment names.
        dispatch_timeout_s: Seconds until it must be in the room, for it may load what it needs only
            once it is dispatched.
        tracks_timeout_s: Seconds until its track must be heard, once it is there, and then until
            its first word.
        start_timeout_s: Seconds until its worker must be registered, if `command` starts it.

    Raises:
        UsageError: `name` is empty.

    Example:
        >>> LiveKitAgent("my-agent", command="python agent.py start").dispatch_timeout_s
        30.0
    """

    name: str
    command: str | None = None
    dispatch_timeout_s: float = 30.0
    tracks_timeout_s: float = 30.0
    start_timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if not self.name:
            raise UsageError("the agent has no name; give it an agent_name to call it by")

    @property
    def agent_name(self) -> str:
        """The name that it is dispatched by."""
        return self.name

    @property
    def under_test(self) -> AgentUnderTest:
        """The same in a call's specification."""
        return AgentUnderTest(name=self.name)

    def takes(self, identity: str, attributes: Mapping[str, str]) -> bool:
        """What it joins under is not known, but livekit-server says which agent it is."""
        del identity
        return attributes.get(AGENT_NAME) == self.name

    def with_dispatch_timeout(self, timeout_s: float | None) -> Self:
        """The same, waited for so long, and for its track and first word no less."""
        if timeout_s is None:
            return self
        tracks_timeout_s = max(self.tracks_timeout_s, timeout_s)
        return replace(self, dispatch_timeout_s=timeout_s, tracks_timeout_s=tracks_timeout_s)


@dataclass(frozen=True, kw_only=True)
class AgentFile(_SomebodysAgent):
    """Somebody's LiveKit agent as a file, which is run for a call without a server.

    Args:
        path: The file, as `python agent.py start` would be given it.
        python: The Python of its environment; None for this one.
        follow_clock: Whether `datetime.now` follows the call's clock in it.
        dispatch_timeout_s: Seconds until it must have been loaded and set up, in real time.
        tracks_timeout_s: Seconds until it must have a voice, in the call's time.

    Example:
        >>> AgentFile(path=Path("agent.py")).name
        'agent.py'
    """

    path: Path
    python: Path | None = None
    follow_clock: bool = False
    dispatch_timeout_s: float = 120.0
    tracks_timeout_s: float = 30.0

    @property
    def name(self) -> str:
        """What it is called in tables and pages."""
        return self.path.name

    agent_name = name

    @property
    def under_test(self) -> AgentUnderTest:
        """The same in a call's specification."""
        return AgentUnderTest(
            name=self.name,
            file=self.path,
            python=self.python,
            follow_clock=self.follow_clock,
        )

    def takes(self, identity: str, attributes: Mapping[str, str]) -> bool:
        """There is nobody else."""
        del identity, attributes
        return True

    def with_dispatch_timeout(self, timeout_s: float | None) -> Self:
        """The same, waited for so long; None changes nothing."""
        return self if timeout_s is None else replace(self, dispatch_timeout_s=timeout_s)


OURS = OurWorker()


def counterpart_of(spec: CallSpec) -> Counterpart:
    """Who holds the support side of a call."""
    there = spec.under_test
    if there is None:
        return OURS
    if there.file is None:
        return LiveKitAgent(there.name)
    return AgentFile(path=there.file, python=there.python, follow_clock=there.follow_clock)
