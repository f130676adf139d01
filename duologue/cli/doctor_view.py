"""`duologue doctor` on the terminal: a line for every stage, and how to cure one that failed."""

from rich.console import Console
from rich.markup import escape

from duologue.doctor.doctor import StageResult, StageStatus

_MARKS = {
    StageStatus.PASSED: "[green]ok     [/green]",
    StageStatus.FAILED: "[red]FAILED [/red]",
    StageStatus.SKIPPED: "[dim]skipped[/dim]",
}


def show_stage(console: Console, result: StageResult) -> None:
    """Show one stage."""
    mark = _MARKS[result.status]
    who = f" {result.role}" if result.role else ""
    console.print(
        f"{mark} [bold]{result.stage}[/bold]{who} [dim]{result.took_s:.1f} s[/dim] "
        f"{escape(result.seen)}",
        soft_wrap=True,
    )
    if result.cure:
        console.print(f"  [yellow]{escape(result.cure)}[/yellow]", soft_wrap=True)
