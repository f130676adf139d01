"""What a newcomer's machine is set up from: locks, Procfile, .env.example."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from shared.spec import Role
from tests.environment import DEFAULTS

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
FOR_A_ROLE = [*PROJECT["project"]["dependencies"], *EXTRAS["offline"]]
FOR_A_CALL = [
    *PROJECT["build-system"]["requires"],
    *FOR_A_ROLE,
    *EXTRAS["piper"],
    *EXTRAS["local"],
]


def pins(lock: str) -> dict[str, set[str]]:
    """The versions of each package in a lock, each of which must carry a hash.

    There may be more than one, for different versions of Python.
    """
    found: dict[str, set[str]] = {}
    for name, version in re.findall(
        r"^([\w.-]+)==(\S+)[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}",
        (ROOT / "requirements" / lock).read_text(),
        re.MULTILINE,
    ):
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("call.txt", FOR_A_CALL),
        ("dev.txt", [*FOR_A_CALL, *(each for extra in EXTRAS.values() for each in extra)]),
        ("role.txt", FOR_A_ROLE),
        ("uv.txt", ["uv"]),
    ],
)
def test_a_lock_has_what_pyproject_asks_for(lock: str, requirements: list[str]) -> None:
    locked = pins(lock)
    for requirement in map(Requirement, requirements):
        name = requirement.name.lower()
        assert name in locked, f"`make lock`: {name} is not in {lock}"
        fits = any(version in requirement.specifier for version in locked[name])
        assert fits, f"`make lock`: {name} in {lock}"


def test_the_locks_agree() -> None:
    everything = pins("dev.txt")
    for lock in ("call.txt", "role.txt", "uv.txt"):
        assert pins(lock) == {name: everything[name] for name in pins(lock)}


def test_an_image_has_nothing_of_the_gpl() -> None:
    assert not {Requirement(each).name for each in EXTRAS["piper"]} & pins("role.txt").keys()


def test_the_locks_name_no_place_to_download_from() -> None:
    for lock in (ROOT / "requirements").iterdir():
        assert not re.search(r"://|--index|--find-links|--extra-index", lock.read_text()), lock


def test_the_procfile_starts_the_worker_of_each_role() -> None:
    # `exec`: what honcho signals must be the worker, not a shell around it.
    lines = (ROOT / "Procfile").read_text().splitlines()
    assert lines == [f"{role}: exec python -m {role}_agent" for role in Role]


def test_the_example_environment_names_every_setting_with_its_default_and_sets_none() -> None:
    example = (ROOT / ".env.example").read_text()
    assert all(line.startswith("#") for line in example.splitlines() if line)
    shown = dict(re.findall(r"^#([A-Z_]+)=(.*)$", example, re.MULTILINE))
    assert shown.pop("LIVEKIT_URL")  # an example, for there is no default
    expected = DEFAULTS | {"DUOLOGUE_CACHE": ""}  # which is in the user's home
    del expected["LIVEKIT_URL"]
    assert shown == expected
