"""One call of somebody's agent: what is put in place for it, and its job from set-up to end."""

import asyncio
import itertools
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from livekit import api, rtc
from livekit.agents import Agent, AgentSession, APIError, JobContext, JobRequest, llm
from livekit.agents.job import JobAcceptArguments, RunningJobInfo
from livekit.protocol import agent, models

from . import agent_file, room, server_api
from . import livekit_internals as internals
from .clock import VirtualClock
from .failures import in_a_line
from .speech import StandIns
from .wire import Message, Wire

TICK_S = 0.032
TICK_SAMPLES = 768
URL = "ws://direct.invalid"
KEYS = {"LIVEKIT_URL": URL, "LIVEKIT_API_KEY": "direct", "LIVEKIT_API_SECRET": "d" * 32}
"""Where the user has none: an agent asks for them, though there is no server."""
JOB = "AJ_direct"
HANGING_UP_S = 2.0
"""How long after the caller's leaving an agent ends by itself, by its own clock."""
END_S = 60.0
"""How long it may take to end when it is told to, by the same."""
REALTIME = (llm.RealtimeModel, llm.DuplexModel)


class TheirCall:
    """One agent's file in one call.

    Args:
        path: The file.
        order: What the other process says of the call.
        clock: The call's; None if it is held in real time.

    Raises:
        BaseException: Whatever the file raises when it is run.
    """

    def __init__(self, path: Path, order: dict[str, Any], clock: VirtualClock | None) -> None:
        self._path, self._order, self._clock = path, order, clock
        self._wire: Wire | None = None
        self._ticks: asyncio.Queue[Message] = asyncio.Queue()
        self._stopped: Callable[[], AbstractContextManager[None]] = nullcontext
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Message]] = {}
        logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.INFO)
        room.install()
        room.Room.tell = self._tell
        server_api.install(self._on_room_deleted)
        if clock:
            self._follow(clock)
        functions = agent_file.load(path)
        for name, value in KEYS.items():
            os.environ.setdefault(name, value)
        self._on_request = functions.on_request
        self._job = internals.Job(
            functions._replace(entrypoint=self._watched(functions.entrypoint))
        )

    def set_up(self) -> None:
        """Run the agent's own set-up, as a worker's process does before any call."""
        self._job.set_up()

    async def hold(self, end: socket.socket) -> None:
        """Take part in the call until the other process says that it is over.

        Raises:
            EOFError: The other process is gone.
        """
        wire = self._wire = await Wire.open(end)
        self._tell("loaded")
        reading = asyncio.create_task(self._read(wire), name="read")
        holding = asyncio.create_task(self._hold(), name="hold")
        await asyncio.wait([reading, holding], return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            reading.result()  # raises what went wrong
        holding.result()
        reading.cancel()
        await wire.aclose()

    async def _hold(self) -> None:
        accepted = await self._accepted()
        if isinstance(accepted, str):
            self._tell("failed", where="request", problem=accepted)
            return
        room.Room.agent = {
            "identity": accepted.identity,
            "attributes": accepted.attributes or {},
            "name": self._order["caller"],
        }
        job = asyncio.create_task(self._job.run(self._info(accepted)), name="their job")
        over = await self._take_ticks()
        await self._end(job, content=over.fields["content"])
        self._tell("ended")

    async def _read(self, wire: Wire) -> None:
        """Take what the other process says, whenever it comes."""
        while True:
            message = await wire.next()
            if message.kind == "answer":
                self._asked.pop(message.fields["number"]).set_result(message)
            else:
                self._ticks.put_nowait(message)

    async def _take_ticks(self) -> Message:
        """Be heard and hear, tick by tick, until the call is over, as the message says."""
        loop = asyncio.get_running_loop()
        began_s, ticks = loop.time(), 0
        while True:
            there = room.Room.current
            silence = np.zeros(TICK_SAMPLES, np.int16)
            played = there.play(TICK_SAMPLES) if there else silence
            self._tell("played", played.tobytes() if played.any() else b"")
            with self._stopped():
                message = await self._ticks.get()
            if message.kind == "over":
                return message
            if there := room.Room.current:
                heard = np.frombuffer(message.payload, np.int16) if message.payload else silence
                there.hear(heard)
                for press in message.fields.get("pressed", ()):
                    there.caller_presses(**press)
            ticks += 1
            if self._clock:
                await asyncio.sleep(began_s + ticks * TICK_S - loop.time())

    async def _end(self, job: asyncio.Task[None], *, content: bool) -> None:
        """Ask the agent what it thinks of the call, let the caller hang up, and the job end."""
        if not job.done():
            self._tell("verdict", **await self._verdict(content=content))
        if there := room.Room.current:
            there.caller_leaves()
        await asyncio.wait([job], timeout=HANGING_UP_S)
        self._job.shut_down("the call is over")
        await asyncio.wait([job], timeout=END_S)
        if not job.done():
            self._tell("failed", where="end", problem=f"it did not end within {END_S:g} s")

    async def _verdict(self, *, content: bool) -> dict[str, Any]:
        """What the agent says of the call itself: an objection, or nothing."""
        try:
            verdict = await self._job.simulation_verdict(content=content)
        except Exception as error:  # noqa: BLE001 - the agent's own
            return {"success": None, "reason": in_a_line(error, self._path)}
        if verdict is None:
            return {"success": None, "reason": ""}
        return {"success": verdict.success, "reason": verdict.reason}

    async def _accepted(self) -> JobAcceptArguments | str:
        """What the agent joins with; or why it does not."""
        if self._on_request is None:
            return JobAcceptArguments(identity=f"agent-{JOB}", name="", metadata="")
        answer: asyncio.Future[JobAcceptArguments | str] = asyncio.Future()

        async def accept(arguments: JobAcceptArguments) -> None:
            answer.set_result(arguments)

        async def reject(terminate: bool) -> None:  # noqa: FBT001 - as it is called
            del terminate
            answer.set_result("its on_request rejected the call")

        try:
            await self._on_request(
                JobRequest(job=self._described(), on_accept=accept, on_reject=reject)
            )
        except Exception as error:  # noqa: BLE001 - the agent's own
            return in_a_line(error, self._path)
        return answer.result() if answer.done() else "its on_request neither took the call nor not"

    def _described(self) -> agent.Job:
        order = self._order
        return agent.Job(
            id=JOB,
            dispatch_id="AD_direct",
            type=agent.JobType.JT_ROOM,
            agent_name=order["name"],
            room=models.Room(sid="RM_direct", name=order["room"]),
            metadata=order["metadata"],
            attributes=order["attributes"],
        )

    def _info(self, accepted: JobAcceptArguments) -> RunningJobInfo:
        grants = api.VideoGrants(room_join=True, room=self._order["room"], agent=True)
        token = (
            api.AccessToken("direct", "d" * 32)
            .with_identity(accepted.identity)
            .with_kind("agent")
            .with_grants(grants)
            .to_jwt()
        )
        return RunningJobInfo(
            accept_arguments=accepted,
            job=self._described(),
            url=URL,
            token=token,
            worker_id="AW_direct",
            fake_job=False,
        )

    def _watched(self, entrypoint: Callable[[JobContext], Any]) -> Callable[[JobContext], Any]:
        """The entrypoint; what it raises is told, which a worker only logs."""

        async def watched(context: JobContext) -> None:
            try:
                await entrypoint(context)
            except Exception as error:
                self._tell("crashed", problem=in_a_line(error, self._path))
                raise

        return watched

    def _follow(self, clock: VirtualClock) -> None:
        """Put in place what a call in virtual time needs."""
        self._stopped = clock.stopped
        stand_ins = StandIns(self._ask)
        internals.replace_speech(stand_ins.own)
        watch_starts(self._refuse_realtime)
        internals.watch_models(self._refuse_realtime)
        internals.surround_requests(self._asking)
        internals.hold_requests(clock.held, self._refuse_websocket)

    def _refuse_realtime(self, model: Any) -> None:
        if isinstance(model, REALTIME):
            kind = f"{type(model).__module__}.{type(model).__name__}"
            self._tell("refused", what=f"its model, {kind}, hears and speaks in real time")
            raise RuntimeError(  # noqa: TRY004 - of the wrong kind for this clock alone
                "a realtime model cannot take part in virtual time"
            )

    def _refuse_websocket(self, url: str) -> None:
        host = urlsplit(url).netloc
        self._tell("refused", what=f"it keeps a stream open to {host}")
        raise RuntimeError("a stream over a network cannot be waited for in virtual time")

    @asynccontextmanager
    async def _asking(self, chunks: Any) -> AsyncIterator[Any]:
        """One request to a language model: the clock stands still, and then it has taken its time.

        How long it really took depends on the machine and the network; a call is the same every
        time only if it does not count.
        """
        assert self._clock
        kept = _Kept()
        failure: Exception | None = None
        with self._clock.held():
            try:
                yield kept
            except Exception as error:  # noqa: BLE001 - raised again, when its time has come
                failure = error
        delay = await self._ask("wait", what="language")
        await asyncio.sleep(delay.fields["delay_s"])
        for chunk in kept.chunks:
            chunks.send_nowait(chunk)
        if failure:
            raise failure

    async def _ask(self, kind: str, payload: bytes = b"", **fields: Any) -> Message:
        """What the other process answers; the clock stands still until then."""
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.Future()
        with self._stopped():
            self._tell(kind, payload, number=number, **fields)
            message = await answer
        if problem := message.fields.get("problem"):
            raise APIError(problem, retryable=False)
        return message

    def _tell(self, kind: str, payload: bytes = b"", **fields: Any) -> None:
        if self._wire:
            self._wire.send(kind, payload, **fields)

    def _on_room_deleted(self) -> None:
        if there := room.Room.current:
            there.close("room_deleted", rtc.DisconnectReason.ROOM_DELETED)


def watch_starts(seen: Callable[[Any], None]) -> None:
    """Have `seen` told of the models of each session before it is started; it may raise."""
    start = AgentSession.start

    async def start_watched(session: AgentSession[Any], agent: Agent, **options: Any) -> Any:
        for model in (session.llm, agent.llm):
            seen(model)
        return await start(session, agent, **options)

    AgentSession.start = start_watched  # type: ignore[assignment,method-assign]


class _Kept:
    """Takes what a language model says while nobody is to hear it."""

    output_sent = False
    """Asked when a request fails; nothing was said to anybody until then."""

    def __init__(self) -> None:
        self.chunks: list[llm.ChatChunk] = []

    def send_nowait(self, chunk: llm.ChatChunk) -> None:
        """Keep a part."""
        self.chunks.append(chunk)
