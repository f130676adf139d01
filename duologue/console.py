"""A call on the terminal, while it happens: who says and hears what, and how fast they answer."""

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from duologue.doctor import StageResult, Verdict
from duologue.filing import CallResult
from duologue.outcome import ExitCode
from shared.events import Event, EventName
from shared.spec import Role

_MARKS = {
    Verdict.PASSED: "[green]ok     [/green]",
    Verdict.FAILED: "[red]FAILED [/red]",
    Verdict.SKIPPED: "[dim]skipped[/dim]",
}
_COLORS = {Role.CUSTOMER: "cyan", Role.SUPPORT: "green"}


class CallView:
    """Prints the events of one call as they come in; on a terminal also who is speaking."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._began_at: float | None = None
        self._stopped_at: dict[Role, float] = {}
        self._reply_s: dict[Role, float] = {}

    def say(self, text: str) -> None:
        """Show a step that is not part of the conversation."""
        self._console.print(f"[dim]{escape(text)}[/dim]", highlight=False)

    def on_stage(self, result: StageResult) -> None:
        """Show one stage of `duologue doctor`."""
        mark = _MARKS[result.verdict]
        who = f" {result.role}" if result.role else ""
        self._console.print(
            f"{mark} [bold]{result.stage}[/bold]{who} [dim]{result.took_s:.1f} s[/dim] "
            f"{escape(result.seen)}",
            soft_wrap=True,
        )
        if result.cure:
            self._console.print(f"  [yellow]{escape(result.cure)}[/yellow]", soft_wrap=True)

    def on_event(self, event: Event) -> None:
        """Show one event."""
        if event.source not in tuple(Role):
            self._on_driver_event(event)
            return
        role = Role(event.source)
        if event.event is EventName.STATE:
            self._on_state(role, event)
        elif event.event is EventName.SAID:
            cut = " [red](cut off)[/red]" if event.fields.get("interrupted") else ""
            reply_s = self._reply_s.pop(role, None)
            reply = f" [dim]after {reply_s:.2f} s[/dim]" if reply_s is not None else ""
            self._line(event, role, f"“{escape(event.fields['text'])}”{cut}{reply}")
        elif event.event is EventName.HEARD:
            self._line(event, role, f"[dim]heard “{escape(event.fields['text'])}”[/dim]")
        elif event.event is EventName.TOOL:
            self._line(event, role, f"[magenta]{escape(_tool(event))}[/magenta]")
        elif event.event is EventName.REVIVED:
            self._line(event, role, "[yellow]breaks the silence[/yellow]")
        elif event.event is EventName.ENDED:
            self._line(event, role, f"[yellow]leaves: {event.fields['reason']}[/yellow]")
        elif event.event is EventName.ERROR:
            self._line(event, role, f"[red]{escape(str(event.fields.get('error')))}[/red]")

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
        self._console.print(f"call folder: {result.folder}", soft_wrap=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._status:
            self._status.stop()
            self._status = None

    def _on_driver_event(self, event: Event) -> None:
        if event.event is EventName.REDISPATCHED:
            self.say(f"nobody took the dispatch of {event.fields['agent_name']}, dispatching again")
        elif event.event is EventName.JOINED and event.fields.get("agent_name"):
            self.say(f"{event.fields['agent_name']} has joined")

    def _on_state(self, role: Role, event: Event) -> None:
        new, old = event.fields["new"], event.fields["old"]
        if old == "speaking":
            self._stopped_at[role] = event.at
            self._speaking(None)
        if new == "speaking":
            if (stopped_at := self._stopped_at.pop(role.peer, None)) is not None:
                self._reply_s[role] = event.at - stopped_at
            self._speaking(role)

    def _speaking(self, role: Role | None) -> None:
        if not self._console.is_terminal:
            return
        text = f"[{_COLORS[role]}]{role} is speaking[/]" if role else "[dim]silence[/dim]"
        if self._status is None:
            self._status = self._console.status(text)
            self._status.start()
        else:
            self._status.update(text)

    def _line(self, event: Event, role: Role, markup: str) -> None:
        if self._began_at is None:
            self._began_at = event.at
        at_s = event.at - self._began_at
        self._console.print(
            f"[dim]{at_s:6.1f} s[/dim] [{_COLORS[role]}]{role:<8}[/] {markup}", highlight=False
        )


def _tool(event: Event) -> str:
    arguments = ", ".join(f"{name}={value!r}" for name, value in event.fields["arguments"].items())
    result = " failed" if event.fields.get("is_error") else ""
    return f"{event.fields['tool']}({arguments}){result}"
