"""The folder that a role's image is built from."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from duologue.businesses import write_business
from duologue.deploy.business import PACKAGE_FILES
from duologue.deploy.staging import PACKAGES, find_project, stage
from shared.errors import UsageError
from shared.settings import inherited_environment
from shared.spec import Role
from tests.deploy.image import read_stages, sources

SECRET = "sk-nobody-may-read-this"
AGENT = '[project]\n  subdomain = "ours"\n\n[agent]\n  id = "{id}"\n'


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A copy of the packages that staging reads, to be changed."""
    copy = tmp_path / "packages"
    for name in ("duologue/deploy", "shared", *(f"{role}_agent" for role in Role)):
        shutil.copytree(PACKAGES / name, copy / name)
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("role", list(Role))
def test_a_staged_folder_has_the_role_and_nothing_of_the_other(role: Role, tmp_path: Path) -> None:
    staged = stage(role, tmp_path)
    assert staged.path == tmp_path / "build" / role
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
        packaged = contents(PACKAGES / package)
        assert {name for name in kept if name.startswith(package)} == {
            f"{package}/{name}" for name in packaged if "__pycache__" not in name
        }


@pytest.mark.parametrize("role", list(Role))
def test_whatever_the_dockerfile_copies_is_in_the_folder(role: Role, tmp_path: Path) -> None:
    context = stage(role, tmp_path).path
    copied = [
        path for step in read_stages(context / "Dockerfile") for path in sources(step, context)
    ]
    assert len(copied) == 4
    assert [path for path in copied if not path.exists()] == []


