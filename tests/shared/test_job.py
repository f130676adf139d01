import asyncio
from types import SimpleNamespace
from typing import cast

import pytest
from livekit.agents import JobContext

from shared import job


async def test_a_cancelled_job_takes_the_connection_that_is_being_made() -> None:
    """Left alone, such a connection would end the whole worker, and all of its calls."""
    made = asyncio.Event()
    context = cast("JobContext", SimpleNamespace(connect=made.wait))
    connecting = asyncio.create_task(job._connect(context))
    await asyncio.sleep(0)
    connecting.cancel()
    await asyncio.wait([connecting], timeout=0.1)
    assert not connecting.done()
    made.set()
    with pytest.raises(asyncio.CancelledError):
        await connecting
