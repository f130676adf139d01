"""What an agent's process needs of LiveKit that it does not offer: its private names, here alone.

Each function says which names it uses, where they are in livekit-agents 1.8.9 and livekit 1.1.21.
`tests/duologue/call/direct/test_bridge_internals.py` fails on a version that has moved one.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, NamedTuple, TypeVar

import aiohttp
from livekit import rtc
from livekit.agents import AgentServer, JobContext, JobProcess, llm, utils
from livekit.agents.inference_runner import _InferenceRunner
from livekit.agents.ipc.job_proc_lazy_main import _JobProc
from livekit.agents.ipc.proto import InitializeRequest, ShutdownRequest, StartJobRequest
from livekit.agents.job import JobExecutorType, RunningJobInfo
from livekit.agents.simulation import SimulationVerdict
from livekit.agents.voice.agent_activity import AgentActivity
from livekit.rtc._proto import participant_pb2, room_pb2, track_pb2

T = TypeVar("T", bound=rtc.LocalAudioTrack)
R = TypeVar("R", bound=rtc.RemoteAudioTrack)

AUDIO = track_pb2.TrackKind.KIND_AUDIO
MICROPHONE = track_pb2.TrackSource.SOURCE_MICROPHONE


class Functions(NamedTuple):
    """What an agent's file registers with its server."""

    set_up: Callable[[JobProcess], Any]
    entrypoint: Callable[[JobContext], Any]
    on_request: Callable[[Any], Any] | None
    on_session_end: Callable[[JobContext], Any] | None
    on_simulation_end: Callable[[Any], Any] | None
    session_end_timeout_s: float


def functions_of(server: AgentServer) -> Functions | None:
    """What is registered; None if there is no entrypoint.

    `AgentServer._setup_fnc, _entrypoint_fnc, _request_fnc, _session_end_fnc, _simulation_end_fnc,
    _session_end_timeout` (worker.py); of these a worker makes its jobs.
    """
    if server._entrypoint_fnc is None:
        return None
    return Functions(
        server._setup_fnc or (lambda _: None),
        server._entrypoint_fnc,
        server._request_fnc,
        server._session_end_fnc,
        server._simulation_end_fnc,
        server._session_end_timeout,
    )


class Job:
    """One job, set up, run and shut down in the order and with the timeouts of a worker.

    `_JobProc` (ipc/job_proc_lazy_main.py) is what runs a job in a worker's child; it is fed the
    messages that come from the worker there. What its `_inf_client` would ask the worker's process
    for inference is done here.
    """

    def __init__(self, functions: Functions) -> None:
        self._messages: Any
        self._functions = functions
        self._process = _JobProc(
            functions.set_up,
            functions.entrypoint,
            functions.on_session_end,
            session_end_timeout=functions.session_end_timeout_s,
            executor_type=JobExecutorType.THREAD,
            simulation_end_fnc=functions.on_simulation_end,
        )

    def set_up(self) -> None:
        """Run the agent's own set-up. Blocks; raises what that raises."""
        self._process.initialize(InitializeRequest(), _NoParent())  # type: ignore[arg-type]
        self._process._inf_client = _Inference()  # type: ignore[assignment]

    async def run(self, info: RunningJobInfo) -> None:
        """Run it to its end, last callbacks included."""
        self._messages = utils.aio.Chan()  # of the loop that runs
        start = StartJobRequest()
        start.running_job = info
        self._messages.send_nowait(start)
        await self._process.entrypoint(self._messages)

    def shut_down(self, reason: str) -> None:
        """Have it end."""
        if not self._messages.closed:
            self._messages.send_nowait(ShutdownRequest(reason=reason))

    async def simulation_verdict(self, *, content: bool) -> SimulationVerdict | None:
        """The agent's own verdict on a simulation that is over, if it has any objection.

        `content` says whether the caller got what it called for.

        `SimulationContext._begin_finalize` (simulation.py): what a simulator asks for by the room.
        """
        simulation = self._process._job_ctx.simulation_context()
        ask = self._functions.on_simulation_end
        if not simulation or not ask:
            return None
        reason = "the caller got what it called for" if content else "the caller gave up"
        verdict = SimulationVerdict(success=content, reason=reason)
        simulation._begin_finalize(simulator_verdict=verdict, run=None)
        answer = ask(simulation)
        if inspect.isawaitable(answer):
            await answer
        return simulation.user_verdict


