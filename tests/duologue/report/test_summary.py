"""What is said of many calls."""

import csv
import json
from io import StringIO
from pathlib import Path
from types import MappingProxyType

import pytest
from rich.console import Console
from typer.testing import CliRunner

from duologue.cli.cli import app
from duologue.folder.folder import CALL, TransportName, write_json
from duologue.labels import metrics
from duologue.labels.cost import Billed, Usage, read_prices, total_usd
from duologue.labels.interaction import interact
from duologue.labels.interaction.values import Spread
from duologue.labels.metrics import Level, Metrics, OtherMetric, Wer
from duologue.labels.transcript.transcript import Transcript
from duologue.labels.verdict import Check, Finding
from duologue.report.summary import read_calls, show_summary, summarize, write_csv
from shared.endings import Fault, Outcome
from shared.errors import FolderError, UsageError
from shared.events.usage import EngineKind, Used
from shared.spec import Role
from tests.duologue.folder.test_folder import call
from tests.duologue.labels.test_activity import mask

NOTHING_REFUNDED = Finding(check=Check.DESK, fault=Fault.SUPPORT, detail="nothing was refunded")
DIRECTIONS = ("customer_to_support", "support_to_customer")


def add_call(
    out: Path,
    name: str,
    *,
    outcome: Outcome = Outcome.COMPLETED,
    success: bool = True,
    cut_off: int = 0,
    gaps_s: tuple[float, ...] = (0.5,),
    earlier: tuple[str, ...] = (),
    usage: Usage = MappingProxyType({}),
    scenario: str = "late",
    seed: int = 1,
    valid: bool = True,
) -> None:
    """A call folder, as far as a summary reads it."""
    measured = Metrics(
        duration_s=60.0,
        task_success=success,
        valid=valid,
        fault=None if success else Fault.SUPPORT,
        findings=() if success else (NOTHING_REFUNDED,),
        turns=dict.fromkeys(Role, 7),
        speech_s=dict.fromkeys(Role, 20.0),
        reply_gap_s={
            way: Spread(p50=gaps_s[0], p95=max(gaps_s), values=gaps_s) for way in DIRECTIONS
        },
        interruptions=dict.fromkeys(Role, 0),
        turn_cut_off=cut_off,
        interaction=interact(Transcript(turns=()), dict.fromkeys(Role, mask())),
        wer={
            role: Wer(rate=0.1, errors=2, words=20, substitutions=2, insertions=0, deletions=0)
            for role in Role
        },
        levels=dict.fromkeys(Role, Level(speech_rms_dbfs=-20.0, peak_dbfs=-3.0)),
        flawed_turns=0,
        lost=dict.fromkeys(Role, 0),
        inserted_s=dict.fromkeys(Role, 0.0),
        cut_s=dict.fromkeys(Role, 0.0),
        concealed_s=dict.fromkeys(Role, 0.0),
        usage=dict(usage),
        cost_usd=total_usd(usage),
    )
    made = call(name)
    lost = outcome is Outcome.WORKER_LOST
    record = made.model_copy(
        update={
            "transport": TransportName.DIRECT,
            "spec": made.spec.model_copy(update={"scenario": scenario, "seed": seed}),
            "outcome": outcome,
            "fault": Fault.SYSTEM if lost else None,
            "detail": "no heartbeat" if lost else "",
            "run": made.run.model_copy(update={"earlier": earlier}),
        }
    )
    (out / name).mkdir()
    write_json(out / name / CALL, record)
    (out / name / metrics.FILE).write_text(measured.model_dump_json(by_alias=True))


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    add_call(tmp_path, "good")
    add_call(tmp_path, "slow", gaps_s=(0.5, 2.5))
    add_call(tmp_path, "cut", cut_off=1)
    add_call(tmp_path, "missed", success=False)
    add_call(tmp_path, "lost", outcome=Outcome.WORKER_LOST, success=False, earlier=("died",))
    (tmp_path / ".half.partial").mkdir()
    (tmp_path / "notes").mkdir()
    return tmp_path


