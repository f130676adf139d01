"""Duologue as people install it: a wheel, in an environment of its own, used far from any clone.

The folder it is used from has files and packages with the names of ours, and of Python's own; each
ends whatever imports it.
"""

import json
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from duologue.deploy.staging import PACKAGES
from shared.settings import inherited_environment
from shared.spec import Role

pytestmark = pytest.mark.timeout(900)  # where nothing is cached, an environment is downloaded

OURS = ("customer_agent", "support_agent", "shared", "duologue")
PYTHONS = ("3.11", "3.12", "3.13")
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
USERS_FILES = (
    "customer_agent/__init__.py",
    "customer_agent/__main__.py",
    "duologue.py",
    "json.py",
    "shared/__init__.py",
    "support_agent.py",
    "types.py",
)
QUESTION = """\
name: Clinic
scenarios:
  - label: saturdays
    userdata: {business: clinic}
    persona: {name: Ann Lee}
    goals: [{say: "Hello, when are you open on Saturdays?", met_when: [open]}]
    expected: {said: [open]}
"""


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with nothing of the clone on its path, as a user would."""
    return subprocess.run(
        command,
        cwd=cwd,
        env=inherited_environment(without={"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}) | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def uv(*arguments: str | Path, cwd: Path) -> None:
    done = run(sys.executable, "-m", "uv", *arguments, cwd=cwd)
    assert done.returncode == 0, done.stderr


def find_python(minor: str, cwd: Path) -> str:
    """The Python of this version; the test is skipped where there is none."""
    if minor == THIS_PYTHON:
        return sys.executable
    if shutil.which(f"python{minor}"):
        # pyenv has one stand on PATH that runs only when its version is asked for.
        found = run(
            f"python{minor}",
            "-c",
            "import sys; print(sys.executable)",
            cwd=cwd,
            PYENV_VERSION=minor,
        )
        if found.returncode == 0:
            return found.stdout.strip()
    pytest.skip(f"there is no Python {minor} on this machine")


class Installed:
    """An environment that has Duologue, and the folder that it is used from."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self.environment, self.folder = environment, folder

    def duologue(self, *arguments: str) -> str:
        """What a command prints; it must succeed."""
        program = self.environment / "bin" / "duologue"
        done = run(program, *arguments, cwd=self.folder, COLUMNS="200")
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, *arguments: str) -> str:
        """What its Python prints; it must succeed."""
        done = run(self.environment / "bin" / "python", *arguments, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A copy: setuptools would build in the clone, from whatever an earlier build has left there.
    sources, made = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("wheel")
    for package in OURS:
        kept = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PACKAGES / package, sources / package, ignore=kept)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PACKAGES / name, sources)
    uv("build", "--wheel", "--offline", "--no-build-isolation", "--out-dir", made, cwd=sources)
    (wheel,) = made.glob("*.whl")
    return wheel


