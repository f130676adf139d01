"""The folder that a role's image is built from."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from duologue.deploy.staging import PACKAGE_FILES, stage
from shared.errors import UsageError
from shared.settings import inherited_environment
from shared.spec import Role
from tests.deploy.image import read_stages, sources

ROOT = Path(__file__).parents[2]
SECRET = "sk-nobody-may-read-this"
AGENT = '[project]\n  subdomain = "ours"\n\n[agent]\n  id = "{id}"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what staging reads, to be changed."""
    copy = tmp_path / "checkout"
    for name in ("deploy", "requirements", "shared", *(f"{role}_agent" for role in Role)):
        shutil.copytree(ROOT / name, copy / name)
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("role", list(Role))
def test_a_staged_folder_has_the_role_and_nothing_of_the_other(role: Role, tmp_path: Path) -> None:
    staged = stage(role, ROOT, tmp_path / "out")
    names = {path.name for path in staged.path.iterdir()}
    assert names == {
        "Dockerfile",
        ".dockerignore",
        "requirements.txt",
        "uv.txt",
        "shared",
        f"{role}_agent",
    }
    kept = contents(staged.path)
    assert len(kept) == staged.files
    assert sum(map(len, kept.values())) == staged.size
    for package in ("shared", f"{role}_agent"):
        packaged = contents(ROOT / package)
        assert {name for name in kept if name.startswith(package)} == {
            f"{package}/{name}" for name in packaged if "__pycache__" not in name
        }


@pytest.mark.parametrize("role", list(Role))
def test_whatever_the_dockerfile_copies_is_in_the_folder(role: Role, tmp_path: Path) -> None:
    context = stage(role, ROOT, tmp_path / "out").path
    copied = [
        path for step in read_stages(context / "Dockerfile") for path in sources(step, context)
    ]
    assert len(copied) == 4
    assert [path for path in copied if not path.exists()] == []


def test_a_staged_folder_has_the_files_that_packages_are_made_of() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    assert {".py", *(Path(pattern).suffix for pattern in patterns)} == PACKAGE_FILES


def test_links_become_copies(checkout: Path, tmp_path: Path) -> None:
    linked = checkout / "support_agent" / "linked.py"
    linked.symlink_to(checkout / "support_agent" / "rules.py")
    context = stage(Role.SUPPORT, checkout, tmp_path / "out").path
    assert not [path for path in context.rglob("*") if path.is_symlink()]
    assert (context / "support_agent" / "linked.py").read_bytes() == linked.read_bytes()


def test_no_secret_is_staged(checkout: Path, tmp_path: Path) -> None:
    for folder in (checkout, *(checkout / name for name in ("deploy/support", "support_agent"))):
        for name in (".env", ".env.local", "key.pem", "notes.txt", "id_rsa"):
            (folder / name).write_text(SECRET)
    context = stage(Role.SUPPORT, checkout, tmp_path / "out").path
    assert not [name for name, content in contents(context).items() if SECRET.encode() in content]


def test_staging_again_gives_the_same_bytes_and_leaves_nothing_else(
    checkout: Path, tmp_path: Path
) -> None:
    out = tmp_path / "build" / "support"
    first = contents(stage(Role.SUPPORT, checkout, out).path)
    (out / "left over.py").touch()
    assert contents(stage(Role.SUPPORT, checkout, out).path) == first
    assert list(out.parent.iterdir()) == [out]


def test_what_was_staged_stays_if_staging_fails(checkout: Path, tmp_path: Path) -> None:
    out = tmp_path / "build" / "support"
    first = contents(stage(Role.SUPPORT, checkout, out).path)
    (checkout / "requirements" / "role.txt").unlink()
    with pytest.raises(UsageError, match=r"support cannot be staged in .*role\.txt"):
        stage(Role.SUPPORT, checkout, out)
    assert contents(out) == first
    assert list(out.parent.iterdir()) == [out]


def test_the_agent_that_lk_created_is_kept_and_staged_from_then_on(
    checkout: Path, tmp_path: Path
) -> None:
    out, home = tmp_path / "out", checkout / "deploy" / "support" / "livekit.toml"
    assert stage(Role.SUPPORT, checkout, out).agent_id is None
    (out / "livekit.toml").write_text(AGENT.format(id="CA_1"))  # as `lk agent create` does
    assert stage(Role.SUPPORT, checkout, out).agent_id == "CA_1"
    assert home.read_text() == AGENT.format(id="CA_1")
    shutil.rmtree(out)  # as `make clean` does
    assert stage(Role.SUPPORT, checkout, out).agent_id == "CA_1"
    assert (out / "livekit.toml").read_bytes() == home.read_bytes()


def test_a_folder_of_another_agent_is_not_written_over(checkout: Path, tmp_path: Path) -> None:
    out, home = tmp_path / "out", checkout / "deploy" / "support" / "livekit.toml"
    home.write_text(AGENT.format(id="CA_1"))
    stage(Role.SUPPORT, checkout, out)
    (out / "livekit.toml").write_text(AGENT.format(id="CA_2"))
    with pytest.raises(UsageError, match=r"names agent CA_2, but .* names CA_1"):
        stage(Role.SUPPORT, checkout, out)
    (out / "livekit.toml").write_text("[agent")
    with pytest.raises(UsageError, match=r"out/livekit\.toml: "):
        stage(Role.SUPPORT, checkout, out)


def duologue(*arguments: str, packages: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "duologue", *arguments],
        cwd=cwd,
        env=inherited_environment() | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_stages_wherever_it_is_called(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "duologue", checkout / "duologue")
    done = duologue("deploy", "stage", "support", packages=checkout, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{checkout}/build/support: ")
    assert "lk agent create build/support" in done.stdout
    assert (checkout / "build" / "support" / "Dockerfile").is_file()
    shutil.rmtree(checkout / "deploy")  # as in an installed package
    done = duologue("deploy", "stage", "customer", packages=checkout, cwd=tmp_path)
    assert done.returncode == UsageError.exit_code
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: there is no deploy/customer in {checkout}; ")
    assert line.endswith("from a clone of Duologue, not from an installed package")