def test_the_worst_call_comes_first(calls: Path) -> None:
    names = [each.id for each in read_calls(calls).calls]
    assert names == ["lost", "missed", "cut", "slow", "good"]


def test_all_calls_are_counted_together(calls: Path) -> None:
    figures = summarize(read_calls(calls).calls)
    assert (figures["calls"], figures["goals_reached"], figures["retried"]) == (5, 3, 1)
    assert figures["outcomes"] == {"completed": 4, "worker_lost": 1}
    assert figures["faults"] == {"none": 3, "system": 1, "support": 1}
    assert figures["valid"] == 5
    assert figures["reply_gap_s"]["customer_to_support"]["p50"] == 0.5
    assert figures["reply_gap_s"]["customer_to_support"]["max"] == 2.5
    assert figures["wer"] == {"customer": 0.1, "support": 0.1}
    assert figures["turns_cut_off"] == 1
    assert figures["failed"] == [
        {"call_id": "lost", "reasons": ["died", "worker_lost: no heartbeat"]}
    ]
    json.dumps(figures)


def test_csv_has_a_line_for_every_call(calls: Path) -> None:
    file = StringIO()
    write_csv(read_calls(calls).calls, file)
    rows = list(csv.DictReader(StringIO(file.getvalue())))
    assert [row["call_id"] for row in rows] == ["lost", "missed", "cut", "slow", "good"]
    assert (rows[0]["outcome"], rows[0]["attempts"]) == ("worker_lost", "2")
    assert rows[3]["gap_support_to_customer_p95_s"] == "2.5"


def test_people_are_told_the_worst_and_why(calls: Path) -> None:
    printed = StringIO()
    show_summary(read_calls(calls).calls, Console(file=printed, width=120), worst=2)
    told = printed.getvalue()
    assert "5 calls, 3 reached their goal, 5 valid, 1 needed more than one attempt" in told
    lost = "lost: worker_lost: no heartbeat, goal not reached"
    assert f"{lost} (died; desk: nothing was refunded)" in told
    assert "missed: completed, goal not reached (desk: nothing was refunded)" in told
    assert "  cut:" not in told


def thought(provider: str, *, local: bool = False) -> Billed:
    used = Used(
        kind=EngineKind.LLM,
        provider=provider,
        model="gpt-4.1-mini",
        local=local,
        input_tokens=2000,
        cached_tokens=1000,
        output_tokens=1000,
    )
    return Billed.at(read_prices(), used)


def test_what_calls_cost_is_added_up_by_role_and_model(tmp_path: Path) -> None:
    known, unknown = thought("openai"), thought("localhost:11434")
    for name in ("one", "two"):
        add_call(tmp_path, name, usage={Role.CUSTOMER: (known,), Role.SUPPORT: (known,)})
    add_call(tmp_path, "three", usage={Role.CUSTOMER: (known,), Role.SUPPORT: (unknown,)})
    calls = read_calls(tmp_path).calls
    figures = summarize(calls)
    assert known.cost_usd
    assert figures["cost_usd"] == pytest.approx(5 * known.cost_usd)
    assert figures["cost_unknown"] == 1
    assert [(row["role"], row["provider"], row["input_tokens"]) for row in figures["usage"]] == [
        ("customer", "openai", 6000),
        ("support", "localhost:11434", 2000),
        ("support", "openai", 4000),
    ]
    assert [row["cost_usd"] for row in figures["usage"]][1] is None
    printed = StringIO()
    show_summary(calls, Console(file=printed, width=200), worst=0)
    told = printed.getvalue()
    assert "cost: $0.0105; that of 1 calls is not known, or not all of it" in told
    assert "customer llm openai/gpt-4.1-mini: $0.0063, 6,000 input tokens, 3,000 of them" in told
    assert "support llm localhost:11434/gpt-4.1-mini: price not known, 2,000 input" in told


