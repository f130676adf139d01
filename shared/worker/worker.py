"""A worker: registers under its role's agent name and takes one side of a call per job.

Jobs run as threads of the worker's process, so models are loaded once per worker. What a crash of
that process takes with it is every call of this worker; the other side of each call hangs up.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from functools import partial

from livekit import api
from livekit.agents import AgentServer, JobContext, JobExecutorType, JobProcess, JobRequest
from livekit.protocol.agent import Job

from shared import engines, logs
from shared.address import ServerAddress
from shared.errors import DuologueError, ServerUnreachable, UsageError, WorkerFailed
from shared.events import Failed, Refused, Registered
from shared.livekit_internals import says_server_is_lost
from shared.logs import get_logger
from shared.masking import mask, without_credentials
from shared.settings import Settings, read_settings
from shared.side.conversation import Factory
from shared.spec import CallSpec, Role
from shared.worker import health
from shared.worker.bus import REFUSED_TOPIC, Refusal
from shared.worker.job import NOTICES, take_call
from shared.worker.linking import AGENT_NAME
from shared.worker.notice import Notices
from shared.worker.simulation import is_in_text, read_dispatch, simulated_spec
from shared.worker.stopping import StoppableServer, StopSignals, serve

log = get_logger("duologue.worker")

DRAIN_TIMEOUT_S = 600
"""How long a worker that was told to stop lets its calls go on."""
SETUP_TIMEOUT_S = 120
"""Loading models on a busy machine."""
CONNECT_RETRIES = 16
"""How often in a row a worker that does not reach its server tries again, which takes 130 s."""
FULL_LOAD = 0.7
"""The load from which on livekit-server offers a worker nothing (1.13.5, pkg/agent/config.go)."""
SHOWN_METADATA = 80
"""Characters of metadata that is ignored, for whoever dispatched to know it by."""

BareSpec = Callable[[Settings], CallSpec]
"""Makes the specification of a job that brings none."""
Check = Callable[[CallSpec], None]
"""Raises SpecError for what a role cannot take from a specification."""
TakeCall = Callable[[JobContext, Role, CallSpec, Factory, Settings], Awaitable[None]]
"""What a worker does with a job, as `take_call` does."""


def create_server(
    role: Role,
    factory: Factory,
    settings: Settings,
    bare_spec: BareSpec,
    check: Check | None = None,
    *,
    take: TakeCall = take_call,
    connect_retries: int = CONNECT_RETRIES,
) -> AgentServer:
    """The worker of `role`: explicit dispatch only, one call per job."""
    notices = Notices.new()

    def setup(process: JobProcess) -> None:
        process.userdata[NOTICES] = notices
        engines.preload(settings.engines(role), settings)

    calls = settings.duologue_worker_calls
    port = settings.port(role)
    secret = settings.livekit_api_secret
    taking = 0  # jobs that are being answered, and not active yet

    def load(server: AgentServer) -> float:
        return FULL_LOAD * _calls(server) / calls

    spec_of = partial(read_spec, role=role, settings=settings, bare_spec=bare_spec, check=check)

    server = StoppableServer(
        notices,
        job_executor_type=JobExecutorType.THREAD,
        num_idle_processes=1,
        # A local engine keeps the processor busy, which LiveKit's default would take for a full
        # worker; dispatches to a full worker are lost without a word. With a threshold, one job
        # that is about to start would count as much as it takes to be full.
        load_fnc=load,
        load_threshold=math.inf,
        drain_timeout=DRAIN_TIMEOUT_S,
        initialize_process_timeout=SETUP_TIMEOUT_S,
        setup_fnc=setup,
        host=settings.duologue_health_host,
        port=port,
        http_proxy=None,
        max_retry=connect_retries,
        ws_url=without_credentials(settings.livekit_url) if settings.livekit_url else None,
        api_key=settings.livekit_api_key,
        api_secret=secret.get_secret_value() if secret else None,
    )

    async def on_request(request: JobRequest) -> None:
        nonlocal taking
        if not is_in_text(request.job) and _calls(server) + taking >= calls:
            await request.reject(terminate=False)  # another worker may have room
            return
        taking += 1
        try:
            await answer(request)
        finally:
            taking -= 1

    async def answer(request: JobRequest) -> None:
        try:
            spec_of(request.job)
        except DuologueError as error:
            refused = Refused(worker=role, reason=mask(str(error)))
            log.error(refused.name, room=request.room.name, role=role, **refused.fields())
            await _say_why(request, role, settings, refused.reason)
            await request.reject()
            return
        if await _is_second(request, role, settings):
            # Not said in the room: whoever dispatched again did so because the first came late.
            refused = Refused(worker=role, reason=f"there is a {role} in the room already")
            log.warning(refused.name, room=request.room.name, role=role, **refused.fields())
            await request.reject()
        else:
            if ignored := _ignored(request.job):
                log.warning(
                    "metadata ignored, it is no CallSpec; this is a bare dispatch",
                    room=request.room.name,
                    role=role,
                    metadata=ignored,
                )
            await request.accept(identity=role, name=role.capitalize())

    async def entry(context: JobContext) -> None:
        spec = spec_of(context.job)
        await take(context, role, spec, factory, settings)

    server.rtc_session(entry, agent_name=role, on_request=on_request)
    return server


def _calls(server: AgentServer) -> int:
    """How many calls a worker is in that keep its engines busy."""
    return sum(not is_in_text(active.job) for active in server.active_jobs)


def read_spec(
    job: Job, *, role: Role, settings: Settings, bare_spec: BareSpec, check: Check | None
) -> CallSpec:
    """The specification that a job carries, or the role's own for a bare dispatch.

    One with metadata of another make is bare, too.

    Raises:
        SpecError: The metadata is a CallSpec that is wrong or not for this role, or the scenario
            of a simulation has something else for it, or the role cannot take what is in it.
        EngineUnavailable: It asks for an engine that this worker does not have.
    """
    if simulation := read_dispatch(job):
        spec = simulated_spec(bare_spec(settings), simulation)
    elif CallSpec.is_meant_by(job.metadata):
        spec = CallSpec.from_metadata(job.metadata, role)
    else:
        spec = bare_spec(settings)
    engines.check(spec.engines[role], settings)
    if check:
        check(spec)
    return spec


def _ignored(job: Job) -> str:
    """What a job brings that means nothing to us, shortened; empty if it brings nothing such."""
    if read_dispatch(job) or CallSpec.is_meant_by(job.metadata):
        return ""
    text = mask(job.metadata.strip())  # whole, for what is left of a secret could not be told
    return text if len(text) <= SHOWN_METADATA else f"{text[:SHOWN_METADATA]}..."


def _address(settings: Settings) -> ServerAddress:
    """The server that the worker works for.

    Raises:
        UsageError: The environment does not name it, or no key for it.
    """
    address = ServerAddress.from_settings(settings)
    if address is None:
        raise UsageError("LIVEKIT_URL is not set; put it in the environment or in .env")
    return address


async def _is_second(request: JobRequest, role: Role, settings: Settings) -> bool:
    """Whether the room already has an agent of this role; there is never to be a second."""
    async with _address(settings).client() as livekit:
        present = await livekit.room.list_participants(
            api.ListParticipantsRequest(room=request.room.name)
        )
    return any(
        one.kind == api.ParticipantInfo.Kind.AGENT and one.attributes.get(AGENT_NAME) == role
        for one in present.participants
    )


async def _say_why(request: JobRequest, role: Role, settings: Settings, reason: str) -> None:
    """Tell the room why a job was refused; whoever waits for the agent can stop waiting."""
    refusal = Refusal(role=role, reason=reason, dispatch_id=request.job.dispatch_id)
    async with _address(settings).client() as livekit:
        await livekit.room.send_data(
            api.SendDataRequest(
                room=request.room.name,
                data=refusal.to_data(),
                kind=api.DataPacket.Kind.RELIABLE,
                topic=REFUSED_TOPIC,
            )
        )


def run(
    role: Role,
    factory: Factory,
    bare_spec: BareSpec,
    check: Check | None = None,
    *,
    take: TakeCall = take_call,
    connect_retries: int = CONNECT_RETRIES,
) -> int:
    """Run the worker of `role` until it is told to stop; the exit status of its process.

    The SDK's own command returns 0 for a port that is taken and for a server that never answers.
    """
    logs.configure("json")
    try:
        settings = read_settings()
        logs.configure(settings.duologue_log)
        server = create_server(
            role, factory, settings, bare_spec, check, take=take, connect_retries=connect_retries
        )
        asyncio.run(_run(server, role, settings))
    except DuologueError as error:
        log.error(Failed.name, role=role, **Failed(error=str(error)).fields())
        return error.exit_code
    return 0


async def _run(server: AgentServer, role: Role, settings: Settings) -> None:
    await _check_access(settings)
    engines.check(settings.engines(role), settings)
    # One line of ours says it too, without the traceback.
    logging.getLogger("livekit.agents").addFilter(lambda record: not says_server_is_lost(record))

    @server.on("worker_registered")
    def on_registered(worker_id: str, _: object) -> None:
        registered = Registered(
            worker_id=worker_id,
            url=_address(settings).url,
            port=server.worker_info.http_port,
        )
        log.info(registered.name, role=role, **registered.fields())

    try:
        async with health.told_at(
            settings.duologue_health_host, settings.duologue_ready_port, server
        ):
            await serve(server, StopSignals())
    except (OSError, RuntimeError) as error:
        raise WorkerFailed(role, str(error)) from error


async def _check_access(settings: Settings) -> None:
    """Say at once what would otherwise be retried for minutes: no address, or a wrong key.

    A server that does not answer yet is no error: it may be starting beside this worker.
    """
    address = _address(settings)
    try:
        await address.check()
    except ServerUnreachable as error:
        log.warning("server does not answer yet", url=address.url, error=str(error))
