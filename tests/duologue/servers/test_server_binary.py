"""The ways to a livekit-server, each with a small stand-in for what a machine may have."""

import asyncio
import hashlib
import io
import os
import platform
import tarfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp import web

from duologue.servers import server_binary
from duologue.servers.server_binary import VERSION, archive_name, find_server
from shared.errors import ServerFailed, UsageError
from tests.duologue.processes import all_gone

SERVER = f"#!/bin/sh\necho livekit-server version {VERSION}\n"
BUILDS = f"""#!/bin/sh
echo "$@" >> "$GOBIN/../../go-ran"
echo example.com/compiled >&2
printf '%s\\n' '#!/bin/sh' 'echo livekit-server version {VERSION}' > "$GOBIN/server"
/bin/chmod 755 "$GOBIN/server"
"""
FAILS = "#!/bin/sh\necho 'go: module lookup disabled' >&2\nexit 1\n"


class Machine:
    """A machine with nothing on PATH but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.path, self.cache = folder / "path", folder / "cache"
        self.path.mkdir()
        self.said: list[str] = []

    def has(self, name: str, script: str) -> None:
        (self.path / name).write_text(script)
        (self.path / name).chmod(0o755)

    async def find(self, release: str = "http://127.0.0.1:1") -> Path:
        return await find_server(self.cache, self.said.append, release=release)

    @property
    def kept(self) -> Path:
        return self.cache / "bin" / f"livekit-server-{VERSION}"

    def left_over(self) -> set[str]:
        return {each.name for each in self.kept.parent.iterdir()} - {self.kept.name, "lock"}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setenv("PATH", str(made.path))
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    return made


class Release:
    """The files of a release, served from this machine."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.url = ""

    def put(self, archive: bytes, *, checksum: str | None = None) -> None:
        name = archive_name("Linux", "x86_64")
        assert name is not None
        digest = checksum or hashlib.sha256(archive).hexdigest()
        self.files = {
            name: archive,
            "checksums.txt": f"{'0' * 64}  livekit_{VERSION}_linux_arm64.tar.gz\n"
            f"{digest}  {name}\n".encode(),
        }

    async def answer(self, request: web.Request) -> web.Response:
        body = self.files.get(request.match_info["name"])
        return web.Response(status=404) if body is None else web.Response(body=body)


@pytest.fixture
async def release() -> AsyncIterator[Release]:
    served = Release()
    app = web.Application()
    app.router.add_get("/v1/{name}", served.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield served
    await runner.cleanup()


def archive(add: Callable[[tarfile.TarFile], None]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        add(tar)
    return packed.getvalue()


def file_named(name: str, content: str) -> Callable[[tarfile.TarFile], None]:
    def add(tar: tarfile.TarFile) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content.encode()))

    return add


def link_to_passwords(tar: tarfile.TarFile) -> None:
    member = tarfile.TarInfo("livekit-server")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    tar.addfile(member)


async def test_the_one_on_path_is_taken_first(machine: Machine) -> None:
    machine.has("livekit-server", "#!/bin/sh\necho livekit-server version 1.9.2\n")
    machine.has("go", FAILS)
    assert await machine.find() == machine.path / "livekit-server"
    assert machine.said == [
        f"livekit-server 1.9.2 found on PATH: {machine.path / 'livekit-server'}"
    ]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho livekit-server version 1.9.1\n", "is 1.9.1, older than 1.9.2: not used"),
        ("#!/bin/sh\necho hello\n", "does not tell its version: not used"),
    ],
)
async def test_one_on_path_that_will_not_do_is_passed_over(
    machine: Machine, script: str, said: str
) -> None:
    machine.has("livekit-server", script)
    machine.has("go", BUILDS)
    assert await machine.find() == machine.kept
    assert machine.said[0] == f"{machine.path / 'livekit-server'} {said}"


async def test_it_is_built_with_go_once_and_kept(machine: Machine) -> None:
    machine.has("go", BUILDS)
    assert await machine.find() == machine.kept
    assert os.access(machine.kept, os.X_OK)
    assert machine.left_over() == set()
    assert await machine.find() == machine.kept
    ran = (machine.cache / "go-ran").read_text().splitlines()
    assert ran == [f"install -v github.com/livekit/livekit-server/cmd/server@v{VERSION}"]
    assert machine.said[-1] == f"livekit-server {VERSION} from before: {machine.kept}"


async def test_a_long_build_says_how_far_it_is(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_binary, "SAY_EVERY_S", 0.2)
    machine.has("go", BUILDS + "/bin/sleep 0.7\n")
    await machine.find()
    progress = [line for line in machine.said if line.startswith("building: ")]
    assert len(progress) >= 2
    assert progress[-1].endswith("1 packages done")


