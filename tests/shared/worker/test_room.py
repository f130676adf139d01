import asyncio

import pytest

from shared.worker.room import connected


async def test_a_cancelled_job_takes_the_connection_that_is_being_made() -> None:
    """Left alone, such a connection would end the whole worker, and all of its calls."""
    made = asyncio.Event()

    async def connect() -> None:
        await made.wait()

    connecting = asyncio.create_task(connected(connect()))
    await asyncio.sleep(0)
    connecting.cancel()
    await asyncio.wait([connecting], timeout=0.1)
    assert not connecting.done()
    made.set()
    with pytest.raises(asyncio.CancelledError):
        await connecting
