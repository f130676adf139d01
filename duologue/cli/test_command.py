"""`duologue test`: whether a support agent does well enough, for continuous integration."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from duologue.call.transport_registry import find_transport
from duologue.cli.business_option import BusinessOption
from duologue.cli.call_view import show_problem
from duologue.cli.counterpart_options import (
    DispatchTimeoutOption,
    FollowClockOption,
    StartTimeoutOption,
    SupportAgentOption,
    SupportCommandOption,
    SupportFileOption,
    SupportPythonOption,
    named_counterpart,
)
from duologue.cli.persona_option import PersonaOption, named_persona
from duologue.cli.signals import run_cancellable
from duologue.cli.terminal import Terminal
from duologue.folder.folder import TransportName
from duologue.scenarios.scenario import played_by
from duologue.suite.junit import write_junit
from duologue.suite.result import Grade, SuiteResult, write_report
from duologue.suite.run import Suite, load_suite, run_suite
from shared.errors import UsageError
from shared.settings import read_settings

out = Terminal()

_COLORS = {
    Grade.PASSED: "green",
    Grade.FAILED: "red",
    Grade.UNKNOWN: "yellow",
    Grade.UNCHECKED: "yellow",
}


def assess(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SCENARIO...", help="Bundled scenarios, FILE for all of a file, or FILE#LABEL."
        ),
    ] = None,
    *,
    business: BusinessOption = None,
    persona: PersonaOption = None,
    support_agent: SupportAgentOption = None,
    support_command: SupportCommandOption = None,
    support_file: SupportFileOption = None,
    support_python: SupportPythonOption = None,
    follow_clock: FollowClockOption = False,
    dispatch_timeout_s: DispatchTimeoutOption = None,
    start_timeout_s: StartTimeoutOption = None,
    repeat: Annotated[
        int, typer.Option(min=1, max=1000, help="Calls of each scenario; the k-th has the seed k.")
    ] = 1,
    min_success: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of the valid calls of each scenario that must succeed."
        ),
    ] = 1.0,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            envvar="DUOLOGUE_JUDGE",
            help="The language model that judges by agent_expectations, such as "
            "openai/gpt-4.1-mini.",
        ),
    ] = None,
    allow_unchecked: Annotated[
        bool,
        typer.Option("--allow-unchecked", help="Let scenarios pass of which nothing was checked."),
    ] = False,
    out_dir: Annotated[
        Path, typer.Option("--out", help="The folder that call folders are made in.")
    ] = Path("calls"),
    transport: Annotated[
        TransportName, typer.Option(help="direct: without a server; for our own agent only.")
    ] = TransportName.LIVEKIT,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write JUnit XML, too.")
    ] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write JSON, too.")
    ] = None,
) -> None:
    """Call a support agent in every scenario, several times, and say whether it does well enough.

    Returns 0 if it does, 1 if it does not, 2 for wrong use, 3 if the system failed.
    """
    settings = read_settings()
    suite = Suite(
        scenarios=played_by(named_persona(persona), load_suite(scenarios or (), business)),
        repeat=repeat,
        min_success=min_success,
        judge=judge,
        allow_unchecked=allow_unchecked,
        transport=find_transport(transport),
        counterpart=named_counterpart(
            support_agent,
            support_command,
            support_file,
            support_python,
            follow_clock=follow_clock,
            dispatch_timeout_s=dispatch_timeout_s,
            start_timeout_s=start_timeout_s,
        ),
    )
    for report in filter(None, (junit, as_json)):
        _check_writable(report)
    result = run_cancellable(run_suite(suite, out_dir, settings, say, on_line=show_problem))
    show(result)
    if junit:
        write_junit(junit, result)
    if as_json:
        write_report(as_json, result)
    sys.exit(result.exit_code)


def say(text: str) -> None:
    """Show a step."""
    out.print(f"[dim]{escape(text)}[/dim]", soft_wrap=True)


def show(result: SuiteResult) -> None:
    """Show what came of a suite."""
    headings = ["scenario", "", "calls", "valid", "succeeded", "reply gap", "most often against it"]
    unchecked = any(each.unchecked for each in result.scenarios)
    table = Table(*headings, *["not checked"] * unchecked)
    for each in result.scenarios:
        gap_s = each.reply_gap_s
        table.add_row(
            escape(each.label),
            f"[{_COLORS[each.mark]}]{each.mark}[/]",
            str(len(each.runs)),
            str(each.valid),
            str(each.successes),
            "" if gap_s is None else f"{gap_s:.2f} s",
            escape(each.worst),
            *[", ".join(each.unchecked)] * unchecked,
        )
    out.print(table)


def _check_writable(report: Path) -> None:
    """See, before calls are paid for, that there can be such a file.

    Raises:
        UsageError: There cannot.
    """
    try:
        new = not report.exists()
        report.open("ab").close()
        if new:
            report.unlink()
    except OSError as error:
        raise UsageError(f"cannot write {report}: {error.strerror}") from None
