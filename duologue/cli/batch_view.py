"""A batch on the terminal: how far it is, how fast, and what came of it."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from duologue.batch.batch import Batch, Tally
from duologue.call.outcome import RETRIED
from duologue.pipeline.filing import CallResult


class BatchView:
    """Shows a batch while it runs: a moving line on a terminal, else a line for every call."""

    def __init__(self, console: Console, *, total: int, finished: int) -> None:
        self._console, self._total, self._finished = console, total, finished
        self._began_s = time.monotonic()
        self._done = 0
        self._batch: Batch | None = None
        self._live = Live(
            get_renderable=self._line, console=console, refresh_per_second=2, transient=True
        )

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def watch(self, batch: Batch) -> None:
        """Show this batch from now on."""
        self._batch, self._began_s = batch, time.monotonic()

    def say(self, text: str) -> None:
        """Show a step that is no call."""
        self._console.print(f"[dim]{escape(text)}[/dim]", highlight=False, soft_wrap=True)

    def on_done(self, call_id: str, result: CallResult | None) -> None:
        """Show a call that is over."""
        self._done += 1
        if self._console.is_terminal and result and result.ending.outcome not in RETRIED:
            return
        if result is None:
            told = "not made"
        else:
            goal = "goal reached" if result.metrics.passed else "goal not reached"
            told = f"{result.ending.outcome}, {goal if result.metrics.valid else 'does not count'}"
        at = f"{self._finished + self._done}/{self._total}"
        rate = "" if self._console.is_terminal else f"  [dim]{self._rate()}[/dim]"
        self._console.print(f"{at} {escape(call_id)}: {told}{rate}", highlight=False)

    def _rate(self) -> str:
        elapsed_s = time.monotonic() - self._began_s
        per_minute = 60 * self._done / elapsed_s if elapsed_s else 0.0
        left = self._total - self._finished - self._done
        remaining = _clock(left * elapsed_s / self._done) if self._done else "?"
        return f"{per_minute:.1f} calls/min, {remaining} left"

    def _line(self) -> Table:
        done = self._finished + self._done
        line = Table.grid(padding=(0, 1))
        cells: list[object] = [
            ProgressBar(total=self._total, completed=done, width=24),
            f"{done}/{self._total}",
            self._rate(),
        ]
        if self._batch:
            cells += [f"{len(self._batch.running)} running", counts(self._batch.tally)]
        line.add_row(*cells)  # type: ignore[arg-type]  # all of them can be rendered
        return line


def counts(tally: Tally) -> str:
    """The outcomes of a batch in one line."""
    told = [f"{outcome} {number}" for outcome, number in tally.outcomes.most_common()]
    if tally.retried:
        told.append(f"retried {tally.retried}")
    return " · ".join(told)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
