import asyncio

from livekit import rtc
from livekit.agents import AgentServer, AutoSubscribe, JobContext, cli

server = AgentServer()


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    caller = await ctx.wait_for_participant()
    source = rtc.AudioSource(48_000, 1)
    track = rtc.LocalAudioTrack.create_audio_track("echo", source)
    options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
    await ctx.room.local_participant.publish_track(track, options)
    heard = rtc.AudioStream.from_participant(
        participant=caller, track_source=rtc.TrackSource.SOURCE_MICROPHONE
    )
    late: asyncio.Queue[rtc.AudioFrame] = asyncio.Queue(maxsize=300)
    async for event in heard:
        if late.full():
            await source.capture_frame(late.get_nowait())
        late.put_nowait(event.frame)


if __name__ == "__main__":
    cli.run_app(server)