def test_a_staged_folder_has_the_files_that_packages_are_made_of() -> None:
    project = tomllib.loads((PACKAGES / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    assert {".py", *(Path(pattern).suffix for pattern in patterns)} == PACKAGE_FILES


def test_links_become_copies(packages: Path, tmp_path: Path) -> None:
    linked = packages / "support_agent" / "linked.py"
    linked.symlink_to(packages / "support_agent" / "rules.py")
    context = stage(Role.SUPPORT, tmp_path, packages).path
    assert not [path for path in context.rglob("*") if path.is_symlink()]
    assert (context / "support_agent" / "linked.py").read_bytes() == linked.read_bytes()


def test_no_secret_is_staged(packages: Path, tmp_path: Path) -> None:
    home = tmp_path / "deploy" / "support"
    home.mkdir(parents=True)
    for folder in (
        tmp_path,
        home,
        packages / "duologue/deploy/support",
        packages / "support_agent",
    ):
        for name in (".env", ".env.local", "key.pem", "notes.txt", "id_rsa"):
            (folder / name).write_text(SECRET)
    context = stage(Role.SUPPORT, tmp_path, packages).path
    assert not [name for name, content in contents(context).items() if SECRET.encode() in content]


def test_staging_again_gives_the_same_bytes_and_leaves_nothing_else(tmp_path: Path) -> None:
    out = stage(Role.SUPPORT, tmp_path).path
    first = contents(out)
    (out / "left over.py").touch()
    assert contents(stage(Role.SUPPORT, tmp_path).path) == first
    assert list(out.parent.iterdir()) == [out]


def test_what_was_staged_stays_if_staging_fails(packages: Path, tmp_path: Path) -> None:
    out = stage(Role.SUPPORT, tmp_path, packages).path
    first = contents(out)
    (packages / "duologue" / "deploy" / "requirements.txt").unlink()
    with pytest.raises(UsageError, match=r"support cannot be staged in .*requirements\.txt"):
        stage(Role.SUPPORT, tmp_path, packages)
    assert contents(out) == first
    assert list(out.parent.iterdir()) == [out]


def test_the_agent_that_lk_created_is_kept_and_staged_from_then_on(tmp_path: Path) -> None:
    out, home = tmp_path / "build" / "support", tmp_path / "deploy" / "support" / "livekit.toml"
    assert stage(Role.SUPPORT, tmp_path).agent_id is None
    (out / "livekit.toml").write_text(AGENT.format(id="CA_1"))  # as `lk agent create` does
    assert stage(Role.SUPPORT, tmp_path).agent_id == "CA_1"
    assert home.read_text() == AGENT.format(id="CA_1")
    shutil.rmtree(out)  # as `make clean` does
    assert stage(Role.SUPPORT, tmp_path).agent_id == "CA_1"
    assert (out / "livekit.toml").read_bytes() == home.read_bytes()


def test_the_agent_of_a_clone_takes_the_place_of_the_comment_that_says_what_it_is(
    tmp_path: Path,
) -> None:
    home = tmp_path / "deploy" / "support" / "livekit.toml"
    home.parent.mkdir(parents=True)
    shutil.copy(PACKAGES / "deploy" / "support" / "livekit.toml", home)
    out = stage(Role.SUPPORT, tmp_path).path
    assert not (out / "livekit.toml").exists()
    (out / "livekit.toml").write_text(AGENT.format(id="CA_1"))
    assert stage(Role.SUPPORT, tmp_path).agent_id == "CA_1"
    assert home.read_text() == AGENT.format(id="CA_1")


def test_a_folder_of_another_agent_is_not_written_over(tmp_path: Path) -> None:
    out, home = tmp_path / "build" / "support", tmp_path / "deploy" / "support" / "livekit.toml"
    home.parent.mkdir(parents=True)
    home.write_text(AGENT.format(id="CA_1"))
    stage(Role.SUPPORT, tmp_path)
    (out / "livekit.toml").write_text(AGENT.format(id="CA_2"))
    with pytest.raises(UsageError, match=r"names agent CA_2, but .* names CA_1"):
        stage(Role.SUPPORT, tmp_path)
    (out / "livekit.toml").write_text("[agent")
    with pytest.raises(UsageError, match=r"build/support/livekit\.toml: "):
        stage(Role.SUPPORT, tmp_path)


def test_a_clone_stages_in_itself_wherever_the_command_is_called(tmp_path: Path) -> None:
    clone, elsewhere = tmp_path / "clone", tmp_path / "elsewhere"
    for name in ("deploy", "duologue", "shared", *(f"{role}_agent" for role in Role)):
        shutil.copytree(PACKAGES / name, clone / name)
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "duologue", "deploy", "stage", "support"],
        cwd=elsewhere,
        env=inherited_environment() | {"PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{clone}/build/support: ")
    assert "lk agent create build/support" in done.stdout
    assert (clone / "build" / "support" / "Dockerfile").is_file()


def test_an_installed_package_stages_in_the_current_folder(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_project(packages) == tmp_path
    assert find_project() == PACKAGES


def test_a_business_is_staged_beside_the_bundled_ones_and_found_there(tmp_path: Path) -> None:
    write_business(tmp_path / "hotel")
    context = stage(Role.SUPPORT, tmp_path, businesses=[str(tmp_path / "hotel")]).path
    code = "from support_agent import load_business as load; print(load('/elsewhere/hotel').name)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=inherited_environment() | {"PYTHONPATH": str(context)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "Hotel\n", done.stderr


@pytest.mark.parametrize(
    ("name", "added", "problem"),
    [
        ("clinic", "pass", "the image has a business 'clinic' already; call .*clinic"),
        ("hotel", "import hotel.x", r"tools\.py:\d+ imports hotel\.x, which is not in the image"),
        ("hotel", "from .. import y", r"tools\.py:\d+ imports \.\., which is not in the image"),
    ],
)
def test_a_business_that_the_image_could_not_use_is_refused(
    tmp_path: Path, name: str, added: str, problem: str
) -> None:
    write_business(tmp_path / name)
    tools = tmp_path / name / "tools.py"
    tools.write_text(f"{tools.read_text()}\n\ndef later():\n    {added}\n")
    with pytest.raises(UsageError, match=problem):
        stage(Role.SUPPORT, tmp_path, businesses=[str(tmp_path / name)])
    assert not (tmp_path / "build").exists()


def test_a_business_is_not_staged_with_the_customer(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is staged with the support agent, not with the customer"):
        stage(Role.CUSTOMER, tmp_path, businesses=["shop"])
