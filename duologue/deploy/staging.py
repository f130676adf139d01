"""A role by itself: a folder of all that its image is built from, and of nothing else.

LiveKit Cloud builds from a folder that has a file named `Dockerfile` at its root, and sends it
without whatever is a link (livekit-cli 2.18, cmd/lk/agent.go; cloudagents/tar.go). So the folder
is made of copies, and Docker Compose and Kubernetes build from the same one.
"""

import shutil
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from duologue.deploy.business import PACKAGE_FILES, business_sources
from shared.errors import UsageError
from shared.spec import Role

PACKAGES = Path(__file__).parents[2]
"""Where the packages lie side by side: a clone, or the site-packages of an environment."""
AGENT_FILE = "livekit.toml"


class Staged(NamedTuple):
    """A folder that was staged."""

    path: Path
    files: int
    size: int
    """Bytes."""
    agent_id: str | None
    """Of the agent of LiveKit Cloud that the role is; None before `lk agent create`."""


def find_project(packages: Path = PACKAGES) -> Path:
    """The folder to stage in: the clone that `packages` are of, else the current folder."""
    return packages if (packages / "deploy" / "compose.yaml").is_file() else Path.cwd()


def stage(
    role: Role, project: Path, packages: Path = PACKAGES, *, businesses: Sequence[str] = ()
) -> Staged:
    """Make `project/build/<role>` anew, whole or not at all, from the files of `packages`.

    What `lk agent create` left in it before is first brought home to `project/deploy/<role>`.

    Args:
        role: Which role.
        project: The folder to stage in.
        packages: Where the packages lie.
        businesses: What else the support agent takes calls about: names of businesses of other
            packages, or absolute paths of folders. In the image all are known by their names.

    Raises:
        UsageError: The folder cannot be written, or it belongs to another agent than
            `project/deploy/<role>` does, or a business cannot be used there.
    """
    if businesses and role is not Role.SUPPORT:
        raise UsageError(f"a business is staged with the support agent, not with the {role}")
    out = project / "build" / role
    home = project / "deploy" / role / AGENT_FILE
    try:
        agent_id = _bring_home(out / AGENT_FILE, home)
        sources = _sources(role, packages)
        for business in businesses:
            sources |= business_sources(business)
        if agent_id:  # without one, lk takes the file for that of another project
            sources[AGENT_FILE] = home
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as work:
            made, former = Path(work, "made"), Path(work, "former")
            size = sum(_copy(source, made / name) for name, source in sources.items())
            if out.exists():
                out.rename(former)
            made.rename(out)
    except OSError as error:
        raise UsageError(f"{role} cannot be staged in {out}: {error}") from error
    return Staged(out, len(sources), size, agent_id)


def _sources(role: Role, packages: Path) -> dict[str, Path]:
    """The files of a staged folder by their names in it."""
    deploy = packages / "duologue" / "deploy"
    sources = {
        "Dockerfile": deploy / role / "Dockerfile",
        ".dockerignore": deploy / role / ".dockerignore",
        # By this name, lk finds out that it is Python and has a current livekit-agents.
        "requirements.txt": deploy / "requirements.txt",
        "uv.txt": deploy / "uv.txt",
    }
    for package in ("shared", f"{role}_agent"):
        for path in sorted((packages / package).rglob("*")):
            if path.suffix in PACKAGE_FILES:
                sources[path.relative_to(packages).as_posix()] = path
    return sources


def _copy(source: Path, copy: Path) -> int:
    """Copy what is in a file, and nothing else about it; its size."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    return copy.write_bytes(source.read_bytes())


def _bring_home(staged: Path, home: Path) -> str | None:
    """Copy what lk wrote to where it is kept; the id of the agent that `home` names then."""
    created, kept = _agent_id(staged), _agent_id(home)
    if created and kept and created != kept:
        raise UsageError(
            f"{staged} names agent {created}, but {home} names {kept}; delete the wrong one's lines"
        )
    if created and not kept:
        home.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(staged, home)
    return kept or created


def _agent_id(path: Path) -> str | None:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return str(content["agent"]["id"]) or None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: {error}") from None
    except (FileNotFoundError, KeyError):
        return None
