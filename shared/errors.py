"""Everything that can go wrong for a known reason.

    DuologueError               exit 3 unless said otherwise
    ├── UsageError              exit 2: the user asked for something that cannot be done
    │   ├── DocumentError       a scenario or plan is wrong, at a file, a line and a field
    │   ├── CallTaken           a call folder is there already, or is just being made
    │   ├── FolderError         a call folder is damaged, or of another version
    │   ├── SpecError           metadata is not a CallSpec
    │   ├── EngineUnavailable   an engine was chosen that is not installed or has no key
    │   └── ServerUnreachable   no LiveKit server answers at a URL
    ├── CallFailed              a part failed in a call that is to be made again
    │   └── PartAway            a server or a worker was away in its course
    ├── CallUnfinished          a call was recorded, and its labels could not be made
    ├── DispatchNotPickedUp     no worker took a dispatch before the deadline
    ├── JobRefused              a worker took the request and refused it, with a reason
    ├── ServerFailed            no livekit-server could be had or started on this machine
    └── WorkerFailed            a worker did not start, or lost its server for good

The message of each is one line that says what is wrong, where, and what to do.
"""

from pathlib import Path
from traceback import walk_tb
from typing import NamedTuple

from pydantic import ValidationError


class DuologueError(Exception):
    """A failure with a known reason; `exit_code` is what the command line returns for it.

    Example:
        >>> try:
        ...     duologue.load_scenarios("nowhere.yaml")
        ... except duologue.DuologueError as error:
        ...     print(error, error.exit_code)
        nowhere.yaml: there is no such file 2
    """

    exit_code = 3


class UsageError(DuologueError):
    """The user asked for something that cannot be done; nothing was started.

    Example:
        >>> duologue.Calls("nowhere")
        Traceback (most recent call last):
        UsageError: nowhere is no folder of call folders
    """

    exit_code = 2


class DocumentError(UsageError):
    """A scenario or plan is wrong; `line` counts from 1, 0 where the file cannot be read at all."""

    def __init__(self, file: Path, line: int, field: str, problem: str) -> None:
        self.file, self.line, self.field, self.problem = file, line, field, problem
        where = f"{file}:{line}" if line else f"{file}"
        super().__init__(f"{where}: {field}: {problem}" if field else f"{where}: {problem}")


class CallTaken(UsageError):
    """The folder of a call is there already, or another process makes it now."""


class FolderError(UsageError):
    """A call folder cannot be used: it is damaged, or of another version; it is left as it is.

    Example:
        >>> duologue.Call("nowhere")
        Traceback (most recent call last):
        FolderError: nowhere is no call folder: it has no call.json
    """

    def __init__(self, folder: Path, problem: str) -> None:
        self.folder, self.problem = folder, problem
        super().__init__(f"{folder} {problem}")


class SpecError(UsageError):
    """Dispatch metadata that is not a CallSpec, or not one for this role."""


class EngineUnavailable(UsageError):
    """An engine was chosen that is not known, not installed here, broken, or has no key."""

    def __init__(self, engine: str, cure: str) -> None:
        self.engine = engine
        super().__init__(f"engine {engine!r} cannot be used: {cure}")


class ServerUnreachable(UsageError):
    """No LiveKit server answers at `url`."""

    def __init__(self, url: str, problem: str) -> None:
        self.url = url
        super().__init__(f"no LiveKit server answers at {url} ({problem}); check LIVEKIT_URL")


class ServerFailed(DuologueError):
    """No livekit-server could be found, built, fetched or started on this machine."""


class CallFailed(DuologueError):
    """A part failed in a call that is to be made again; nothing of it was kept."""


class PartAway(CallFailed):
    """It failed while a server or a worker was away, which says nothing of the call."""


class CallUnfinished(DuologueError):
    """A call was recorded, but not labelled or not named; its recording is kept."""


class DispatchNotPickedUp(DuologueError):
    """Nobody came of the dispatch of `agent_name` into `room` within `waited_s` seconds.

    Whether a worker had `taken` it, and its agent did not join, is told apart.
    """

    def __init__(self, room: str, agent_name: str, waited_s: float, *, taken: bool = False) -> None:
        self.room, self.agent_name, self.waited_s = room, str(agent_name), waited_s
        self.taken = taken
        problem = (
            f"a worker took the job of agent {self.agent_name!r} in room {room!r}, and its agent "
            f"did not join within {waited_s:.0f} s; its code raised or waits before it connects, "
            "of which its log tells; --dispatch-timeout waits longer"
            if taken
            else f"no worker took the dispatch of agent {self.agent_name!r} into room {room!r} "
            f"within {waited_s:.0f} s; check that a worker registered under that name with this "
            "server and key, and that it is not full"
        )
        super().__init__(problem)


class JobRefused(DuologueError):
    """The worker of `agent_name` refused its job in `room`, and said why."""

    def __init__(self, room: str, agent_name: str, reason: str) -> None:
        self.room, self.agent_name, self.reason = room, str(agent_name), reason
        super().__init__(f"agent {self.agent_name!r} refused the job in room {room!r}: {reason}")


class WorkerFailed(DuologueError):
    """A worker of `agent_name` did not start, or lost its server for good."""

    def __init__(self, agent_name: str, problem: str) -> None:
        self.agent_name, self.problem = str(agent_name), problem
        super().__init__(f"worker {self.agent_name!r} failed: {problem}")


class WrongField(NamedTuple):
    """The first field that is wrong in data from outside, and why; its value is not told."""

    location: tuple[int | str, ...]
    """The steps to it, such as ("goals", 0, "say"); none where the data as a whole is wrong."""
    problem: str

    @property
    def field(self) -> str:
        """The steps in one word, such as "goals.0.say"."""
        return ".".join(map(str, self.location))


def wrong_field(error: ValidationError) -> WrongField:
    """What to tell, in a line, of data that pydantic refuses."""
    first = error.errors(include_url=False, include_input=False)[0]
    return WrongField(first["loc"], first["msg"].removeprefix("Value error, "))


def in_a_line(error: BaseException, folder: Path | None = None) -> str:
    """What somebody's own code raised, and where: "/home/ann/hotel/tools.py:12: KeyError: 'name'".

    Args:
        error: What was raised, with its traceback.
        folder: Where that code lies: its last line that led to the error is named. Without, or
            where none did, the line that raised it.
    """
    while isinstance(error, BaseExceptionGroup):  # which says only how many there are
        error = error.exceptions[0]
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    own = [(file, line) for file, line in lines if folder and file.is_relative_to(folder)]
    if isinstance(error, SyntaxError) and error.filename:
        own = [(Path(error.filename), error.lineno or 0)]
    place = "".join(f"{file}:{line}: " for file, line in (own or lines)[-1:])
    first, *_ = str(error).splitlines() or [""]
    return f"{place}{type(error).__name__}: {first}".rstrip(": ")