class _Inference:
    """Runs the models of the turn-detector plugin where they are asked for.

    `_InferenceRunner.registered_runners` (inference_runner.py) has what plugins bring.
    """

    def __init__(self) -> None:
        self._runners: dict[str, _InferenceRunner] = {}

    async def do_inference(self, method: str, data: bytes) -> bytes | None:
        if method not in self._runners:
            runner = _InferenceRunner.registered_runners[method]()
            runner.initialize()
            self._runners[method] = runner
        return self._runners[method].run(data)

    def close(self) -> None:
        """Nothing is under way."""


class _NoParent:
    """The worker that a job reports to, which nobody is here."""

    async def send(self, message: object) -> None:
        """Nothing."""


def replace_speech(own: Callable[[str, Any], Any]) -> None:
    """Have `own(kind, engine)` say what a session uses for the recognizer or voice that it names.

    `AgentActivity.stt` and `.tts` (voice/agent_activity.py) are where an agent's engines and its
    session's come together.
    """
    for kind in ("stt", "tts"):
        _replace(kind, partial(own, kind))


def watch_models(seen: Callable[[Any], None]) -> None:
    """Have `seen` told of each model of a session before it is used; it may raise.

    `AgentActivity.llm` (voice/agent_activity.py), as above.
    """

    def same(engine: Any) -> Any:
        seen(engine)
        return engine

    _replace("llm", same)


def _replace(kind: str, change: Callable[[Any], Any]) -> None:
    get = getattr(AgentActivity, kind).fget
    setattr(AgentActivity, kind, property(lambda activity: change(get(activity))))


def surround_requests(asking: Callable[[Any], AbstractAsyncContextManager[Any]]) -> None:
    """Surround each request to any language model, whose chunks go to what `asking` yields.

    `LLMStream._run` makes a request, and fills `LLMStream._event_ch` (llm/llm.py). A fallback's
    stream makes none itself.
    """
    make = llm.LLMStream.__init__

    def make_surrounded(stream: Any, *args: Any, **options: Any) -> None:
        make(stream, *args, **options)
        if "Fallback" in type(stream).__name__:
            return
        run, chunks = stream._run, stream._event_ch

        async def run_within() -> None:
            async with asking(chunks) as stand_in:
                stream._event_ch = stand_in
                try:
                    await run()
                finally:
                    stream._event_ch = chunks

        stream._run = run_within

    llm.LLMStream.__init__ = make_surrounded  # type: ignore[assignment,method-assign]


def hold_requests(hold: Callable[[], Any], on_websocket: Callable[[str], None]) -> None:
    """Surround HTTP requests, and the reading of their bodies; be told of WebSockets first.

    `aiohttp.ClientSession._request` and `_ws_connect` (aiohttp/client.py) are what all of its
    methods come to, `httpx.AsyncClient.send` what all of httpx's do.
    """
    session: Any = aiohttp.ClientSession
    connect = session._ws_connect

    async def connect_told(self: Any, url: Any, **options: Any) -> Any:
        on_websocket(str(url))
        return await connect(self, url, **options)

    session._ws_connect = connect_told
    _hold(session, "_request", hold)
    _hold(aiohttp.ClientResponse, "read", hold)
    for name in ("httpx", "httpx2"):
        try:
            client: Any = __import__(name)
        except ImportError:
            continue
        _hold(client.AsyncClient, "send", hold)
        _hold(client.Response, "aread", hold)


def _hold(owner: Any, name: str, hold: Callable[[], Any]) -> None:
    method: Callable[..., Awaitable[Any]] = getattr(owner, name)

    async def held(*args: Any, **options: Any) -> Any:
        with hold():
            return await method(*args, **options)

    setattr(owner, name, held)


def new_local_track(kind: type[T], name: str) -> T:
    """A track of ours; `rtc.LocalAudioTrack` is made of a message of the native part (track.py)."""
    owned = track_pb2.OwnedTrack()
    owned.info.sid, owned.info.name, owned.info.kind = f"TR_{name}", name, AUDIO
    return kind(owned)


def new_remote_track(kind: type[R], name: str) -> R:
    """A track of somebody else's."""
    owned = track_pb2.OwnedTrack()
    owned.info.sid, owned.info.name, owned.info.kind = f"TR_{name}", name, AUDIO
    return kind(owned)