def install(python: str, wheel: Path, place: Path) -> Installed:
    """Do what `pip install duologue[offline]` does, with the versions that are locked."""
    environment, folder = place / "environment", place / "folder"
    uv("venv", "--python", python, environment, cwd=place)
    into = ("pip", "install", "--python", environment)
    lock = PACKAGES / "duologue" / "deploy" / "requirements.txt"
    uv(*into, "--no-deps", "--require-hashes", "-r", lock, cwd=place)
    # With no index, so that whatever it needs besides is missed.
    uv(*into, "--no-index", f"duologue[offline] @ {wheel.as_uri()}", cwd=place)
    for name in USERS_FILES:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"raise SystemExit('the user's own {name} was run')\n")
    (folder / "clinic.yaml").write_text(QUESTION)
    return Installed(environment, folder)


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return install(sys.executable, wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def calls(installed: Installed) -> Path:
    """A call of each transport."""
    installed.duologue("call", "--transport", "direct", "--call-id", "direct", "--seed", "7")
    installed.duologue("call", "clinic.yaml", "--call-id", "room")
    return installed.folder / "calls"


def test_the_wheel_has_every_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (path for package in OURS for path in (PACKAGES / package).rglob("*"))
    assert packed == {
        path.relative_to(PACKAGES).as_posix()
        for path in files
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_it_says_its_version(installed: Installed) -> None:
    assert installed.duologue("--version") == f"duologue {version('duologue')}\n"


def test_it_makes_calls_of_both_transports(calls: Path) -> None:
    for transport, name in (("direct", "direct"), ("livekit", "room")):
        call = json.loads((calls / name / "call.json").read_text())
        assert call["transport"] == transport
        assert call["outcome"] == "completed"


def test_it_plans_a_batch_and_makes_it(installed: Installed) -> None:
    options = ("--calls", "1", "--seed", "7", "--out", "plan.jsonl")
    installed.duologue("plan", "clinic.yaml", *options)
    installed.duologue("batch", "plan.jsonl", "--out", "batch")
    assert len([*installed.folder.glob("batch/*/call.json")]) == 1


def test_it_tests_an_agent(installed: Installed) -> None:
    said = installed.duologue("test", "clinic.yaml", "--transport", "direct", "--out", "tested")
    assert " passed " in said


@pytest.mark.usefixtures("calls")
def test_it_labels_calls_again_in_processes_of_their_own(installed: Installed) -> None:
    assert installed.duologue("relabel", "calls", "--jobs", "2") == "2 calls: 2 unchanged\n"


def test_it_makes_pages_and_prints_formats(installed: Installed, calls: Path) -> None:
    installed.duologue("report", "calls")
    assert "room" in (calls / "index.html").read_text()
    assert "title" in json.loads(installed.duologue("schema", "call.json"))
    assert "Usage" in installed.duologue("doctor", "--help")


def test_it_stages_a_role_of_its_own_version_in_the_users_folder(installed: Installed) -> None:
    assert "lk agent create build/support" in installed.duologue("deploy", "stage", "support")
    staged = installed.folder / "build" / Role.SUPPORT
    (packages,) = installed.environment.glob("lib/python3*/site-packages")
    for package in ("shared", "support_agent"):
        sources = [*(packages / package).rglob("*.py")]
        assert sources
        for source in sources:
            copy = staged / source.relative_to(packages)
            assert copy.read_bytes() == source.read_bytes()
    (staged / "livekit.toml").write_text('[agent]\nid = "CA_1"\n')  # as `lk agent create` does
    assert "lk agent deploy build/support" in installed.duologue("deploy", "stage", "support")
    assert (installed.folder / "deploy" / "support" / "livekit.toml").is_file()


def test_as_a_module_it_is_the_same_command(installed: Installed, tmp_path: Path) -> None:
    listed = installed.duologue("scenarios", "list")
    assert "late-and-charged-twice" in listed
    assert installed.python("-P", "-m", "duologue", "--version") == installed.duologue("--version")
    # Without -P, Python itself would fail for the user's `types.py`, as with any module it runs.
    (tmp_path / "shared.py").touch()
    (tmp_path / "support_agent.py").write_text("raise SystemExit('the user's own')\n")
    python = installed.environment / "bin" / "python"
    done = run(python, "-m", "duologue", "scenarios", "list", cwd=tmp_path, COLUMNS="200")
    assert (done.stdout, done.stderr) == (listed, "")


@pytest.mark.parametrize("minor", [each for each in PYTHONS if each != THIS_PYTHON])
def test_it_runs_on_every_python_that_it_names(minor: str, wheel: Path, tmp_path: Path) -> None:
    there = install(find_python(minor, tmp_path), wheel, tmp_path)
    assert there.python("-P", "--version").startswith(f"Python {minor}.")
    assert "late-and-charged-twice" in there.duologue("scenarios", "list")
    there.duologue("call", "--transport", "direct")
