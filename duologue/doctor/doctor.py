"""`duologue doctor`: what is wrong, stage by stage, with a server and the workers on it.

Three rooms, one after the other, each deleted again: in the first both agents echo what the probe
says, in the second they answer it with a fixed line, in the third they talk to each other.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from functools import partial
from typing import NamedTuple

import aiohttp
from livekit import api

from duologue.call.counterpart import OURS
from duologue.call.over_livekit.dispatch import dispatch
from duologue.doctor import checks
from duologue.doctor.checks import ProbeVoice
from duologue.doctor.probe import IDENTITY, Probe
from duologue.scenarios.scenario_file import load_scenario
from shared.address import ServerAddress
from shared.errors import DuologueError, JobRefused, ServerUnreachable, UsageError
from shared.events.journal import Journal
from shared.limits import Limits
from shared.settings import Settings
from shared.spec import CallSpec, Mode, Peer, PeerKind, Role

FIRST_STATUS = 10
"""Exit status of the first stage; the others follow in order."""
DISPATCH_TIMEOUT_S = OURS.dispatch_timeout_s
ROOM_LIFETIME_S = 120.0
"""How long a room of the doctor's may be used, apart from holding."""
LONGEST_HOLD_S = 3400.0
"""What a call's longest length leaves for holding."""


class Stage(StrEnum):
    """What is looked at, in this order; docs/doctor.md has the exit status of each."""

    SERVER = "server"
    KEY = "key"
    VOICE = "voice"
    ROOM = "room"
    DISPATCH = "dispatch"
    PRESENT = "present"
    PUBLISHED = "published"
    SUBSCRIBED = "subscribed"
    SOUND = "sound"
    ECHO = "echo"
    VAD = "vad"
    STT = "stt"
    REPLY = "reply"
    TTS = "tts"
    TURN = "turn"


class StageStatus(StrEnum):
    """Whether a stage was looked at, and was right."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class StageResult(NamedTuple):
    """One stage, for one role or for all there is."""

    stage: Stage
    role: Role | None
    """None where the stage is not about one agent."""
    status: StageStatus
    seen: str
    """One line: what was seen, or why it was not looked at."""
    took_s: float
    cure: str = ""
    """What to do, when it failed."""


_AGENT = (Stage.SERVER, Stage.KEY, Stage.ROOM, Stage.DISPATCH, Stage.PRESENT)
_TRACK = (*_AGENT, Stage.PUBLISHED, Stage.SUBSCRIBED)
_TALK = (Stage.VAD, Stage.STT, Stage.REPLY)
NEEDS: Mapping[Stage, Sequence[Stage]] = {
    Stage.SERVER: (),
    Stage.KEY: (Stage.SERVER,),
    Stage.VOICE: (),
    Stage.ROOM: _AGENT[:2],
    Stage.DISPATCH: _AGENT[:3],
    Stage.PRESENT: _AGENT[:4],
    Stage.PUBLISHED: _AGENT,
    Stage.SUBSCRIBED: _TRACK[:-1],
    Stage.SOUND: (Stage.VOICE, *_TRACK),
    Stage.ECHO: (Stage.VOICE, *_TRACK, Stage.SOUND),
    Stage.VAD: (Stage.VOICE, *_AGENT),
    Stage.STT: (Stage.VOICE, *_AGENT, *_TALK[:1]),
    Stage.REPLY: (Stage.VOICE, *_AGENT, *_TALK[:2]),
    Stage.TTS: (Stage.VOICE, *_AGENT, *_TALK),
    # Not the probe's voice: without it, this is what can still be seen.
    Stage.TURN: (*_AGENT, *_TALK, Stage.TTS),
}
"""The stages without which one cannot be looked at."""

CURES: Mapping[Stage, str] = {
    Stage.SERVER: "start a server, or correct LIVEKIT_URL",
    Stage.KEY: "set LIVEKIT_API_KEY and LIVEKIT_API_SECRET to a pair of the server's `keys`",
    Stage.VOICE: 'install the offline engines, extra "offline", where the doctor runs',
    Stage.ROOM: "open the server's media ports to this machine (rtc: udp_port, tcp_port, node_ip)",
    Stage.DISPATCH: "start the {role} worker with this server and key: python -m {role}_agent",
    Stage.PRESENT: "look for ERROR and ENDED in the {role} worker's log",
    Stage.PUBLISHED: "look for ERROR in the {role} worker's log; it may not reach the media ports",
    Stage.SUBSCRIBED: "open the server's media ports to the {role} worker (rtc: node_ip, udp_port)",
    Stage.SOUND: "see whether the {role} worker receives audio, and what its machine's load is",
    Stage.ECHO: "see what the {role} worker's machine's load is, and what its network loses",
    Stage.VAD: "check {variable}_VAD and the {role} worker's log",
    Stage.STT: "check {variable}_STT, its key, and the {role} worker's log",
    Stage.REPLY: "check {variable}_TTS, its key, and the {role} worker's log",
    Stage.TTS: "check {variable}_TTS: its voice says something else than it is told, or nothing",
    Stage.TURN: "compare HEARD and SAID in both workers' logs",
}
"""What to do when a stage failed."""

OnStage = Callable[[StageResult], None]


def exit_status(results: Collection[StageResult]) -> int:
    """The exit status of `duologue doctor`: 0, or that of the first stage that failed."""
    failed = {result.stage for result in results if result.status is StageStatus.FAILED}
    return next((status for stage, status in STATUS.items() if stage in failed), 0)


STATUS: Mapping[Stage, int] = {stage: FIRST_STATUS + n for n, stage in enumerate(Stage)}
"""The exit status that each stage's failing gives."""


