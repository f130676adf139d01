"""Several workers in one process, without models to load.

`python -m tests.duologue.light_worker NAME=CONDUCT...`: one worker each, which prints its name
when it is registered. One that is `late` waits for the signal SIGUSR1 before it registers, an
`heir` for SIGUSR2.
`support=2` is the support agent's own worker, which takes two calls at a time.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

from livekit.agents import AgentServer, JobContext, JobExecutorType, JobRequest

from shared import engines
from shared.settings import Settings
from shared.side.conversation import Factory
from shared.spec import CallSpec, Role
from shared.worker import worker
from shared.worker.job import take_call
from tests.roles import call_spec, create_party

LOADING_S = 1.0
"""How long our own worker is busy between taking a job and joining the room."""

jobs = 0


async def join(context: JobContext) -> None:
    await context.connect()


async def die(_: JobContext) -> None:
    os._exit(1)


async def hesitate(context: JobContext) -> None:
    """Come only with the second job."""
    global jobs  # noqa: PLW0603 - this process has nothing else to keep
    jobs += 1
    if jobs == 1:
        await asyncio.sleep(60)
    await context.connect()


CONDUCT: dict[str, Callable[[JobContext], Awaitable[None]]] = {
    "joins": join,
    "late": join,
    "heir": join,
    "dies": die,
    "hesitates": hesitate,
}


def plain(name: str, entry: Callable[[JobContext], Awaitable[None]]) -> AgentServer:
    server = AgentServer(
        job_executor_type=JobExecutorType.THREAD,
        num_idle_processes=1,
        load_fnc=lambda _: 0.0,
        load_threshold=1.0,
        port=0,
        http_proxy=None,
    )

    async def on_request(request: JobRequest) -> None:
        await request.accept(identity=name)

    server.rtc_session(entry, agent_name=name, on_request=on_request)
    return server


async def take_late(
    context: JobContext, role: Role, spec: CallSpec, factory: Factory, settings: Settings
) -> None:
    """Take a call, after what loading models would take."""
    await asyncio.sleep(LOADING_S)
    await take_call(context, role, spec, factory, settings)


def ours(role: Role, calls: int) -> AgentServer:
    remote = {f"{role}_stt": "openai/whisper-1", f"{role}_tts": "openai/ash"}
    settings = Settings(_env_file=None).model_copy(
        update={f"{role}_port": 0, "duologue_worker_calls": calls, **remote}
    )
    chosen = settings.engines(role)
    engines.check(chosen, settings)

    def bare_spec(_: Settings) -> CallSpec:
        return call_spec(engines={role: chosen}, peers={}, recorder=None)

    return worker.create_server(role, create_party, settings, bare_spec, take=take_late)


async def serve(name: str, conduct: str, called: dict[str, asyncio.Event]) -> None:
    if conduct in called:
        await called[conduct].wait()
    server = ours(Role(name), int(conduct)) if conduct.isdigit() else plain(name, CONDUCT[conduct])
    server.on("worker_registered", lambda *_: print(name, flush=True))  # noqa: T201
    await server.run()


async def main() -> None:
    called = {"late": asyncio.Event(), "heir": asyncio.Event()}
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, called["late"].set)
    loop.add_signal_handler(signal.SIGUSR2, called["heir"].set)
    conduct = dict(word.split("=") for word in sys.argv[1:])
    await asyncio.gather(*(serve(name, what, called) for name, what in conduct.items()))


if __name__ == "__main__":
    asyncio.run(main())
