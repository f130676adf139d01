"""Where livekit-server comes from: PATH, our cache, a build with Go, or the official archive.

Each step is said out loud. What was built or fetched is kept in `bin/` of the cache under a name
with its version, and appears there complete or not at all.
"""

import asyncio
import fcntl
import hashlib
import io
import platform
import re
import shutil
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import IO

import aiohttp

from duologue.servers.process import Program
from shared.errors import ServerFailed, UsageError
from shared.settings import inherited_environment

VERSION = "1.13.5"
"""The version that is built or fetched, and that this project is tested with."""
OLDEST = (1, 9, 2)
"""The first version whose participants carry the agent name that dispatches are verified by."""
PACKAGE = f"github.com/livekit/livekit-server/cmd/server@v{VERSION}"
RELEASE = f"https://github.com/livekit/livekit/releases/download/v{VERSION}"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64", "armv7l": "armv7"}
NEW = ".new-"
SAY_EVERY_S = 10.0
LOCK_POLL_S = 0.5
VERSION_TIMEOUT_S = 15.0
BUILD_TIMEOUT_S = 1800.0
FETCH_TIMEOUT = aiohttp.ClientTimeout(total=900, sock_connect=15, sock_read=30)
LARGEST_ARCHIVE, LARGEST_BINARY = 200 * 2**20, 400 * 2**20
CHUNK = 2**18

Say = Callable[[str], None]


class _WayClosedError(Exception):
    """One way of getting the binary does not work here; the message says why."""


async def find_server(cache: Path, say: Say, *, release: str = RELEASE) -> Path:
    """The livekit-server to run, built or fetched if this machine has none.

    Args:
        cache: The folder in whose `bin/` it is kept.
        say: Told every step, and every `SAY_EVERY_S` seconds how far a long one is.
        release: The address under which the official release's files lie.

    Raises:
        ServerFailed: There is no way to get one here; the message names the three ways.
        UsageError: The cache cannot be written.
    """
    if found := await _on_path(say):
        return found
    kept = cache / "bin" / f"livekit-server-{VERSION}"
    if await _is_kept(kept, say):
        return kept
    problems: list[str] = []
    async with _alone(kept.parent, say) as folder:
        if await _is_kept(kept, say):  # another process got it while this one waited
            return kept
        for way in (partial(_build, folder, say), partial(_fetch, folder, say, release)):
            try:
                fresh = await way()
            except _WayClosedError as problem:
                say(str(problem))
                problems.append(str(problem))
                continue
            if await _version(fresh) is not None:
                fresh.rename(kept)
                say(f"livekit-server {VERSION} is kept as {kept}")
                return kept
            problems.append(f"the {fresh.name} it gave does not run on this machine")
            say(problems[-1])
    raise ServerFailed(
        f"no livekit-server ({'; '.join(problems)}). Three ways to get one: put `livekit-server` "
        f"{_dotted(OLDEST)} or later on PATH (macOS: brew install livekit); or install Go, and "
        f"run this again to build it; or let this machine reach {release}, and run this again "
        "to fetch it"
    )


def archive_name(system: str, machine: str) -> str | None:
    """The official archive for what `platform` calls this system and machine, if there is one.

    The project releases binaries for Linux and Windows (its .goreleaser.yaml), none for macOS.
    """
    if system != "Linux" or machine not in ARCHITECTURES:
        return None
    return f"livekit_{VERSION}_linux_{ARCHITECTURES[machine]}.tar.gz"


async def _on_path(say: Say) -> Path | None:
    found = shutil.which("livekit-server")
    if found is None:
        say("no livekit-server on PATH")
        return None
    version = await _version(Path(found))
    if version is None:
        say(f"{found} does not tell its version: not used")
        return None
    if version < OLDEST:
        say(f"{found} is {_dotted(version)}, older than {_dotted(OLDEST)}: not used")
        return None
    say(f"livekit-server {_dotted(version)} found on PATH: {found}")
    return Path(found)


async def _is_kept(kept: Path, say: Say) -> bool:
    if await _version(kept) is None:
        return False
    say(f"livekit-server {VERSION} from before: {kept}")
    return True


async def _version(binary: Path) -> tuple[int, ...] | None:
    try:
        program = await Program.start([str(binary), "--version"], env=inherited_environment())
    except OSError:
        return None
    try:
        await asyncio.wait_for(program.wait(), VERSION_TIMEOUT_S)
    except TimeoutError:
        return None
    finally:
        await program.stop(grace_s=0)
    told = re.search(r"version v?(\d+)\.(\d+)\.(\d+)", "\n".join(program.last_lines))
    return tuple(map(int, told.groups())) if told else None


