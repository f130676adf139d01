"""What calls over LiveKit wait for before they begin."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from duologue.call.over_livekit import transport
from duologue.call.over_livekit.transport import LiveKit
from duologue.call.transport import Occasion
from duologue.servers import up_state
from duologue.servers.server import Server
from shared.errors import WorkerFailed
from shared.settings import Settings
from shared.spec import Role


async def test_a_call_waits_for_the_workers_of_an_up_that_has_just_begun(
    server: Server, tmp_path: Path
) -> None:
    own = Settings(_env_file=None, duologue_cache=tmp_path)
    said = asyncio.Queue[str]()
    listening = await asyncio.start_server(_answer, "127.0.0.1", 0)
    async with listening, AsyncExitStack() as stack:
        with up_state.kept(own, server.address) as file:
            occasion = Occasion(own, said.put_nowait, lambda *_: None)
            preparing = asyncio.create_task(
                stack.enter_async_context(LiveKit().prepare(occasion)), name="prepare"
            )
            while "it is not registered yet" not in await said.get():
                pass
            assert not preparing.done()
            (port,) = {each.getsockname()[1] for each in listening.sockets}
            up_state.tell_workers(file, server.address, dict.fromkeys(Role, port))
            await preparing


async def test_workers_of_a_batch_that_never_register_are_given_up(
    server: Server, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del server  # which has built the binary
    monkeypatch.setattr(transport, "AWAY_S", 0.1)  # no worker is as fast as that
    (tmp_path / "bin").symlink_to(settings.duologue_cache / "bin")
    own = Settings(_env_file=None, duologue_cache=tmp_path)
    occasion = Occasion(own, lambda _: None, lambda *_: None, many=True)
    with pytest.raises(WorkerFailed, match="it has not registered for 0 s"):
        async with LiveKit().prepare(occasion):
            pass


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
    await writer.drain()
    writer.close()
