"""Whatever goes wrong is one line and status 2 or 3; 1 is for calls that missed their goal."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from duologue.call.direct.transport import Direct
from duologue.call.outcome import ExitCode
from duologue.call.over_livekit.transport import LiveKit
from duologue.cli.batch_run import at_once
from duologue.cli.batch_view import BatchView
from duologue.cli.output_pipe import CLOSED_PIPE
from duologue.report import index
from duologue.report.summary import read_calls
from shared.errors import DuologueError, UsageError
from shared.settings import inherited_environment, read_settings
from tests.disks import fill
from tests.duologue.processes import REPOSITORY, python
from tests.duologue.report.test_summary import add_call
from tests.providers.openai_server import OpenAIServer

AS_NOBODY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Root, who may then read no more than others."""


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("PermissionError(13, 'Permission denied', '/calls')", "error: /calls: Permission denied"),
        (
            "ExceptionGroup('jobs', [OSError(28, 'No space left'), UsageError('no [red]x')])",
            "error: No space left",
        ),
    ],
)
def test_what_the_system_refuses_is_one_line(raised: str, told: str) -> None:
    ended = ended_by(raised)
    assert (ended.returncode, ended.stderr) == (ExitCode.SYSTEM, f"{told}\n")


@pytest.mark.parametrize(
    "raised",
    ["KeyError('x')", "TimeoutError()", "ExceptionGroup('', [OSError(1, ''), KeyError()])"],
)
def test_what_nobody_thought_of_has_its_traceback_and_is_no_goal_missed(raised: str) -> None:
    ended = ended_by(raised)
    assert ended.returncode == ExitCode.SYSTEM
    assert "Traceback" in ended.stderr


def ended_by(raised: str) -> "subprocess.CompletedProcess[str]":
    """A command in which this is raised."""
    code = f"""
        from duologue.cli import cli
        from shared.errors import UsageError

        def app(prog_name):
            raise {raised}

        cli.app = app
        cli.main()
    """
    return subprocess.run(python(code), cwd=REPOSITORY, capture_output=True, text=True, check=False)


def duologue(*arguments: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "duologue", *arguments]


def test_output_that_cannot_be_written_is_said_and_one_that_nobody_reads_is_not(
    tmp_path: Path,
) -> None:
    add_call(tmp_path, "good")
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            duologue("summary", tmp_path, "--json"),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (
        ExitCode.SYSTEM,
        "error: No space left on device\n",
    )
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        duologue("summary", tmp_path),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (CLOSED_PIPE, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give up what root may")
def test_a_call_folder_that_may_not_be_looked_into_is_left_out_by_name(tmp_path: Path) -> None:
    for name in ("good", "secret"):
        add_call(tmp_path, name)
    (tmp_path / "secret").chmod(0)
    ended = subprocess.run(
        [*AS_NOBODY, *duologue("summary", tmp_path, "--json")],
        capture_output=True,
        text=True,
        check=False,
    )
    (tmp_path / "secret").chmod(0o700)
    assert ended.stderr == (
        f"left out: {tmp_path / 'secret'} cannot be read: call.json: permission denied\n"
    )
    assert json.loads(ended.stdout)["calls"] == 1
    assert ended.returncode == ExitCode.WRONG_USE


@pytest.mark.parametrize(
    ("command", "streams", "status"),
    [
        ("scenarios list", ">&-", 0),
        ("scenarios list", "2>&-", 0),
        ("scenarios list", "<&- >&- 2>&-", 0),
        ("scenarios show nobody", ">&- 2>&-", ExitCode.WRONG_USE),
        ("scenarios show nobody", "2>/dev/full", ExitCode.WRONG_USE),
        ("scenarios list --nothing", "2>/dev/full", ExitCode.SYSTEM),
        ("--help", "| exec true", CLOSED_PIPE),
    ],
)
def test_a_command_that_nobody_hears_ends_as_it_would(
    command: str, streams: str, status: int
) -> None:
    argv = duologue(*command.split())
    if streams.startswith("|"):
        reading, writing = os.pipe()
        os.close(reading)
        ended = subprocess.run(argv, stdout=writing, check=False)
        os.close(writing)
    else:
        shell = ["sh", "-c", f'exec "$@" {streams}', "sh", *map(str, argv)]
        ended = subprocess.run(shell, capture_output=True, check=False)
        assert b"Traceback" not in ended.stderr
    assert ended.returncode == status


def test_a_dotenv_that_is_no_text_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(b"OPENAI_API_KEY=\xff\xfe")
    with pytest.raises(UsageError, match=r"^\.env cannot be read: it is not UTF-8$"):
        read_settings()


def test_an_env_file_that_is_a_pipe_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo(".env")
    with pytest.raises(UsageError, match=r"^\.env cannot be read: it is a pipe, not a file$"):
        read_settings()


@pytest.mark.parametrize(
    "variable", ["DUOLOGUE_WORKER_CALLS", "DUOLOGUE_SERVICE_RETRIES", "DUOLOGUE_REPLY_CHARACTERS"]
)
def test_a_number_beyond_all_use_is_refused_by_its_name(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "9" * 500)
    with pytest.raises(UsageError, match=rf"^environment variable {variable}: "):
        read_settings()


def test_a_wrong_key_is_one_line_beside_events_that_are_json(tmp_path: Path) -> None:
    with OpenAIServer() as server:
        command = duologue("call", "person-wanted", "--transport", "direct", "--clock", "real")
        options = ("--json", "--support-llm", "openai/gpt-4.1-mini", "--out", tmp_path)
        ended = subprocess.run(
            [*command, *options],
            env=inherited_environment()
            | {"OPENAI_API_KEY": "sk-wrong", "OPENAI_BASE_URL": server.settings["openai_base_url"]},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == ExitCode.SYSTEM
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert events[-1]["event"]
    [said] = ended.stderr.splitlines()
    assert "Error code: 401 - Incorrect API key provided" in said


def test_a_batch_makes_no_more_calls_at_once_than_a_core_each() -> None:
    printed = StringIO()
    view = BatchView(Console(file=printed, width=200), total=12, finished=0)
    cores = os.cpu_count() or 1
    assert at_once(1000, Direct(), view) == cores
    assert f"{cores} calls at the same time, not 1000" in printed.getvalue()
    assert at_once(None, Direct(), view) == cores
    assert at_once(1000, LiveKit(), view) == 1000  # its workers may be on other machines
    assert printed.getvalue().count("\n") == 1


def test_a_full_disk_leaves_the_index_that_was_there(small_disk: Path) -> None:
    add_call(small_disk, "good")
    calls = read_calls(small_disk).calls
    index.write(small_disk, calls)
    before = (small_disk / index.FILE).read_text()
    fill(small_disk)
    with pytest.raises(DuologueError, match=r"cannot write .*index.html: No space left"):
        index.write(small_disk, calls)
    assert (small_disk / index.FILE).read_text() == before
    assert {path.name for path in small_disk.iterdir()} == {"good", index.FILE, "filling"}
