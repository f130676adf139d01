"""Builds what a Dockerfile describes, without an engine: in folders, each standing for a root.

It knows the instructions that ours have. `RUN` really runs, in this machine's shell, with this
machine's Python; what Debian has in the base image is taken to be here.
"""

import hashlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from shared.settings import inherited_environment

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
KNOWN = frozenset({"FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "EXPOSE", "CMD"})


class Instruction(NamedTuple):
    """A line of a Dockerfile, continued ones joined."""

    name: str
    rest: str


class Stage(NamedTuple):
    """What stands from one FROM to the next."""

    base: str
    name: str
    instructions: tuple[Instruction, ...]


class Image:
    """What was built."""

    def __init__(self, root: Path, path: str) -> None:
        self.root = root
        self.environment = {"PATH": path}
        self.workdir = root
        self.command: list[str] = []

    def inside(self, path: str) -> Path:
        """Where a path of the image is."""
        return self.root / path[1:] if path.startswith("/") else self.workdir / path

    def argv(self, *command: str) -> list[str]:
        """What runs a command in the image, or the image's own."""
        enter = 'cd "$0" && exec "$@"'
        return ["/bin/sh", "-c", enter, str(self.workdir), *(command or self.command)]


def read_stages(dockerfile: Path) -> list[Stage]:
    """The stages of a Dockerfile, in order."""
    text = re.sub(r"^#.*\n", "", dockerfile.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    instructions = [Instruction(*line.split(maxsplit=1)) for line in lines if line]
    assert {each.name for each in instructions} <= KNOWN
    starts = [number for number, each in enumerate(instructions) if each.name == "FROM"]
    found = []
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        base, *name = instructions[start].rest.split(" AS ")
        found.append(Stage(base, "".join(name), tuple(instructions[start + 1 : end])))
    return found


def sources(stage: Stage, context: Path) -> Iterator[Path]:
    """The files and folders of `context` that a stage copies."""
    for name, rest in stage.instructions:
        if name == "COPY" and not rest.startswith("--from"):
            yield from (context / source for source in rest.split()[:-1])


def build(context: Path, into: Path) -> Image:
    """Build `context` in folders of `into`; stages that are equal are built once."""
    base = into / "base"
    if not base.exists():
        uv = [sys.executable, "-m", "uv", "venv", "--quiet", "--seed", "--python", sys.executable]
        subprocess.run([*uv, str(base)], check=True)
    images: dict[str, Image] = {}
    for stage in read_stages(context / "Dockerfile"):
        root = into / _key(stage, context)
        image = images[stage.name] = Image(root, f"{base}/bin:{SYSTEM_PATH}")
        known = root.exists()
        for name, rest in stage.instructions:
            if name == "WORKDIR":
                image.workdir = image.inside(rest)
                image.workdir.mkdir(parents=True, exist_ok=True)
            elif name == "ENV":
                for variable in shlex.split(rest):
                    key, _, value = variable.partition("=")
                    here = re.sub(r"^/app\b", str(root / "app"), value)
                    path = image.environment["PATH"]
                    image.environment[key] = here.replace("$PATH", path)
            elif name == "COPY" and not known:
                _copy(image, rest, context, images)
            elif name == "RUN" and not known:
                _run(image, rest)
            elif name == "CMD":
                image.command = re.findall(r'"([^"]+)"', rest)
    return image


def _key(stage: Stage, context: Path) -> str:
    digest = hashlib.sha256(repr(stage).encode())
    for source in sources(stage, context):
        for path in [source] if source.is_file() else sorted(source.rglob("*")):
            if path.is_file():
                digest.update(path.relative_to(context).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _copy(image: Image, rest: str, context: Path, images: dict[str, Image]) -> None:
    *names, target = rest.split()
    if names[0].startswith("--from="):
        built = images[names[0].removeprefix("--from=")]
        # Hundreds of megabytes that nothing is going to change.
        image.inside(target).symlink_to(built.inside(names[1]))
        return
    for name in names:
        source = context / name
        # A folder's contents are copied, not the folder.
        for path in [source] if source.is_file() else sorted(source.rglob("*")):
            if path.is_file():
                place = image.inside(target) / path.relative_to(
                    context if source.is_file() else source
                )
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(path.read_bytes())


def _run(image: Image, command: str) -> None:
    # Bytecode would take most of the time, and decides nothing.
    env = inherited_environment() | image.environment | {"UV_COMPILE_BYTECODE": "0"}
    done = subprocess.run(
        ["/bin/sh", "-ec", command],
        cwd=image.workdir,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