def published_by_us(track: rtc.LocalAudioTrack, sid: str, source: Any) -> rtc.LocalTrackPublication:
    """What comes of publishing a track, which is subscribed to at once (track_publication.py)."""
    owned = track_pb2.OwnedTrackPublication()
    owned.info.sid, owned.info.name, owned.info.kind = sid, track.name, AUDIO
    owned.info.source = source
    publication = rtc.LocalTrackPublication(owned)
    publication._track, track._info.sid = track, sid
    publication._first_subscription.set_result(None)
    return publication


def new_caller(identity: str, name: str, microphone: rtc.RemoteAudioTrack) -> rtc.RemoteParticipant:
    """A person who is in the room, with an open microphone (participant.py)."""
    owned = participant_pb2.OwnedParticipant()
    owned.info.sid, owned.info.identity, owned.info.name = "PA_caller", identity, name
    owned.info.kind = participant_pb2.ParticipantKind.PARTICIPANT_KIND_STANDARD
    owned.info.client_protocol = 2
    owned.info.state = participant_pb2.ParticipantState.PARTICIPANT_STATE_ACTIVE
    caller = rtc.RemoteParticipant(owned)
    published = track_pb2.OwnedTrackPublication()
    published.info.sid, published.info.name = microphone.sid, microphone.name
    published.info.kind, published.info.source = AUDIO, MICROPHONE
    publication = rtc.RemoteTrackPublication(published)
    publication._track, publication._subscribed = microphone, True
    publication.set_subscribed = _unsubscribable  # type: ignore[method-assign]
    caller._track_publications[microphone.sid] = publication
    return caller


def _unsubscribable(subscribed: bool) -> None:  # noqa: FBT001 - as rtc's
    """Nothing: a call has one voice to hear."""
    del subscribed


def mark_left(participant: rtc.RemoteParticipant) -> None:
    """Say of a participant that it has left of its own will."""
    participant._info.disconnect_reason = participant_pb2.DisconnectReason.CLIENT_INITIATED


def our_participant(identity: str, attributes: dict[str, str]) -> Any:
    """What `rtc.LocalParticipant` is made of."""
    owned = participant_pb2.OwnedParticipant()
    owned.info.sid, owned.info.identity = "PA_agent", identity
    owned.info.kind = participant_pb2.ParticipantKind.PARTICIPANT_KIND_AGENT
    owned.info.state = participant_pb2.ParticipantState.PARTICIPANT_STATE_ACTIVE
    owned.info.attributes.update(attributes)
    return owned


class BareRoom(rtc.Room):
    """`rtc.Room` (room.py) with its state to be set, and nothing native behind it."""

    def enter(self, us: rtc.LocalParticipant, others: list[rtc.RemoteParticipant]) -> None:
        """Be connected."""
        self._local_participant = us
        self._connection_state = room_pb2.ConnectionState.CONN_CONNECTED
        self._info.sid = "RM_direct"
        self._resolve_first_sid("RM_direct")
        self._remote_participants.update({one.identity: one for one in others})
        self.emit("connection_state_changed", self._connection_state)
        self.emit("connected")

    def lose(self, identity: str) -> rtc.RemoteParticipant | None:
        """Have a participant be gone."""
        return self._remote_participants.pop(identity, None)

    def leave(self, reason: Any) -> None:
        """Be disconnected."""
        self._connection_state = room_pb2.ConnectionState.CONN_DISCONNECTED
        self.emit("connection_state_changed", self._connection_state)
        self.emit("disconnected", reason)

    def isconnected(self) -> bool:
        """Whether it is connected."""
        return bool(self._connection_state == room_pb2.ConnectionState.CONN_CONNECTED)


class BareParticipant(rtc.LocalParticipant):
    """`rtc.LocalParticipant` (participant.py) with its state to be set."""

    def __init__(self, room: rtc.Room, identity: str, attributes: dict[str, str]) -> None:
        super().__init__(room._room_queue, our_participant(identity, attributes))

    async def set_attributes(self, attributes: dict[str, str]) -> None:
        """Change some."""
        self._info.attributes.update(attributes)

    async def set_metadata(self, metadata: str) -> None:
        """Change it."""
        self._info.metadata = metadata

    async def set_name(self, name: str) -> None:
        """Change it."""
        self._info.name = name

    def add(self, publication: rtc.LocalTrackPublication) -> None:
        """Have a track published."""
        self._track_publications[publication.sid] = publication

    def remove(self, sid: str) -> rtc.LocalTrackPublication | None:
        """Have a track published no more."""
        return self._track_publications.pop(sid, None)