@asynccontextmanager
async def _alone(folder: Path, say: Say) -> AsyncIterator[Path]:
    """A new folder inside `folder`, while no other process is getting the binary."""
    with _lock_file(folder) as lock:
        waiting = False
        while not _locked(lock):
            if not waiting:
                say("another process is getting livekit-server: waiting for it")
            waiting = True
            await asyncio.sleep(LOCK_POLL_S)
        _remove_leftovers(folder)
        with tempfile.TemporaryDirectory(prefix=NEW, dir=folder) as fresh:
            yield Path(fresh)


def _lock_file(folder: Path) -> IO[bytes]:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return (folder / "lock").open("wb")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written ({error.strerror}); set DUOLOGUE_CACHE to another folder"
        ) from None


def _locked(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_leftovers(folder: Path) -> None:
    """Remove what a process that was killed here has left; only with the lock held."""
    for left in folder.glob(f"{NEW}*"):
        shutil.rmtree(left, ignore_errors=True)


async def _build(folder: Path, say: Say) -> Path:
    """Build it with Go, in the user's own Go environment but for where the binary goes."""
    env = inherited_environment() | {"GOBIN": str(folder)}
    packages = 0

    def count(line: str) -> None:
        nonlocal packages
        packages += not line.startswith("go: ")

    try:
        program = await Program.start(["go", "install", "-v", PACKAGE], env=env, on_line=count)
    except OSError:
        raise _WayClosedError("no `go` on PATH to build it with") from None
    say(f"building livekit-server {VERSION} with Go, once (3 to 6 minutes on two cores)")
    ending = asyncio.create_task(program.wait(), name="go install")
    try:
        for step in range(1, int(BUILD_TIMEOUT_S / SAY_EVERY_S) + 1):
            done, _ = await asyncio.wait({ending}, timeout=SAY_EVERY_S)
            if done:
                break
            say(f"building: {step * SAY_EVERY_S:.0f} s, {packages} packages done")
        else:
            raise _WayClosedError(f"`go install` did not end within {BUILD_TIMEOUT_S:.0f} s")
        if ending.result() != 0:
            last = program.last_lines[-1] if program.last_lines else "it said nothing"
            raise _WayClosedError(f"`go install {PACKAGE}` failed: {last}")
    finally:
        ending.cancel()
        await program.stop(grace_s=2)
    return folder / "server"


async def _fetch(folder: Path, say: Say, release: str) -> Path:
    """Fetch the official archive, make sure that it is the one that was released, unpack it."""
    name = archive_name(platform.system(), platform.machine())
    if name is None:
        raise _WayClosedError(
            f"there is no official archive for {platform.system()} {platform.machine()}"
        )
    say(f"fetching {release}/{name}")
    try:
        async with aiohttp.ClientSession(timeout=FETCH_TIMEOUT, trust_env=True) as http:
            checksums = (await _download(http, f"{release}/checksums.txt", say)).decode()
            archive = await _download(http, f"{release}/{name}", say)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise _WayClosedError(
            f"fetching {release}/{name} failed: {error or type(error).__name__}"
        ) from None
    expected = re.search(rf"^([0-9a-f]{{64}})\s+\*?{re.escape(name)}$", checksums, re.MULTILINE)
    if expected is None:
        raise _WayClosedError(f"{release}/checksums.txt has no checksum of {name}")
    if hashlib.sha256(archive).hexdigest() != expected[1]:
        raise _WayClosedError(f"{name} does not have the checksum it was released with: not used")
    say(f"{name}: checksum verified")
    return await asyncio.to_thread(_unpack, archive, folder / "livekit-server")


async def _download(http: aiohttp.ClientSession, url: str, say: Say) -> bytes:
    clock = asyncio.get_running_loop()
    said_at, body = clock.time(), bytearray()
    async with http.get(url) as response:
        if response.status != HTTPStatus.OK:
            raise ValueError(f"the answer to {url} was {response.status}")
        async for chunk in response.content.iter_chunked(CHUNK):
            body += chunk
            if len(body) > LARGEST_ARCHIVE:
                raise ValueError(f"{url} is larger than {LARGEST_ARCHIVE // 2**20} MiB")
            if clock.time() - said_at > SAY_EVERY_S:
                said_at = clock.time()
                total = (response.content_length or 0) / 2**20
                say(f"fetching: {len(body) / 2**20:.0f} of {total:.0f} MiB")
    return bytes(body)


def _unpack(archive: bytes, to: Path) -> Path:
    """Take the one file named livekit-server out of `archive`, and nothing else."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
            member = tar.getmember("livekit-server")
            content = tar.extractfile(member) if member.isreg() else None
            if content is None or member.size > LARGEST_BINARY:
                raise _WayClosedError("the archive's livekit-server is not a program")
            with to.open("wb") as target:
                shutil.copyfileobj(content, target)
    except (KeyError, tarfile.TarError, OSError, EOFError) as error:
        raise _WayClosedError(f"the archive cannot be unpacked: {error}") from None
    to.chmod(0o755)
    return to


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
