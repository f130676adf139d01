"""Text of others on the terminal: shown, never obeyed, and without secrets."""

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from duologue.cli.batch_view import BatchView
from duologue.cli.call_command import print_event
from duologue.cli.call_view import CallView, show_problem
from duologue.cli.cli import app
from duologue.cli.doctor_view import show_stage
from duologue.cli.terminal import Terminal
from duologue.cli.test_command import say, show
from duologue.doctor.doctor import Stage, StageResult, StageStatus
from duologue.folder.folder import CALL, read_call, write_json
from duologue.suite.junit import write_junit
from duologue.suite.result import write_report
from shared.events import Failed, Heard, Said, ToolCalled
from shared.events.journal import Event
from shared.masking import MASK, set_secrets
from shared.spec import Role
from tests.duologue.report.test_summary import add_call
from tests.duologue.suite.test_result import BAD, scenario, suite
from tests.providers.chat import Chat, Reply
from tests.providers.openai_server import OpenAIServer
from tests.providers.service import Refused

HOSTILE = "late\x1b]0;PWNED\x07 \x1b[2J\x9b31m\x7f\u202eredro"
SHOWN = r"late\u001b]0;PWNED\u0007 \u001b[2J\u009b31m\u007f\u202eredro"
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FILE = """\
name: Hostile
scenarios:
  - label: HOSTILE
    persona: {name: HOSTILE}
    goals: [{say: "Hello, when are you open on Saturdays?", met_when: [open]}]
    tags: {about: HOSTILE}
    userdata: {business: clinic}
    expected: {said: [HOSTILE]}
""".replace("HOSTILE", r'"late\e]0;PWNED\a \e[2J\x9b31m\x7f\u202eredro"')
MODEL_SAYS = f"Good morning {HOSTILE}."


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a hostile scenario, and a call about it that failed at first."""
    (tmp_path / "hostile.yaml").write_text(FILE)
    (tmp_path / "calls").mkdir()
    add_call(tmp_path / "calls", "one", success=False, earlier=(HOSTILE,))
    folder = tmp_path / "calls" / "one"
    record = read_call(folder)
    spec = record.spec.model_copy(update={"scenario": HOSTILE})
    write_json(folder / CALL, record.model_copy(update={"spec": spec}))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    set_secrets(())


@pytest.mark.parametrize(
    ("command", "shows"),
    [
        ("scenarios list hostile.yaml", SHOWN),
        ("scenarios show hostile.yaml", r"late\e]0;PWNED\a \e[2J\x9B31m\x7F\u202Eredro"),
        ("scenarios check hostile.yaml", "ok"),
        ("plan hostile.yaml --calls 1 --out plan.jsonl", "1 calls in plan.jsonl"),
        ("summary", SHOWN),
        ("summary --csv", SHOWN),
        ("summary --json", "goals_reached"),
        ("business list", "clinic"),
    ],
)
@pytest.mark.usefixtures("home")
def test_a_command_shows_what_others_wrote_and_the_terminal_obeys_none_of_it(
    command: str, shows: str
) -> None:
    ran = CliRunner().invoke(app, command.split(), env={"COLUMNS": "400"}, catch_exceptions=False)
    assert shows in ran.output
    assert not OBEYED.search(ran.output.replace("\r\n", "\n"))


def test_a_line_of_csv_has_each_field_in_its_place(home: Path) -> None:
    del home
    ran = CliRunner().invoke(app, ["summary", "--csv"], catch_exceptions=False)
    [row] = csv.DictReader(StringIO(ran.stdout))
    assert row["scenario"] == SHOWN


def test_what_a_call_a_batch_a_suite_and_the_doctor_tell_is_not_obeyed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal = Terminal()
    view = CallView(terminal)
    said = Said(text=HOSTILE, intended=HOSTILE, interrupted=False)
    tool = ToolCalled(tool=HOSTILE, arguments={HOSTILE: HOSTILE}, output=HOSTILE, is_error=False)
    told = (said, Heard(text=HOSTILE), tool, Failed(error=HOSTILE))
    for payload in told:
        event = Event("support", 1.0, payload)
        view.on_event(event)
        print_event(event)
        assert not OBEYED.search(line := capsys.readouterr().out)
        assert json.loads(line.splitlines()[-1])["fields"] == payload.fields()
    view.say(HOSTILE)
    view.show_log([HOSTILE])
    show_problem(
        Role.SUPPORT, json.dumps({"level": "error", "logger": "duologue", "event": HOSTILE})
    )
    say(HOSTILE)
    show(suite(scenario(BAD.model_copy(update={"findings": (HOSTILE,)}), label=HOSTILE)))
    BatchView(terminal, total=1, finished=0).say(HOSTILE)
    show_stage(
        terminal,
        StageResult(
            stage=Stage.SERVER,
            role=None,
            status=StageStatus.FAILED,
            took_s=1.0,
            seen=HOSTILE,
            cure=HOSTILE,
        ),
    )
    printed = capsys.readouterr()
    assert "PWNED" in printed.out
    assert "PWNED" in printed.err
    assert not OBEYED.search(printed.out + printed.err)


def test_reports_of_a_suite_can_be_read_and_printed_whatever_is_in_them(tmp_path: Path) -> None:
    result = suite(scenario(BAD.model_copy(update={"findings": (HOSTILE,)}), label=HOSTILE))
    junit, report = tmp_path / "junit.xml", tmp_path / "report.json"
    write_junit(junit, result)
    write_report(report, result)
    [case] = ET.parse(junit).getroot().iter("testcase")  # noqa: S314 - written just now
    assert case.get("name") == SHOWN
    [told] = json.loads(report.read_text(encoding="utf-8"))["scenarios"]
    assert told["label"] == HOSTILE
    for file in (junit, report):
        assert not OBEYED.search(file.read_text(encoding="utf-8"))


def test_a_real_call_shows_and_keeps_no_secret_and_no_escape(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = ["sk-of-openai-0123", "of-another-package-0123", "of-livekit-0123", "in-url-0123"]
    for variable, secret in zip(
        ("OPENAI_API_KEY", "ACME_API_KEY", "LIVEKIT_API_SECRET"), secrets, strict=False
    ):
        monkeypatch.setenv(variable, secret)
    monkeypatch.setenv("LIVEKIT_URL", f"ws://me:{secrets[-1]}@127.0.0.1:9")
    asked: list[Chat] = []

    def answer(chat: Chat) -> Reply:
        asked.append(chat)
        if len(asked) == 1:
            return Reply(MODEL_SAYS)
        raise Refused(401, f"Incorrect keys provided: {HOSTILE} {' '.join(secrets)}.")

    with OpenAIServer() as server:
        server.key, server.answer = secrets[0], answer
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("SUPPORT_LLM", "openai/gpt-4.1-mini")
        command = "call hostile.yaml --transport direct --call-id echoed"
        ran = CliRunner().invoke(app, command.split(), env={"COLUMNS": "400"})
    assert SHOWN in ran.output
    assert f"{MASK} {MASK} {MASK} {MASK}." in " ".join(ran.output.split())
    assert not OBEYED.search(ran.output)
    files = [path.read_bytes() for path in (home / "calls" / "echoed").iterdir()]
    for secret in secrets:
        assert secret not in ran.output
        assert not [content for content in files if secret.encode() in content]
