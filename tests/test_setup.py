"""What a newcomer's machine is set up from: locks, Procfile, .env.example."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from shared.spec import Role
from tests.environment import DEFAULTS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]
LOCKS = {
    "call": ROOT / "requirements" / "call.txt",
    "dev": ROOT / "requirements" / "dev.txt",
    "role": ROOT / "duologue" / "deploy" / "requirements.txt",
    "uv": ROOT / "duologue" / "deploy" / "uv.txt",
}
FOR_A_ROLE = [*PROJECT["project"]["dependencies"], *EXTRAS["offline"]]
FOR_A_CALL = [
    *PROJECT["build-system"]["requires"],
    *FOR_A_ROLE,
    *EXTRAS["piper"],
    *GROUPS["procfile"],
]
FOR_EVERYTHING = [
    *FOR_A_CALL,
    *(each for extra in EXTRAS.values() for each in extra),
    *(each for each in GROUPS["dev"] if isinstance(each, str)),
]


def pins(lock: str) -> dict[str, set[str]]:
    """The versions of each package in a lock, each of which must carry a hash.

    There may be more than one, for different versions of Python.
    """
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}",
        LOCKS[lock].read_text(),
        re.MULTILINE,
    ):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("call", FOR_A_CALL),
        ("dev", FOR_EVERYTHING),
        ("role", FOR_A_ROLE),
        ("uv", ["uv"]),
    ],
)
def test_a_lock_has_what_pyproject_asks_for(lock: str, requirements: list[str]) -> None:
    locked = pins(lock)
    for requirement in map(Requirement, requirements):
        name = requirement.name.lower()
        assert name in locked, f"`make lock`: {name} is not in {LOCKS[lock]}"
        fits = any(version in requirement.specifier for version in locked[name])
        assert fits, f"`make lock`: {name} in {LOCKS[lock]}"


def test_the_locks_agree() -> None:
    everything = pins("dev")
    for lock in LOCKS:
        assert pins(lock) == {name: everything[name] for name in pins(lock)}


def test_an_image_has_nothing_of_the_gpl() -> None:
    assert not {Requirement(each).name for each in EXTRAS["piper"]} & pins("role").keys()


def test_the_locks_name_no_place_to_download_from() -> None:
    for lock in LOCKS.values():
        assert not re.search(r"://|--index|--find-links|--extra-index", lock.read_text()), lock


def test_the_procfile_starts_the_worker_of_each_role() -> None:
    # `exec`: what honcho signals must be the worker, not a shell around it.
    lines = (ROOT / "Procfile").read_text().splitlines()
    assert lines == [f"{role}: exec deploy/worker.sh {role}" for role in Role]


ANOTHER_PYTHON = "#!/bin/sh\necho 'No module named importlib' >&2\nexit 1\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What `honcho start` reads of a clone, and first on PATH a Python that has no Duologue."""
    clone, other = tmp_path / "clone", tmp_path / "other" / "python"
    (clone / "deploy").mkdir(parents=True)
    other.parent.mkdir()
    other.write_text(ANOTHER_PYTHON)
    other.chmod(0o755)
    for name in ("Procfile", "deploy/worker.sh"):
        shutil.copy(ROOT / name, clone / name)
    return clone


def start(clone: Path, *path: Path) -> str:
    """What `honcho start` says until it ends, as there is no server to be a worker of."""
    known = [*path, clone.parent / "other", "/usr/bin", "/bin"]
    # Whatever Python /usr/bin has comes last, and is not the one.
    environment = {"PATH": os.pathsep.join(map(str, known)), "HOME": str(clone)}
    honcho = [sys.executable, "-m", "honcho", "start"]
    ended = subprocess.run(
        honcho, cwd=clone, env=environment, capture_output=True, text=True, check=False
    )
    return ended.stdout + ended.stderr


def test_honcho_starts_the_workers_with_the_environment_that_is_active_or_that_of_the_clone(
    clone: Path,
) -> None:
    environment = Path(sys.executable).parents[1]
    assert "LIVEKIT_URL is not set" in start(clone, environment / "bin")
    (clone / ".venv").symlink_to(environment)
    assert "LIVEKIT_URL is not set" in start(clone)


def test_a_worker_whose_environment_is_nowhere_says_in_a_line_what_to_activate(
    clone: Path,
) -> None:
    said = start(clone)
    assert (
        f"neither python on PATH ({clone.parent}/other/python) nor .venv has Duologue: run" in said
    )
    assert "Traceback" not in said
    assert "No module named" not in said


def test_the_example_environment_names_every_setting_with_its_default_and_sets_none() -> None:
    example = (ROOT / ".env.example").read_text()
    assert all(line.startswith("#") for line in example.splitlines() if line)
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert shown.pop("LIVEKIT_URL")  # an example, for there is no default
    expected = DEFAULTS | {"DUOLOGUE_CACHE": ""}  # which is in the user's home
    del expected["LIVEKIT_URL"]
    assert shown == expected
