"""What a running `duologue up` leaves for other commands: one file, readable by its owner only."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field, ValidationError

from duologue.servers.server import answers
from shared.address import ServerAddress
from shared.errors import UsageError
from shared.settings import Settings
from shared.spec import Role


class RunningServer(ServerAddress):
    """The server of a running `duologue up`."""

    pid: int
    """Of the `duologue up` itself."""
    workers: dict[Role, int | None] = Field(default_factory=dict)
    """The health ports of its workers, as they were registered last; None before they were."""


def state_file(settings: Settings) -> Path:
    """Where the state is kept."""
    return settings.duologue_cache / "up.json"


def read(settings: Settings) -> RunningServer | None:
    """The server of a running `duologue up`, None if there is none; a stale file is removed.

    Raises:
        UsageError: Whether there is one cannot be seen.
    """
    file = state_file(settings)
    try:
        state = RunningServer.model_validate_json(file.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read ({error.strerror}); set DUOLOGUE_CACHE to another folder"
        ) from None
    except ValidationError:
        state = None
    if state is not None and _is_alive(state.pid) and answers(state.url):
        return state
    file.unlink(missing_ok=True)
    return None


def worker_ports(settings: Settings, address: ServerAddress) -> dict[Role, int | None]:
    """The health ports of the workers that a running `duologue up` keeps at `address`, if any.

    Nothing is removed, as by `read`: its server may be away just now.
    """
    try:
        state = RunningServer.model_validate_json(state_file(settings).read_bytes())
    except (OSError, ValidationError):
        return {}
    return state.workers if state.url == address.url and _is_alive(state.pid) else {}


@contextmanager
def kept(settings: Settings, address: ServerAddress) -> Iterator[Path]:
    """Keep `address` in the state file while the context lasts.

    Raises:
        UsageError: Another `duologue up` is running, or the cache cannot be written.
    """
    file = state_file(settings)
    settings.cache_folder()
    if running := read(settings):
        raise UsageError(already_running(running))
    written = _beside(file)
    try:
        _write(written, address, dict.fromkeys(Role))
        # A link, unlike a rename, fails if another `duologue up` was faster.
        file.hardlink_to(written)
    except FileExistsError:
        raise UsageError("another `duologue up` has just started") from None
    finally:
        written.unlink(missing_ok=True)
    try:
        yield file
    finally:
        file.unlink(missing_ok=True)


def tell_workers(file: Path, address: ServerAddress, ports: Mapping[Role, int | None]) -> None:
    """Write the health ports of the workers into the state `file` that is `kept`, if it can be."""
    written = _beside(file)
    try:
        _write(written, address, ports)
        written.replace(file)
    except OSError:  # calls can be made without
        written.unlink(missing_ok=True)


def _beside(file: Path) -> Path:
    return file.with_name(f".up-{os.getpid()}.json")


def _write(written: Path, address: ServerAddress, ports: Mapping[Role, int | None]) -> None:
    with os.fdopen(os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        json.dump(
            {
                "url": address.url,
                "api_key": address.api_key,
                "api_secret": address.api_secret.get_secret_value(),
                "pid": os.getpid(),
                "workers": ports,
            },
            out,
        )


def already_running(state: RunningServer) -> str:
    """Why a second `duologue up` is refused."""
    return f"`duologue up` is running already (process {state.pid}); stop that one first"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody else's, so it is there
        return True
    return True
