"""No call succeeds on what was not said: real audio, wrong in one digit or not speech at all."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import soundfile

from duologue.folder.channels import CHANNELS
from duologue.folder.folder import AUDIO, WIRE
from duologue.scenarios.scenario_file import load_scenario
from duologue.servers.server import Server
from shared.endings import EndReason
from shared.events import DeskChanged, Ended, Heard, Said, ToolCalled
from shared.language.as_heard import normalize, phrase
from shared.limits import Limits
from shared.settings import Settings
from shared.spec import CallSpec, Role, SupportSheet
from tests.caller import PhoneCall, as_noise, phone_call

if TYPE_CHECKING:
    from shared.values import Row

pytestmark = pytest.mark.usefixtures("workers")

WRONG_NUMBER = "4 7 2 1 8"
SAYS = (
    "Hi, my name is Yash Patel. My card was charged twice for my order. "
    f"My order number is {WRONG_NUMBER}."
)


def charged_twice(settings: Settings, **limits: float) -> CallSpec:
    """The default scenario; the number one digit off is somebody else's, charged twice too."""
    engines = {role: settings.engines(role) for role in Role}
    spec = load_scenario().to_spec(call_id="spec", seed=0, engines=engines)
    assert spec.support
    desk: dict[str, tuple[Row, ...]] = {
        "customers": ({"id": "C-NEAR", "name": "Greta Lindholm", "postcode": "80331"},),
        "orders": (
            {
                "number": WRONG_NUMBER.replace(" ", ""),
                "customer_id": "C-NEAR",
                "item": "wall clock",
                "status": "shipped",
                "ordered_on": "2026-11-14",
                "promised_on": "2026-11-20",
                "expected_on": "2026-11-20",
            },
        ),
        "charges": tuple(
            {
                "id": f"N-{number}",
                "order_number": WRONG_NUMBER.replace(" ", ""),
                "amount_cents": 4900,
                "charged_on": "2026-11-14",
            }
            for number in (1, 2)
        ),
    }
    rows = {table: (*spec.support.desk[table], *near) for table, near in desk.items()}
    return spec.model_copy(
        update={
            "support": SupportSheet(business="shop", desk=rows),
            "limits": Limits.model_validate(limits),
        }
    )


def nothing_came_of(call: PhoneCall) -> None:
    """The desk is as it was, and the call did not reach its goal."""
    assert not any(call.reported(DeskChanged)[-1].changes.values())
    assert not call.metrics.task_success


async def test_one_digit_exchanged_is_asked_for_again_and_never_refunded(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    spec = charged_twice(settings)
    insists = f"It is {WRONG_NUMBER}, and my name is Yash Patel."
    async with phone_call(server.address, settings, spec, tmp_path) as call:
        await call.next(Said)
        await call.person.say(SAYS)
        first = await call.next(ToolCalled)
        again = await call.next(Said)
        await call.person.say(insists)
        second = await call.next(ToolCalled)
        await call.person.hears(1.0)
    nothing_came_of(call)
    assert phrase("order number") in phrase(again.text)
    assert again.text.endswith("again, digit by digit?")
    for look_up in (first, second):
        assert look_up.arguments["order_number"] == WRONG_NUMBER.replace(" ", "")
        assert json.loads(look_up.output or "")["found"] is False
    spoken = phrase(" ".join(turn.said or "" for turn in call.transcript.turns))
    for secret in ("Lindholm", "wall clock", "desk lamp"):
        assert phrase(secret) not in spoken


async def test_a_caller_who_is_only_noise_gets_nowhere_and_the_call_ends(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    spec = charged_twice(settings, dead_air_s=2, max_length_s=30)
    async with phone_call(server.address, settings, spec, tmp_path) as call:
        await call.next(Said)
        await call.person.say(SAYS, as_noise)
        ended = await call.next(Ended)
    assert ended.reason in (EndReason.DEAD_AIR, EndReason.LENGTH_LIMIT)
    nothing_came_of(call)
    heard = " ".join(event.text for event in call.reported(Heard))
    assert len(normalize(heard)) <= 4, heard
    assert not call.reported(ToolCalled)
    # The noise was there, and as loud as speech.
    level = call.metrics.levels[Role.CUSTOMER].speech_rms_dbfs
    assert level is not None
    assert -35 < level < -12
    # A person sends no copy of what it says: its channel is that of the wire.
    clean, wire = (soundfile.read(call.path / name, dtype="int16")[0] for name in (AUDIO, WIRE))
    channel = CHANNELS.index(Role.CUSTOMER)
    assert np.array_equal(clean[:, channel], wire[:, channel])
