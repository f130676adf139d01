"""Workers of both roles in one process, in which one thing at a time is broken.

`python -m tests.duologue.broken_worker FILE`: each job does what the word in FILE says, read anew
every time, so that one process serves all tests.
"""

import asyncio
import json
import logging
import sys
from enum import StrEnum
from pathlib import Path

import numpy as np
from livekit import api, rtc
from livekit.agents import AgentServer, JobContext, JobExecutorType, JobRequest

from duologue.doctor.checks import PHRASE
from shared.engines.pcm import OUTPUT_RATE_HZ
from shared.events import Heard, Payload, PeerStateChanged, Ready, Registered, Said
from shared.events.journal import Journal
from shared.spec import CallSpec, Role
from shared.worker.bus import REFUSED_TOPIC, Refusal, RoomBus
from shared.worker.diagnosis import FIXED_REPLY

NOISE_AMPLITUDE = 3000
STAYS_S = 0.7
FRAME = OUTPUT_RATE_HZ // 50


class Breakage(StrEnum):
    REFUSES = "refuses"
    LEAVES = "leaves"
    PUBLISHES_NOTHING = "publishes nothing"
    LETS_NOBODY_SUBSCRIBE = "lets nobody subscribe"
    IS_SILENT = "is silent"
    SENDS_NOISE = "sends noise"
    NOTICES_NO_SPEECH = "notices no speech"
    MISHEARS = "mishears"
    DOES_NOT_REPLY = "does not reply"
    REPLIES_WITHOUT_SOUND = "replies without sound"
    TALKS_TO_ITSELF = "talks to itself"


def breakage() -> Breakage:
    return Breakage(Path(sys.argv[1]).read_text(encoding="utf-8"))


async def on_request(request: JobRequest) -> None:
    if breakage() is not Breakage.REFUSES:
        await request.accept(identity=request.agent_name)
        return
    refusal = Refusal(
        role=Role(request.agent_name),
        reason="engine 'x' cannot be used",
        dispatch_id=request.job.dispatch_id,
    )
    async with api.LiveKitAPI() as livekit:
        await livekit.room.send_data(
            api.SendDataRequest(
                room=request.room.name,
                data=refusal.to_data(),
                kind=api.DataPacket.Kind.RELIABLE,
                topic=REFUSED_TOPIC,
            )
        )
    await request.reject()


async def entry(context: JobContext) -> None:
    broken, role = breakage(), Role(context.job.agent_name)
    spec = CallSpec.from_metadata(context.job.metadata, role)
    journal = Journal(role)
    bus = RoomBus(context.room, spec.recorder or "", journal)
    closed = asyncio.Event()

    @context.room.on("disconnected")
    def on_disconnected(_: object) -> None:
        closed.set()

    await context.connect()
    bus.start()
    if broken is Breakage.LEAVES:
        await asyncio.sleep(STAYS_S)
        await context.room.disconnect()
    else:
        sending = asyncio.create_task(send(context.room, broken), name="sound")
        journal.emit(Ready())
        for payload in reported(broken):
            journal.emit(payload)
        await closed.wait()
        sending.cancel()
    await bus.aclose()
    context.shutdown()


def reported(broken: Breakage) -> list[Payload]:
    noticed = PeerStateChanged(old="listening", new="speaking")
    heard = Heard(text=PHRASE)
    misheard = Heard(text="Good mourning tests.")
    said = Said(text=FIXED_REPLY, intended=FIXED_REPLY, interrupted=False)
    by_breakage: dict[Breakage, list[Payload]] = {
        Breakage.MISHEARS: [noticed, misheard],
        Breakage.DOES_NOT_REPLY: [noticed, heard],
        Breakage.REPLIES_WITHOUT_SOUND: [noticed, heard, said],
        Breakage.TALKS_TO_ITSELF: [said, misheard],
    }
    return by_breakage.get(broken, [])


async def send(room: rtc.Room, broken: Breakage) -> None:
    if broken is Breakage.PUBLISHES_NOTHING:
        return
    if broken is Breakage.LETS_NOBODY_SUBSCRIBE:
        room.local_participant.set_track_subscription_permissions(allow_all_participants=False)
    source = rtc.AudioSource(OUTPUT_RATE_HZ, 1)
    track = rtc.LocalAudioTrack.create_audio_track("sound", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await room.local_participant.publish_track(track, options)
    amplitude = NOISE_AMPLITUDE if broken is Breakage.SENDS_NOISE else 0
    noise = np.random.default_rng(0)
    while True:
        pcm = (noise.standard_normal(FRAME) * amplitude).astype(np.int16)
        await source.capture_frame(rtc.AudioFrame(pcm.tobytes(), OUTPUT_RATE_HZ, 1, FRAME))


async def main() -> None:
    waiting = set(Role)

    def serve(role: Role) -> AgentServer:
        server = AgentServer(
            job_executor_type=JobExecutorType.THREAD,
            num_idle_processes=1,
            load_fnc=lambda _: 0.0,
            load_threshold=1.0,
            port=0,
            http_proxy=None,
        )
        server.rtc_session(entry, agent_name=role, on_request=on_request)

        @server.on("worker_registered")
        def on_registered(*_: object) -> None:
            waiting.discard(role)
            if not waiting:
                fields = {"event": Registered.name, "port": server.worker_info.http_port}
                print(json.dumps(fields), flush=True)  # noqa: T201

        return server

    await asyncio.gather(*(serve(role).run() for role in Role))


if __name__ == "__main__":
    logging.basicConfig()
    asyncio.run(main())
