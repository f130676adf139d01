from livekit.agents import AgentServer, JobContext, cli

server = AgentServer()


@server.rtc_session()
async def entrypoint(ctx: JobContext) -> None:
    await ctx.connect()
    raise ConnectionError("no database at localhost:5432")


if __name__ == "__main__":
    cli.run_app(server)