def test_calls_of_local_engines_cost_nothing(tmp_path: Path) -> None:
    own = thought("rules", local=True)
    add_call(tmp_path, "one", usage={Role.CUSTOMER: (own,), Role.SUPPORT: (own,)})
    printed = StringIO()
    show_summary(read_calls(tmp_path).calls, Console(file=printed, width=200), worst=0)
    assert "cost: nothing, by local engines\n" in printed.getvalue()


def test_a_damaged_call_is_named_and_keeps_no_other_from_being_told(calls: Path) -> None:
    (calls / "good" / metrics.FILE).write_text("{")
    measured = json.loads((calls / "slow" / metrics.FILE).read_text())
    (calls / "slow" / metrics.FILE).write_text(json.dumps(measured | {"reply_gap_s": {}}))
    del measured["wer"]["support"]
    (calls / "cut" / metrics.FILE).write_text(json.dumps(measured))
    told = CliRunner().invoke(app, ["summary", str(calls), "--json"])
    assert told.exit_code == UsageError.exit_code
    assert json.loads(told.stdout)["calls"] == 2
    cut, good, slow = told.stderr.splitlines()
    assert cut.endswith("cut is damaged: metrics.json: wer: has no support")
    assert "good is damaged: metrics.json: Invalid JSON" in good
    assert slow.endswith("slow is damaged: metrics.json: reply_gap_s: has no customer_to_support")


def test_where_no_call_can_be_read_one_is_named_and_the_others_counted(tmp_path: Path) -> None:
    for name in "abc":
        add_call(tmp_path, name)
        (tmp_path / name / CALL).write_text("{")
    with pytest.raises(FolderError, match=r"a is damaged: call.json: .*; nor can 2 more be read"):
        read_calls(tmp_path)


def test_no_calls_are_no_summary(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no call in"):
        read_calls(tmp_path)
    with pytest.raises(UsageError, match="is no folder"):
        read_calls(tmp_path / "nowhere")


def test_metrics_of_other_packages_are_told_each_by_its_name(tmp_path: Path) -> None:
    said = {
        "a": {
            "apologies": OtherMetric(value=1, description="Times."),
            "kind": OtherMetric(value="x"),
        },
        "b": {
            "apologies": OtherMetric(value=4, description="Times."),
            "kind": OtherMetric(value=[1]),
        },
        "c": {"apologies": OtherMetric(failed="mine 1.0: KeyError: 'a'", description="Times.")},
    }
    for name, others in said.items():
        add_call(tmp_path, name)
        measured = metrics.read(tmp_path / name)
        write_json(tmp_path / name / metrics.FILE, measured.model_copy(update={"others": others}))
    calls = read_calls(tmp_path).calls
    figures = summarize(calls)["others"]
    assert figures["apologies"] == {
        "description": "Times.",
        "p50": 2.5,
        "p90": 3.7,
        "p95": 3.85,
        "max": 4.0,
        "failed": 1,
        "why": "mine 1.0: KeyError: 'a'",
    }
    assert figures["kind"]["values"] == {'"x"': 1, "[1]": 1}
    console = Console(record=True, width=200, quiet=False)
    show_summary(calls, console, worst=0)
    told = console.export_text()
    assert "apologies: p50 2.5, p90 3.7, p95 3.85, max 4 (Times.)\n" in told
    assert "apologies failed in 1 calls: mine 1.0: KeyError: 'a'\n" in told
    table = StringIO()
    write_csv(calls, table)
    rows = list(csv.DictReader(StringIO(table.getvalue())))
    assert sorted((row["apologies"], row["kind"]) for row in rows) == [
        ("", ""),
        ("1", "x"),
        ("4", "[1]"),
    ]


def test_without_metrics_of_other_packages_nothing_is_said_of_them(tmp_path: Path) -> None:
    add_call(tmp_path, "a")
    assert "others" not in summarize(read_calls(tmp_path).calls)
    assert b"others" not in (tmp_path / "a" / metrics.FILE).read_bytes()
