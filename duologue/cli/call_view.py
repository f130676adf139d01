"""A call on the terminal, while it happens: who says and hears what, and how fast they answer."""

from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from duologue.call.live_audio import Meters
from duologue.call.outcome import ExitCode
from duologue.cli.terminal import Terminal
from duologue.folder.folder import REPORT
from duologue.pipeline.filing import CallResult
from duologue.servers.worker_log import Errors
from shared.events import (
    Ended,
    Failed,
    Heard,
    Joined,
    Redispatched,
    Revived,
    Said,
    StateChanged,
    ToolCalled,
)
from shared.events.journal import Event
from shared.spec import Role

_COLORS = {Role.CUSTOMER: "cyan", Role.SUPPORT: "green"}

REFRESH_HZ = 10
SPEAKING_WIDTH = len("customer is speaking")
METER_FLOOR_DBFS = -60.0
METER_WIDTH = 10
"""In characters; so that both fit into a line of 80."""


_errors = Terminal(stderr=True)
_read = {role: Errors() for role in Role}


def show_problem(role: Role, line: str) -> None:
    """Take a line of a worker's log, and print what it tells of an error, if anything."""
    if error := _read[role].read(line):
        _errors.print(f"[red]{role} worker:[/red] {escape(error)}", soft_wrap=True)


class CallView:
    """Prints the events of one call as they come in; on a terminal also who is speaking.

    Args:
        console: Where to print.
        meters: How loud both sides are; shown on a terminal.
    """

    def __init__(self, console: Console, meters: Meters | None = None) -> None:
        self._console, self._meters = console, meters
        self._live: Live | None = None
        self._speaking: set[Role] = set()
        self._began_at: float | None = None
        self._stopped_at: dict[Role, float] = {}
        self._reply_s: dict[Role, float] = {}

    def say(self, text: str) -> None:
        """Show a step that is not part of the conversation."""
        self._console.print(f"[dim]{escape(text)}[/dim]", highlight=False)

    def on_event(self, event: Event) -> None:
        """Show one event."""
        if event.source not in tuple(Role):
            self._on_driver_event(event)
            return
        role = Role(event.source)
        match event.payload:
            case StateChanged(old=old, new=new):
                self._on_state(role, old, new, event.at)
            case Said() as said:
                cut = " [red](cut off)[/red]" if said.interrupted else ""
                reply_s = self._reply_s.pop(role, None)
                reply = f" [dim]after {reply_s:.2f} s[/dim]" if reply_s is not None else ""
                self._line(event, role, f"“{escape(said.text)}”{cut}{reply}")
            case Heard(text=text):
                self._line(event, role, f"[dim]heard “{escape(text)}”[/dim]")
            case ToolCalled() as call:
                self._line(event, role, f"[magenta]{escape(_tool(call))}[/magenta]")
            case Revived():
                self._line(event, role, "[yellow]breaks the silence[/yellow]")
            case Ended(reason=reason):
                self._speaking.discard(role)
                self._line(event, role, f"[yellow]leaves: {reason}[/yellow]")
            case Failed(error=error):
                self._line(event, role, f"[red]{escape(error)}[/red]")

    def show(self, result: CallResult) -> None:
        """Show how the call ended, what was measured, and where it is."""
        metrics, ending = result.metrics, result.ending
        good = result.exit_code == ExitCode.GOAL_REACHED
        fault = f", fault: {ending.fault}" if ending.fault else ""
        detail = f" ({escape(ending.detail)})" if ending.detail and not good else ""
        self._console.print(f"\noutcome: [bold]{ending.outcome}[/bold]{fault}{detail}")
        verdict = (
            "[green]goal reached[/green]" if metrics.task_success else "[red]goal not reached[/red]"
        )
        counts = "" if metrics.valid else "; the call does not count for or against the agent"
        self._console.print(f"verdict: {verdict}{counts}")
        for finding in metrics.findings:
            self._console.print(f"  {escape(str(finding))} ({finding.fault})")
        if metrics.unchecked:
            unseen = ", ".join(metrics.unchecked)
            self._console.print(f"  not checked: {unseen}")
        for name, other in metrics.others.items():
            if other.failed:
                self._console.print(
                    f"[red]{escape(f'{name} failed: {other.failed}')}[/red]", soft_wrap=True
                )
        self._console.print(f"call folder: {result.folder}", soft_wrap=True)
        self._console.print(f"report: {result.folder / REPORT}", soft_wrap=True)

    def show_log(self, lines: Sequence[str]) -> None:
        """Show what somebody else's worker said last, if anything."""
        for line in lines:
            self._console.print(f"[dim]agent:[/dim] {escape(line)}", soft_wrap=True)

    def status(self) -> Text:
        """Who is speaking at the moment, and how loud both sides are."""
        line = Text(no_wrap=True)
        match list(self._speaking):
            case []:
                line.append("silence", "dim")
            case [role]:
                line.append(f"{role} is speaking", _COLORS[role])
            case _:
                line.append("both are speaking")
        if self._meters:
            line.pad_right(SPEAKING_WIDTH - len(line))
            for each, level_dbfs in self._meters.levels.items():
                line.append(f"  {each} ").append(meter(level_dbfs), _COLORS[each])
        return line

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live:
            self._live.stop()
            self._live = None

    def _on_driver_event(self, event: Event) -> None:
        match event.payload:
            case Redispatched(agent_name=name):
                self.say(f"nobody took the dispatch of {name}, dispatching again")
            case Joined(agent_name=str(name)):
                self.say(f"{name} has joined")

    def _on_state(self, role: Role, old: str, new: str, at: float) -> None:
        if old == "speaking":
            self._stopped_at[role] = at
            self._speaking.discard(role)
        if new == "speaking":
            if (stopped_at := self._stopped_at.pop(role.peer, None)) is not None:
                self._reply_s[role] = at - stopped_at
            self._speaking.add(role)
        if "speaking" in (old, new):
            self._show_status()

    def _show_status(self) -> None:
        """Begin to show who is speaking, on a terminal."""
        if self._console.is_terminal and self._live is None:
            self._live = Live(
                get_renderable=self.status,
                console=self._console,
                refresh_per_second=REFRESH_HZ,
                transient=True,
            )
            self._live.start()

    def _line(self, event: Event, role: Role, markup: str) -> None:
        if self._began_at is None:
            self._began_at = event.at
        at_s = event.at - self._began_at
        self._console.print(
            f"[dim]{at_s:6.1f} s[/dim] [{_COLORS[role]}]{role:<8}[/] {markup}", highlight=False
        )


def meter(level_dbfs: float) -> str:
    """A level as a bar, from -60 dBFS to full scale, and in figures."""
    full = round(METER_WIDTH * max(0.0, 1 - level_dbfs / METER_FLOOR_DBFS))
    figures = f"{level_dbfs:4.0f} dBFS" if level_dbfs > METER_FLOOR_DBFS else "  -- dBFS"
    return "█" * full + "·" * (METER_WIDTH - full) + figures


def _tool(call: ToolCalled) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
    return f"{call.tool}({arguments}){' failed' if call.is_error else ''}"
