import asyncio
import json
from pathlib import Path

import pytest

from duologue.batch.call_process_main import make
from duologue.batch.orders import ERRORS, Order
from duologue.call.direct.call import DirectCall
from duologue.folder.folder import Clock, TransportName
from duologue.pipeline.filing import ONLY_ATTEMPT
from shared.errors import CallFailed
from shared.settings import Settings
from tests.roles import call_spec


async def test_a_call_that_crashes_its_process_in_a_way_nobody_thought_of_says_why(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def crash(_: DirectCall) -> None:
        raise ZeroDivisionError("a mistake of ours")

    monkeypatch.setattr(DirectCall, "_hold", crash)
    order = Order(
        spec=call_spec(),
        out=tmp_path,
        transport=TransportName.DIRECT,
        clock=Clock.VIRTUAL,
        attempt=ONLY_ATTEMPT,
    )
    answer = json.loads(json.dumps(await make(order, settings)))
    assert ERRORS[answer["reply"]] is CallFailed
    assert answer["detail"] == "it crashed: ZeroDivisionError: a mistake of ours"
    assert not await asyncio.to_thread(lambda: [*tmp_path.iterdir()])
