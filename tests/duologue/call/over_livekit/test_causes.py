"""What went wrong in somebody's worker is read from its log, and told in one line."""

import asyncio
import json

import pytest

from duologue.call.over_livekit.agent_log import AgentLog, TroubleKind
from duologue.call.over_livekit.causes import true_cause
from shared.endings import Ending, Fault, Outcome

RAISED = """\
unhandled exception while running the job task
Traceback (most recent call last):
  File "/v/lib/python3.11/site-packages/livekit/agents/ipc/job_proc_lazy_main.py", line 353, in _go
    await self._job_entrypoint_fnc(job_ctx)
  File "/home/ann/desk/agent.py", line 7, in go
    caller = json.loads(ctx.job.metadata)["phone_number"]
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
    raise JSONDecodeError("Expecting value", s, err.value) from None
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"""
TOLD = "agent.py:7: json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)"
DOWN = (
    "AgentSession is closing due to unrecoverable error: type='stt_error' timestamp=1.5 "
    "label='livekit.plugins.deepgram.stt.STT' error=APIConnectionError('failed to connect') "
    "recoverable=False"
)
TAKEN = (
    "worker failed\nTraceback (most recent call last):\n"
    "OSError: [Errno 98] error while attempting to bind on address ('0.0.0.0', 8081): "
    "[errno 98] address already in use"
)


def line(message: str, level: str = "ERROR", room: str | None = "room-1") -> str:
    return json.dumps({"message": message, "level": level, "name": "livekit.agents", "room": room})


@pytest.mark.parametrize(
    ("lines", "kind", "told"),
    [
        ([line(RAISED)], TroubleKind.CRASH, TOLD),
        ([line(TAKEN, room=None)], TroubleKind.OTHER, "port 8081 is taken on this machine"),
        (
            ["10:30:00 \x1b[31mERROR\x1b[0m livekit.agents the model is not there {}"],
            TroubleKind.OTHER,
            "livekit.agents the model is not there",
        ),
        (
            [*RAISED.splitlines()[1:-1], "ModuleNotFoundError: No module named 'acme'"],
            TroubleKind.OTHER,
            "agent.py:7: ModuleNotFoundError: No module named 'acme'",
        ),
    ],
)
def test_what_went_wrong_is_one_line(lines: list[str], kind: TroubleKind, told: str) -> None:
    log = AgentLog()
    for each in [line("starting worker", "INFO"), *lines]:
        log.on_line(each)
    trouble = log.trouble("room-1")
    assert trouble
    assert trouble.kind is kind
    assert trouble.told.startswith(told)


def test_what_went_wrong_in_another_call_explains_nothing() -> None:
    log = AgentLog()
    log.on_line(line(RAISED, room="room-2"))
    assert log.trouble("room-1") is None


async def test_who_waits_for_a_crash_hears_only_of_its_own_call() -> None:
    log = AgentLog()
    log.on_line(line(RAISED))  # of an earlier attempt in the same room
    waiting = asyncio.create_task(log.crash("room-1"))
    await asyncio.sleep(0)
    log.on_line(line(RAISED, room="room-2"))
    log.on_line(line(RAISED))
    assert (await waiting).told == TOLD


@pytest.mark.parametrize("outcome", [Outcome.DEAD_AIR, Outcome.AGENT_LEFT, Outcome.GAVE_UP])
def test_an_agent_whose_engine_is_down_makes_no_valid_call(outcome: Outcome) -> None:
    log = AgentLog()
    log.on_line(line(DOWN))
    for error, trouble in [("", log.trouble("room-1")), (DOWN.split(": ", 1)[1], None)]:
        ending = true_cause(Ending(outcome, Fault.SUPPORT), error, trouble)
        assert (ending.outcome, ending.fault) == (Outcome.ENGINE_FAILED, Fault.SYSTEM)
        assert "deepgram.stt.STT: APIConnectionError('failed to connect')" in ending.detail
    recovered = DOWN.replace("recoverable=False", "recoverable=True").split(": ", 1)[1]
    assert true_cause(Ending(outcome), recovered, None) == Ending(outcome)


def test_a_call_that_went_well_stays_so() -> None:
    log = AgentLog()
    log.on_line(line(RAISED))
    ending = Ending(Outcome.COMPLETED)
    assert true_cause(ending, DOWN, log.trouble("room-1")) == ending
