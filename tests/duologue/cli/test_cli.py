"""The `duologue` command as it is used: what it refuses, and what it says."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import jwt
import psutil
import pytest

from duologue.call.outcome import ExitCode
from duologue.cli.cli import COMMANDS
from duologue.servers.ports import free_ports
from duologue.servers.server import Server
from shared.settings import inherited_environment
from tests.duologue.processes import REPOSITORY

AT_ONCE = 2
QUICKLY_S = 60.0
"""Until when a refusal must have come, on a machine that does much else."""

MALFORMED = """\
name: Wrong
scenarios:
  - label: no-goals
    persona: {name: Ann}
    userdata: {business: shop}
    goals: []
"""


class Ran(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str
    children: frozenset[int]
    """Processes that it had started, seen while it ran."""


def environment(**variables: str) -> dict[str, str]:
    """The shell of a user who has set these variables and no others of ours."""
    return inherited_environment() | {"COLUMNS": "80", **variables}


def run(arguments: list[str], cwd: Path, env: Mapping[str, str]) -> Ran:
    process = subprocess.Popen(
        [sys.executable, "-m", "duologue", *arguments],
        cwd=cwd,
        env={**env, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    children: set[int] = set()
    deadline = time.monotonic() + QUICKLY_S
    while process.poll() is None and time.monotonic() < deadline:
        children |= {each.pid for each in psutil.Process(process.pid).children(recursive=True)}
        time.sleep(0.2)
    if process.poll() is None:
        process.kill()
    out, err = process.communicate()
    return Ran(process.returncode, out, err, frozenset(children))


class Case(NamedTuple):
    """A use of the command that is wrong."""

    arguments: list[str]
    says: tuple[str, ...]
    """What the one line names."""
    env: Mapping[str, str] = {}


def cases(home: Path, server: Server, taken_port: int) -> dict[str, Case]:
    """Every wrong use, with what it needs laid out in `home`."""
    (home / "wrong.yaml").write_text(MALFORMED, encoding="utf-8")
    (home / "file").write_text("not a folder", encoding="utf-8")
    (home / "calls" / "taken").mkdir(parents=True)
    (home / "unknown.yaml").write_text("scenarios: [nobody]\n", encoding="utf-8")
    (home / "plan.yaml").write_text("scenarios: [late-and-charged-twice]\n", encoding="utf-8")
    (home / "twice.jsonl").write_text('{"call_id": "a"}\n' * 2, encoding="utf-8")
    (home / "foreign" / "late-and-charged-twice-00000").mkdir(parents=True)
    address = server.address
    ours = {
        "LIVEKIT_URL": address.url,
        "LIVEKIT_API_KEY": address.api_key,
        "LIVEKIT_API_SECRET": address.api_secret.get_secret_value(),
    }
    nobody = f"ws://127.0.0.1:{free_ports(1)[0]}"
    return {
        "an unknown scenario": Case(
            ["call", "no-such-[red]thing"], ("no-such-[red]thing", "late-and-charged-twice")
        ),
        "a scenario that is none": Case(["call", "wrong.yaml"], ("wrong.yaml:6:", "goals")),
        "a call id that is no name": Case(
            ["call", "--call-id", "../[red]up[/red]"], ("call", "id")
        ),
        "a call id that is empty": Case(["call", "--call-id", ""], ("--call-id is empty",)),
        "a folder without a name": Case(["batch", "plan.yaml", "--out="], ("--out is empty",)),
        "a call id that exists": Case(["call", "--call-id", "taken"], ("'taken'", "exists")),
        "a folder that cannot be": Case(["call", "--out", "file"], ("cannot write", "file")),
        "a port in use": Case(["up", "--port", str(taken_port)], (f"port {taken_port} is in use",)),
        "a wrong secret": Case(
            ["call"],
            (address.url, "LIVEKIT_API_SECRET"),
            {**ours, "LIVEKIT_API_SECRET": "wrong" * 8},
        ),
        "a server that is not there": Case(["call"], (nobody,), {**ours, "LIVEKIT_URL": nobody}),
        "a variable that is wrong": Case(
            ["call"], ("SUPPORT_PORT", "integer"), {"SUPPORT_PORT": "eighty"}
        ),
        "a profile without its key": Case(
            ["call", "--profile", "cloud"],
            ("set OPENAI_API_KEY",),
            {"DEEPGRAM_API_KEY": "dg", "CARTESIA_API_KEY": "sk"},
        ),
        "an engine that is unknown": Case(
            ["plan", "--out", "p.jsonl", "--support-tts", "cartesia"], ("'cartesia'", "piper/joe")
        ),
        "a token of a side": Case(
            ["token", "--room", "r", "--identity", "support"], ("what a side of a call joins as",)
        ),
        "a token without a server": Case(["token", "--room", "r"], ("no server",)),
        "a plan with an unknown scenario": Case(["batch", "unknown.yaml"], ("nobody",)),
        "a plan with an id twice": Case(["batch", "twice.jsonl"], ("twice.jsonl:2:", "call_id")),
        "a shard that is not there": Case(["batch", "plan.yaml", "--shard", "3/2"], ("'3/2'",)),
        "a folder of something else": Case(
            ["batch", "plan.yaml", "--out", "foreign"], ("foreign/late", "not a call folder")
        ),
        "a batch into a file": Case(["batch", "plan.yaml", "--out", "file"], ("cannot write",)),
        "a summary of nothing": Case(["summary", "foreign"], ("no call in foreign",)),
    }


NAMES = [
    "an unknown scenario", "a scenario that is none", "a call id that is no name",
    "a call id that is empty", "a folder without a name",
    "a call id that exists", "a folder that cannot be", "a port in use", "a wrong secret",
    "a server that is not there", "a variable that is wrong", "a token without a server",
    "a plan with an unknown scenario", "a plan with an id twice", "a shard that is not there",
    "a folder of something else", "a batch into a file", "a summary of nothing",
    "a profile without its key", "an engine that is unknown", "a token of a side",
]  # fmt: skip


class Tried(NamedTuple):
    """Wrong uses, all being tried."""

    home: Path
    cases: Mapping[str, Case]
    runs: Mapping[str, "Future[Ran]"]
    server: Server


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Tried]:
    """All wrong uses, a few at once, for most of each is the start of a Python."""
    home = tmp_path_factory.mktemp("home")
    with socket.create_server(("127.0.0.1", 0)) as taken, ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = cases(home, server, taken.getsockname()[1])
        assert sorted(wrong) == sorted(NAMES)
        own_cache = {"DUOLOGUE_CACHE": str(home / "cache")}
        runs = {
            name: pool.submit(run, case.arguments, home, environment(**own_cache, **case.env))
            for name, case in wrong.items()
        }
        yield Tried(home, wrong, runs, server)


@pytest.mark.parametrize("name", NAMES)
def test_wrong_use_is_one_clear_line_and_exit_code_2(tried: Tried, name: str) -> None:
    ran = tried.runs[name].result()
    assert ran.err.count("\n") == 1, ran.err
    assert ran.err.startswith("error: ")
    for words in tried.cases[name].says:
        assert words in ran.err
    assert ran.code == ExitCode.WRONG_USE
    assert not ran.children
    assert tried.server.address.api_secret.get_secret_value() not in ran.err + ran.out


def test_wrong_use_leaves_nothing_behind(tried: Tried) -> None:
    for each in tried.runs.values():
        each.result()
    left = {path.relative_to(tried.home).as_posix() for path in tried.home.rglob("*")}
    assert left == {
        *("wrong.yaml", "file", "calls", "calls/taken"),
        *("unknown.yaml", "plan.yaml", "twice.jsonl"),
        *("foreign", "foreign/late-and-charged-twice-00000"),
    }


def test_a_token_lets_a_person_into_one_room(server: Server, tmp_path: Path) -> None:
    secret = server.address.api_secret.get_secret_value()
    env = environment(
        LIVEKIT_URL=server.address.url,
        LIVEKIT_API_KEY=server.address.api_key,
        LIVEKIT_API_SECRET=secret,
    )
    ran = run(["token", "--room", "demo", "--identity", "ann", "--listen"], tmp_path, env)
    assert (ran.code, ran.err) == (0, "")
    claims = jwt.decode(ran.out.strip(), secret, algorithms=["HS256"])
    assert claims["sub"] == "ann"
    wanted = {"roomJoin": True, "room": "demo", "canPublish": False, "canSubscribe": True}
    assert wanted.items() <= claims["video"].items()


def test_help_names_every_command(tmp_path: Path) -> None:
    ran = run(["--help"], tmp_path, environment())
    assert ran.code == 0
    for command in COMMANDS:
        assert f" {command} " in ran.out
