"""A batch: the calls of a plan that are not there yet, made side by side.

What is finished stands in the store and nowhere else, so a batch that was ended in any way goes
on where it was. A call that was recorded and not labelled is labelled; of one that was not recorded
to its end nothing is kept, and it is made again.
"""

import asyncio
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from duologue.batch.budget import Budget
from duologue.batch.call_maker import CallMaker
from duologue.batch.plan import Plan
from duologue.batch.store import Store
from duologue.call.outcome import RETRIED
from duologue.pipeline.filing import Attempt, CallResult
from shared.endings import Outcome
from shared.errors import (
    CallFailed,
    CallTaken,
    CallUnfinished,
    DuologueError,
    PartAway,
    UsageError,
)

RESERVE_BYTES = 64 * 2**20
"""Of disk that calls are not begun without; the running ones need it to be finished."""
EXCUSED = 3
"""How many attempts at a call at most do not count because a server or a worker was away; a call
that ends a worker each time would be made for ever."""
NEVER_KEPT = frozenset({Outcome.CANCELLED})
"""A batch that is stopped makes the call again when it goes on."""


class Failure(NamedTuple):
    """A call that no attempt has finished."""

    call_id: str
    reasons: tuple[str, ...]
    """One for every attempt."""


class Tally:
    """What has become of a batch's calls so far."""

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.goals = 0
        """Calls that reached their goal."""
        self.failures: list[Failure] = []
        """Calls whose parts failed in every attempt, whether anything is kept of them or not."""
        self.retried = 0
        """Attempts that were followed by another."""
        self.elsewhere = 0
        """Calls that another batch on the same folder makes or has made."""
        self.full = ""
        """Why nothing more could be written, if so."""

    @property
    def made(self) -> int:
        """Calls that are there now and were not before."""
        return self.outcomes.total()


class _Attempts:
    """The attempts at one call."""

    def __init__(self, retries: int) -> None:
        self.reasons: tuple[str, ...] = ()
        self._retries, self._excuses = retries, EXCUSED

    def next(self) -> Attempt:
        """The one that is to be made now."""
        retried = NEVER_KEPT | RETRIED if self._retries else NEVER_KEPT
        excused = RETRIED if self._excuses else frozenset()
        return Attempt(self.reasons, retried, excused, finishes=True)

    def failed(self, error: DuologueError) -> bool:
        """Note why one failed; whether another follows."""
        self.reasons += (str(error),)
        if isinstance(error, PartAway) and self._excuses:
            self._excuses -= 1
            return True
        self._retries -= 1
        return self._retries >= 0


OnDone = Callable[[str, CallResult | None], None]


class Batch:
    """Makes calls of a plan.

    Args:
        plan: Of which.
        indexes: Which of its calls are to be made.
        store: Where they are kept.
        maker: Makes them.
        retries: How many attempts may follow one in which a part failed.
        on_done: Called with each call's id, and with what came of it, None for nothing.
        budget: What they may cost.
    """

    def __init__(
        self,
        plan: Plan,
        indexes: Iterable[int],
        *,
        store: Store,
        maker: CallMaker,
        retries: int,
        on_done: OnDone,
        budget: Budget,
    ) -> None:
        self._plan, self._waiting = plan, deque(indexes)
        self._store, self._maker, self._retries = store, maker, retries
        self._on_done, self._budget = on_done, budget
        self._stopping = False
        self.running: set[str] = set()
        self.tally = Tally()

    def stop(self) -> None:
        """Begin no more calls; those that run are finished."""
        self._stopping = True

    @property
    def left(self) -> int:
        """Calls that are still to be begun."""
        return len(self._waiting)

    async def run(self, jobs: int) -> None:
        """Make the calls, up to `jobs` at the same time.

        Raises:
            DuologueError: No call can be made any more.
        """
        failures: tuple[BaseException, ...] = ()
        try:
            async with asyncio.TaskGroup() as group:
                for number in range(jobs):
                    group.create_task(self._work(), name=f"job-{number}")
        except* DuologueError as errors:
            failures = errors.exceptions
        for failure in failures:
            raise failure

    async def _work(self) -> None:
        while self._waiting and not self._stopping:
            if self._is_full() or self._budget.exhausted:
                return
            async with self._maker.room():
                # Which may have come when nothing more is to be begun.
                if self._waiting and not self._stopping:
                    await self._make_next()

    async def _make_next(self) -> None:
        index = self._waiting.popleft()
        call_id = self._plan.ids[index]
        self.running.add(call_id)
        try:
            made = await self._make(index)
        finally:
            self.running.discard(call_id)
        self._on_done(call_id, made)

    async def _make(self, index: int) -> CallResult | None:
        """Make a call, again if its parts fail; None if nothing is there of it."""
        spec = self._plan.spec(index)
        attempts = _Attempts(self._retries)
        while True:
            try:
                result = await self._maker.call(spec, attempts.next())
                await asyncio.to_thread(self._store.keep, result.folder)
            except CallTaken:
                self.tally.elsewhere += 1
                return None
            except UsageError:
                raise
            except DuologueError as error:
                if self._is_full():
                    self._waiting.append(index)
                    return None
                if not isinstance(error, CallFailed | CallUnfinished):
                    raise
                again = attempts.failed(error)
            else:
                self._count(spec.call_id, result, attempts.reasons)
                return result
            if not again:
                self.tally.failures.append(Failure(spec.call_id, attempts.reasons))
                return None
            if self._stopping:
                self._waiting.append(index)
                return None
            self.tally.retried += 1
            await self._maker.recover()

    def _count(self, call_id: str, result: CallResult, reasons: tuple[str, ...]) -> None:
        outcome = result.ending.outcome
        self.tally.outcomes[outcome] += 1
        self.tally.goals += result.metrics.passed
        self._budget.count(result.metrics)
        if outcome in RETRIED:
            reasons += (f"{outcome}: {result.ending.detail}",)
            self.tally.failures.append(Failure(call_id, reasons))

    def _is_full(self) -> bool:
        """Whether the disk is, which ends the batch."""
        free = shutil.disk_usage(self._store.workplace).free
        if free < RESERVE_BYTES:
            self.tally.full = (
                f"only {free // 2**20} MiB are free for {self._store.workplace}, "
                f"{RESERVE_BYTES // 2**20} are needed"
            )
            self.stop()
        return bool(self.tally.full)