async def examine(
    address: ServerAddress,
    settings: Settings,
    *,
    hold_s: float,
    on_stage: OnStage,
    roles: Collection[Role] = tuple(Role),
    modes: Collection[Mode] = tuple(Mode),
) -> list[StageResult]:
    """Look at every stage that can be looked at; whatever is wrong is in the results.

    Args:
        address: The server.
        settings: The engines that the workers are asked to use.
        hold_s: How long the agents have to stay, at most LONGEST_HOLD_S.
        on_stage: Told each result as soon as it is known.
        roles: Whose workers are looked at.
        modes: In which rooms: ECHO up to stage echo, REPLY up to tts, TALK the turn,
            which takes both roles.
    """
    examination = Examination(address, settings, on_stage, roles)
    await examination.outside()
    if Mode.ECHO in modes:
        await examination.echo(hold_s)
    if Mode.REPLY in modes:
        await examination.reply()
    if Mode.TALK in modes and set(roles) == set(Role):
        await examination.talk()
    return examination.results


class Examination:
    """One run of the doctor; its methods are the parts of it, in order."""

    def __init__(
        self,
        address: ServerAddress,
        settings: Settings,
        on_stage: OnStage,
        roles: Collection[Role],
    ) -> None:
        self.results: list[StageResult] = []
        self._address, self._settings, self._on_stage = address, settings, on_stage
        self._roles = roles
        self._name = f"doctor-{secrets.token_hex(4)}"
        self._voice: ProbeVoice | None = None

    @property
    def voice(self) -> ProbeVoice:
        """The probe's; to be asked for only where stage VOICE is needed."""
        assert self._voice is not None
        return self._voice

    async def outside(self) -> None:
        """The stages that need no room."""
        await self._check(Stage.SERVER, self._reachable)
        await self._check(Stage.KEY, self._accepted)
        await self._check(Stage.VOICE, self._speaks)

    async def echo(self, hold_s: float) -> None:
        """Both agents join, stay, publish, and echo what the probe says."""
        async with self._room(Mode.ECHO, lifetime_s=hold_s + ROOM_LIFETIME_S) as probe:
            await self._each(Stage.PRESENT, partial(checks.present, probe, hold_s=hold_s))
            await self._each(Stage.PUBLISHED, partial(checks.published, probe))
            await self._each(Stage.SUBSCRIBED, partial(checks.subscribed, probe))
            await self._speak(probe, Stage.SOUND)
            await self._each(Stage.SOUND, partial(checks.sound, probe))
            await self._each(Stage.ECHO, lambda role: checks.echo(probe, role, self.voice))

    async def reply(self) -> None:
        """Both agents hear the probe, and answer with a fixed line."""
        async with self._room(Mode.REPLY) as probe:
            await self._speak(probe, Stage.VAD)
            await self._each(Stage.VAD, partial(checks.vad, probe))
            await self._each(Stage.STT, lambda role: checks.recognized(probe, role, self.voice))
            await self._each(Stage.REPLY, lambda role: checks.replied(probe, role, self.voice))
            await self._each(Stage.TTS, lambda role: checks.spoken(probe, role, self.voice))

    async def talk(self) -> None:
        """The two agents talk to each other; the probe only listens."""
        async with self._room(Mode.TALK) as probe:
            await self._check(Stage.TURN, partial(checks.turn, probe))

    async def _reachable(self) -> str:
        try:
            await self._address.check()
        except ServerUnreachable:
            raise
        except UsageError:
            pass  # it answers, which is all that is asked here
        return f"{self._address.url} answers"

    async def _accepted(self) -> str:
        await self._address.check()
        return f"{self._address.api_key} is known"

    async def _speaks(self) -> str:
        self._voice = await checks.load_voice(self._settings)
        return f"the probe says “{checks.PHRASE}”"

    @asynccontextmanager
    async def _room(
        self, mode: Mode, *, lifetime_s: float = ROOM_LIFETIME_S
    ) -> AsyncIterator[Probe]:
        """A room with the probe and, as far as that works, with the agents in it."""
        async with Probe(self._address, self._spec(mode, lifetime_s)) as probe:
            await self._check(Stage.ROOM, partial(self._join, probe))
            await self._each(Stage.DISPATCH, partial(self._dispatch, probe))
            yield probe

    def _spec(self, mode: Mode, lifetime_s: float) -> CallSpec:
        call_id = f"{self._name}-{mode}"
        engines = {role: self._settings.engines(role) for role in Role}
        limits = Limits(max_length_s=lifetime_s)
        if mode is Mode.TALK:
            spec = load_scenario().to_spec(
                call_id=call_id, seed=0, engines=engines, recorder=IDENTITY
            )
            return spec.model_copy(update={"limits": limits})
        return CallSpec(
            call_id=call_id,
            scenario="doctor",
            mode=mode,
            limits=limits,
            engines=engines,
            peers={role: Peer(identity=IDENTITY, kind=PeerKind.STANDARD) for role in Role},
            recorder=IDENTITY,
        )

    async def _join(self, probe: Probe) -> str:
        await probe.join()
        return f"the probe is in {probe.room_name}, its microphone published"

    async def _dispatch(self, probe: Probe, role: Role) -> str:
        probe.expected.add(role)
        await dispatch(
            probe.livekit,
            room=probe.room_name,
            agent_name=role.value,
            attributes={},
            metadata=probe.spec.to_metadata(role),
            # A worker that refuses is an answer, too.
            present=lambda: role in probe.joined_s or role in probe.refused,
            journal=Journal("driver", room=probe.room_name, call_id=probe.spec.call_id),
            timeout_s=DISPATCH_TIMEOUT_S,
            join_timeout_s=OURS.join_timeout_s,
        )
        if reason := probe.refused.get(role):
            raise JobRefused(probe.room_name, role, reason)
        return "an agent of this name joined"

    async def _speak(self, probe: Probe, stage: Stage) -> None:
        """Say the phrase to all agents for which `stage` can be looked at, once they listen."""
        roles = [role for role in self._roles if self._missing(stage, role) is None]
        if roles:
            await checks.listening(probe, roles)
            probe.speak(self.voice.phrase)

    async def _each(self, stage: Stage, look: Callable[[Role], Awaitable[str]]) -> None:
        for role in self._roles:
            await self._check(stage, partial(look, role), role)

    async def _check(
        self, stage: Stage, look: Callable[[], Awaitable[str]], role: Role | None = None
    ) -> None:
        """Look at one stage, if that can be done, and report it.

        A stage that is passed in every room is reported once, and not tried again once it failed.
        """
        if self._find(StageStatus.FAILED, stage, role):
            return
        began_s = asyncio.get_running_loop().time()
        status, cure = StageStatus.PASSED, ""
        if missing := self._missing(stage, role):
            status, seen = StageStatus.SKIPPED, f"needs {missing}, which failed"
        else:
            try:
                seen = await look()
            except (DuologueError, api.TwirpError, aiohttp.ClientError, TimeoutError) as problem:
                status, seen = StageStatus.FAILED, str(problem) or type(problem).__name__
                cure = CURES[stage].format(role=role, variable=(role or "").upper())
        if status is not StageStatus.FAILED and self._find(status, stage, role):
            return
        took_s = asyncio.get_running_loop().time() - began_s
        result = StageResult(stage, role, status, seen, took_s, cure)
        self.results.append(result)
        self._on_stage(result)

    def _missing(self, stage: Stage, role: Role | None) -> Stage | None:
        """The first stage that `stage` needs and that failed."""
        failed = (need for need in NEEDS[stage] if self._find(StageStatus.FAILED, need, role))
        return next(failed, None)

    def _find(self, status: StageStatus, stage: Stage, role: Role | None) -> bool:
        """Whether `stage` had this status for `role`, or for any where `role` is None."""
        return any(
            result.stage is stage
            and result.status is status
            and (role is None or result.role in (None, role))
            for result in self.results
        )
