"""How a batch goes about its calls, whoever makes them."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from duologue.batch.batch import EXCUSED, RESERVE_BYTES, Batch
from duologue.batch.budget import Budget, Cap, caps_of
from duologue.batch.plan import Plan
from duologue.batch.store import FolderStore
from duologue.labels.cost import Billed, Priced
from duologue.labels.interaction import interact
from duologue.labels.interaction.values import Spread
from duologue.labels.metrics import Level, Metrics, Wer
from duologue.labels.transcript.transcript import Transcript
from duologue.pipeline.filing import ONLY_ATTEMPT, Attempt, CallResult
from shared.endings import Ending, Fault, Outcome
from shared.errors import (
    CallFailed,
    CallTaken,
    DuologueError,
    EngineUnavailable,
    PartAway,
    WorkerFailed,
)
from shared.events.usage import EngineKind
from shared.settings import Settings
from shared.spec import CallSpec, Role
from tests.duologue.batch.plans import SETTINGS, short_plan
from tests.duologue.labels.test_activity import mask

DONE = Ending(Outcome.COMPLETED)
MISSED = Metrics(
    duration_s=60.0,
    task_success=False,
    valid=True,
    fault=None,
    findings=(),
    turns=dict.fromkeys(Role, 0),
    speech_s=dict.fromkeys(Role, 0.0),
    reply_gap_s={f"{role}_to_{role.peer}": Spread.of([]) for role in Role},
    interruptions=dict.fromkeys(Role, 0),
    turn_cut_off=0,
    interaction=interact(Transcript(turns=()), dict.fromkeys(Role, mask())),
    wer={
        role: Wer(rate=None, errors=0, words=0, substitutions=0, insertions=0, deletions=0)
        for role in Role
    },
    levels=dict.fromkeys(Role, Level(speech_rms_dbfs=None, peak_dbfs=None)),
    flawed_turns=0,
    lost=dict.fromkeys(Role, 0),
    inserted_s=dict.fromkeys(Role, 0.0),
    cut_s=dict.fromkeys(Role, 0.0),
    concealed_s=dict.fromkeys(Role, 0.0),
)
BILL = Billed(
    kind=EngineKind.LLM,
    provider="openai",
    model="gpt-4.1-mini",
    local=False,
    input_tokens=1_000_000,
    priced=Priced.LISTED,
    dated=None,
    cost_usd=0.40,
)
LOST = Ending(Outcome.WORKER_LOST, Fault.SYSTEM, "no heartbeat")


class Scripted:
    """Makes calls end as a test says."""

    last_lines: Sequence[str] = ()

    def room(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    def __init__(self, end: Callable[[int, Attempt], Ending], bill: Billed | None = None) -> None:
        self._end = end
        self._usage = {Role.CUSTOMER: (bill,) if bill else (), Role.SUPPORT: ()}
        self.attempts: list[tuple[str, Attempt]] = []
        self.running = self.most_running = 0
        self.recovered = 0

    async def call(self, spec: CallSpec, attempt: Attempt = ONLY_ATTEMPT) -> CallResult:
        self.attempts.append((spec.call_id, attempt))
        self.running += 1
        self.most_running = max(self.running, self.most_running)
        await asyncio.sleep(0)
        self.running -= 1
        ending = self._end(spec.seed, attempt)
        if ending.outcome in attempt.retried:
            raise CallFailed(f"{ending.outcome}: {ending.detail}")
        metrics = MISSED.model_copy(update={"task_success": ending is DONE, "usage": self._usage})
        return CallResult(Path(spec.call_id), ending, metrics)

    async def recover(self) -> None:
        self.recovered += 1


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan.read(short_plan(tmp_path / "plan.jsonl", 6), SETTINGS)


def batch_of(
    plan: Plan, caller: Scripted, out: Path, *, retries: int = 2, budget: Budget | None = None
) -> Batch:
    return Batch(
        plan,
        range(len(plan.ids)),
        store=FolderStore(out),
        maker=caller,
        retries=retries,
        on_done=lambda *_: None,
        budget=budget or Budget(()),
    )


async def test_every_call_is_made_once_and_so_many_at_a_time(plan: Plan, tmp_path: Path) -> None:
    caller = Scripted(lambda *_: DONE)
    batch = batch_of(plan, caller, tmp_path)
    await batch.run(3)
    assert sorted(call_id for call_id, _ in caller.attempts) == sorted(plan.ids)
    assert caller.most_running == 3
    assert batch.tally.outcomes == {Outcome.COMPLETED: 6}
    assert (batch.tally.goals, batch.left, batch.running) == (6, 0, set())


async def test_a_call_whose_part_failed_is_made_again_and_says_why(
    plan: Plan, tmp_path: Path
) -> None:
    caller = Scripted(lambda seed, attempt: LOST if seed == 2 and not attempt.earlier else DONE)
    batch = batch_of(plan, caller, tmp_path)
    await batch.run(2)
    second = [attempt for call_id, attempt in caller.attempts if call_id == plan.ids[2]][1]
    assert second.earlier == ("worker_lost: no heartbeat",)
    assert (batch.tally.made, batch.tally.retried, caller.recovered) == (6, 1, 1)
    assert batch.tally.failures == []


async def test_the_last_attempt_is_kept_and_told(plan: Plan, tmp_path: Path) -> None:
    caller = Scripted(lambda seed, _: LOST if seed == 2 else DONE)
    batch = batch_of(plan, caller, tmp_path, retries=2)
    await batch.run(2)
    assert batch.tally.outcomes == {Outcome.COMPLETED: 5, Outcome.WORKER_LOST: 1}
    (failure,) = batch.tally.failures
    assert failure.call_id == plan.ids[2]
    assert failure.reasons == ("worker_lost: no heartbeat",) * 3


async def test_attempts_do_not_count_that_failed_while_a_part_was_away_but_not_for_ever(
    plan: Plan, tmp_path: Path
) -> None:
    def lose(seed: int, attempt: Attempt) -> Ending:
        if seed == 1 and len(attempt.earlier) < EXCUSED:
            raise PartAway("worker_lost: no heartbeat")
        if seed == 2 and attempt.excused:
            raise PartAway("the server went away")
        return LOST if seed == 2 else DONE

    caller = Scripted(lose)
    batch = batch_of(plan, caller, tmp_path, retries=0)
    await batch.run(2)
    assert batch.tally.outcomes == {Outcome.COMPLETED: 5, Outcome.WORKER_LOST: 1}
    (failure,) = batch.tally.failures
    assert failure.call_id == plan.ids[2]
    assert len(failure.reasons) == EXCUSED + 1
    assert caller.recovered == 2 * EXCUSED


async def test_a_call_that_never_leaves_anything_is_told_too(plan: Plan, tmp_path: Path) -> None:
    def crash(seed: int, _: Attempt) -> Ending:
        if seed == 2:
            raise CallFailed("its process ended")
        return DONE

    batch = batch_of(plan, Scripted(crash), tmp_path, retries=1)
    await batch.run(2)
    assert batch.tally.made == 5
    assert batch.tally.failures == [(plan.ids[2], ("its process ended",) * 2)]


async def test_a_call_of_another_batch_is_left_to_it(plan: Plan, tmp_path: Path) -> None:
    def taken(seed: int, _: Attempt) -> Ending:
        if seed == 2:
            raise CallTaken("is being made by another process")
        return DONE

    batch = batch_of(plan, Scripted(taken), tmp_path)
    await batch.run(2)
    assert (batch.tally.made, batch.tally.elsewhere) == (5, 1)


async def test_a_batch_that_is_stopped_finishes_what_runs(plan: Plan, tmp_path: Path) -> None:
    def stop(seed: int, _: Attempt) -> Ending:
        if seed == 1:
            batch.stop()
        return DONE

    batch = batch_of(plan, Scripted(stop), tmp_path)
    await batch.run(2)
    assert (batch.tally.made, batch.left) == (2, 4)


async def test_a_call_that_waits_for_room_when_the_batch_is_stopped_is_not_begun(
    plan: Plan, tmp_path: Path
) -> None:
    rooms = asyncio.Semaphore(1)

    class Narrow(Scripted):
        """Has room for one call at a time."""

        @asynccontextmanager
        async def room(self) -> AsyncIterator[None]:
            async with rooms:
                yield

    def stop(*_: object) -> Ending:
        batch.stop()
        return DONE

    caller = Narrow(stop)
    batch = batch_of(plan, caller, tmp_path)
    await batch.run(3)
    assert len(caller.attempts) == 1
    assert (batch.tally.made, batch.left) == (1, 5)


async def test_no_call_is_begun_once_the_budget_is_spent_and_those_that_run_are_finished(
    plan: Plan, tmp_path: Path
) -> None:
    budget = Budget([Cap("--max-cost", 1.0)])
    batch = batch_of(plan, Scripted(lambda *_: DONE, BILL), tmp_path, budget=budget)
    await batch.run(2)
    assert (batch.tally.made, batch.left, batch.running) == (4, 2, set())
    assert "$1.60 of --max-cost 1 are spent" in budget.exhausted


async def test_a_budget_cannot_hold_for_what_has_no_price(plan: Plan, tmp_path: Path) -> None:
    budget = Budget([Cap("--max-cost", 1.0)])
    unknown = BILL.model_copy(update={"provider": "localhost:11434"})
    batch = batch_of(plan, Scripted(lambda *_: DONE, unknown), tmp_path, budget=budget)
    await batch.run(1)
    assert (batch.tally.made, batch.left) == (1, 5)
    assert "the price of llm localhost:11434/gpt-4.1-mini is not known" in budget.exhausted


def test_caps_come_from_the_command_and_the_settings() -> None:
    assert caps_of(Settings(_env_file=None), None) == []
    capped: dict[str, Any] = {"openai_max_cost_usd": "0.5", "deepgram_max_cost_usd": "0"}
    assert caps_of(Settings(_env_file=None, **capped), 2.0) == [
        Cap("--max-cost", 2.0),
        Cap("DEEPGRAM_MAX_COST_USD", 0.0, "deepgram"),
        Cap("OPENAI_MAX_COST_USD", 0.5, "openai"),
    ]


async def test_what_calls_cost_at_one_provider_is_capped_apart(plan: Plan, tmp_path: Path) -> None:
    budget = Budget([Cap("--max-cost", 9.0), Cap("OPENAI_MAX_COST_USD", 0.5, "openai")])
    batch = batch_of(plan, Scripted(lambda *_: DONE, BILL), tmp_path, budget=budget)
    await batch.run(1)
    assert (batch.tally.made, batch.left) == (2, 4)
    assert "$0.80 of OPENAI_MAX_COST_USD 0.5 are spent" in budget.exhausted


async def test_a_cap_on_a_provider_is_for_no_other(plan: Plan, tmp_path: Path) -> None:
    unknown = BILL.model_copy(update={"provider": "localhost:11434"})
    for bill, capped in ((BILL, "deepgram"), (unknown, "openai")):
        out = tmp_path / capped
        out.mkdir()
        budget = Budget([Cap("CAP", 0.1, capped)])
        batch = batch_of(plan, Scripted(lambda *_: DONE, bill), out, budget=budget)
        await batch.run(1)
        assert (batch.tally.made, batch.left, budget.exhausted) == (6, 0, "")


async def test_a_full_disk_ends_the_batch_and_nothing_is_lost(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)

    def fill(seed: int, _: Attempt) -> Ending:
        if seed == 2:
            full = usage._replace(free=RESERVE_BYTES - 1)
            monkeypatch.setattr(shutil, "disk_usage", lambda _: full)
            raise DuologueError("cannot write the recording")
        return DONE

    batch = batch_of(plan, Scripted(fill), tmp_path)
    await batch.run(1)
    assert (batch.tally.made, batch.left) == (2, 4)
    assert "63 MiB are free" in batch.tally.full
    assert batch.tally.failures == []


@pytest.mark.parametrize(
    "error", [EngineUnavailable("whisper/x", "gone"), DuologueError("cannot write")]
)
async def test_what_would_fail_every_call_ends_the_batch(
    plan: Plan, tmp_path: Path, error: Exception
) -> None:
    def fail(*_: object) -> Ending:
        raise error

    with pytest.raises(type(error), match=re.escape(str(error))):
        await batch_of(plan, Scripted(fail), tmp_path).run(2)


async def test_parts_that_cannot_be_kept_running_end_the_batch(plan: Plan, tmp_path: Path) -> None:
    class Dying(Scripted):
        async def recover(self) -> None:
            raise WorkerFailed("support", "it died 5 times")

    with pytest.raises(WorkerFailed, match="died 5 times"):
        await batch_of(plan, Dying(lambda *_: LOST), tmp_path).run(2)