async def test_two_that_need_it_at_once_build_it_once(machine: Machine) -> None:
    machine.has("go", BUILDS + "/bin/sleep 1\n")
    assert set(await asyncio.gather(machine.find(), machine.find())) == {machine.kept}
    assert len((machine.cache / "go-ran").read_text().splitlines()) == 1
    assert "another process is getting livekit-server: waiting for it" in machine.said


async def test_a_build_that_is_broken_off_leaves_nothing(machine: Machine) -> None:
    started = machine.path / "started"
    os.mkfifo(started)
    machine.has("go", f"#!/bin/sh\necho $$ > {started}\n/bin/sleep 600\n")
    finding = asyncio.create_task(machine.find())
    pid = int(await asyncio.to_thread(started.read_text))
    finding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finding
    assert await all_gone([pid], within_s=5)
    assert machine.left_over() == set()


async def test_what_a_killed_build_left_is_removed(machine: Machine) -> None:
    left = machine.cache / "bin" / ".new-left"
    left.mkdir(parents=True)
    (left / "server").write_text("half")
    machine.has("go", BUILDS)
    await machine.find()
    assert not left.exists()


async def test_without_go_the_official_archive_is_fetched(
    machine: Machine, release: Release
) -> None:
    release.put(archive(file_named("livekit-server", SERVER)))
    assert await machine.find(release.url) == machine.kept
    assert machine.kept.read_text() == SERVER
    assert machine.left_over() == set()
    assert f"livekit_{VERSION}_linux_amd64.tar.gz: checksum verified" in machine.said


async def test_when_the_build_fails_the_archive_is_fetched(
    machine: Machine, release: Release
) -> None:
    machine.has("go", FAILS)
    release.put(archive(file_named("livekit-server", SERVER)))
    assert await machine.find(release.url) == machine.kept
    assert any("failed: go: module lookup disabled" in line for line in machine.said)


@pytest.mark.parametrize(
    ("archived", "checksum", "problem"),
    [
        (file_named("livekit-server", SERVER), "1" * 64, "does not have the checksum"),
        (file_named("other", SERVER), None, "cannot be unpacked"),
        (file_named("../livekit-server", SERVER), None, "cannot be unpacked"),
        (link_to_passwords, None, "is not a program"),
        (file_named("livekit-server", "#!/bin/sh\nexit 1\n"), None, "does not run on this machine"),
    ],
)
async def test_an_archive_that_is_not_right_is_not_used(
    machine: Machine,
    release: Release,
    archived: Callable[[tarfile.TarFile], None],
    checksum: str | None,
    problem: str,
) -> None:
    release.put(archive(archived), checksum=checksum)
    with pytest.raises(ServerFailed, match=problem):
        await machine.find(release.url)
    assert not machine.kept.exists()
    assert machine.left_over() == set()


async def test_a_release_without_a_checksum_of_it_is_not_used(
    machine: Machine, release: Release
) -> None:
    release.put(archive(file_named("livekit-server", SERVER)))
    release.files["checksums.txt"] = b""
    with pytest.raises(ServerFailed, match="no checksum of"):
        await machine.find(release.url)


async def test_a_release_that_is_not_there_is_said(machine: Machine, release: Release) -> None:
    with pytest.raises(ServerFailed, match="404"):
        await machine.find(release.url)


async def test_when_nothing_works_one_line_names_the_three_ways(machine: Machine) -> None:
    with pytest.raises(ServerFailed) as failure:
        await machine.find()
    message = str(failure.value)
    assert "\n" not in message
    for part in ("no `go` on PATH", "Three ways", "on PATH", "install Go", "reach http://127"):
        assert part in message
    assert failure.value.exit_code == 3


async def test_a_cache_that_cannot_be_written_is_said(machine: Machine) -> None:
    machine.cache.write_text("a file")
    with pytest.raises(UsageError, match="DUOLOGUE_CACHE"):
        await machine.find()


@pytest.mark.parametrize(
    ("system", "machine", "name"),
    [
        ("Linux", "x86_64", f"livekit_{VERSION}_linux_amd64.tar.gz"),
        ("Linux", "aarch64", f"livekit_{VERSION}_linux_arm64.tar.gz"),
        ("Linux", "armv7l", f"livekit_{VERSION}_linux_armv7.tar.gz"),
        ("Linux", "riscv64", None),
        ("Darwin", "arm64", None),
        ("Darwin", "x86_64", None),
    ],
)
def test_only_what_is_released_is_fetched(system: str, machine: str, name: str | None) -> None:
    assert archive_name(system, machine) == name
