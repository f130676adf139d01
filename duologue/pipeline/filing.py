"""From a recorded call to its complete folder: labels, call.json, and the folder's name."""

import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import soundfile

from duologue.call.outcome import ExitCode, exit_code
from duologue.call.transport import Held
from duologue.folder import event_log
from duologue.folder.folder import (
    CALL,
    RECORDED,
    CallFolder,
    CallRecord,
    Clock,
    RunDetails,
    TransportName,
    read_call,
    why_not_written,
    write_json,
)
from duologue.labels import metrics
from duologue.labels.metrics import Metrics
from duologue.pipeline.stages import LabelStage, label, works
from shared.endings import Ending, Outcome
from shared.errors import CallFailed, CallUnfinished, DuologueError, PartAway
from shared.events import EnginesLoaded
from shared.logs import get_logger
from shared.spec import CallSpec, Role

log = get_logger("duologue.filing")


class Attempt(NamedTuple):
    """Which attempt at a call one is."""

    earlier: tuple[str, ...] = ()
    """Why those before it failed."""
    retried: frozenset[Outcome] = frozenset()
    """With which outcomes nothing is kept, for the call is made again."""
    excused: frozenset[Outcome] = frozenset()
    """With which it is so if a server or a worker was away."""
    finishes: bool = False
    """Whether a recording of the call that was kept without labels is labelled instead."""


ONLY_ATTEMPT = Attempt()


class CallResult(NamedTuple):
    """A call that was made."""

    folder: Path
    ending: Ending
    metrics: Metrics

    @property
    def exit_code(self) -> ExitCode:
        """What the command line returns for it."""
        return exit_code(self.ending, passed=self.metrics.passed)


def file_call(
    folder: CallFolder,
    spec: CallSpec,
    held: Held,
    *,
    transport: TransportName,
    clock: Clock,
    attempt: Attempt = ONLY_ATTEMPT,
) -> CallResult:
    """Label what was recorded, write call.json, and give the folder its name. Blocks.

    Raises:
        PartAway: It is to be made again, for a server or a worker was away.
        CallFailed: It ended so that it is to be made again.
        CallUnfinished: It could not be labelled; the recording is kept.
        DuologueError: The files cannot be written.
    """
    ending, recorded, part_away = held
    excused = part_away and ending.outcome in attempt.excused
    if excused or ending.outcome in attempt.retried:
        folder.discard()
        why = f"{ending.outcome}: {ending.detail}" if ending.detail else ending.outcome
        raise PartAway(why) if excused else CallFailed(why)
    call = CallRecord(
        call_id=spec.call_id,
        transport=transport,
        spec=spec,
        outcome=ending.outcome,
        fault=ending.fault,
        detail=ending.detail,
        duration_s=recorded.duration_s,
        recording=recorded.recording,
        engines={
            Role(entry.role): entry.payload.fields()
            for entry in event_log.read(folder.path, EnginesLoaded)
        },
        versions=_versions(),
        run=RunDetails(
            started_at=recorded.started_at,
            wall_s=recorded.wall_s,
            clock=clock,
            machine=_machine(),
            earlier=attempt.earlier,
        ),
    )
    # Labels are made from files alone, and of these call.json is one.
    try:
        write_json(folder.path / CALL, call)
    except OSError as error:
        problem = why_not_written(folder.path, error)
        raise DuologueError(f"cannot write {folder.path / CALL}: {problem}") from None
    return _finish(folder, call)


def finish_kept(partial: Path) -> CallResult:
    """Label a recording that was kept without labels, and give its folder its name. Blocks.

    Raises:
        CallTaken: Another process finishes it now, or just has.
        CallUnfinished: It could not be labelled; the recording is kept.
        FolderError: Its call.json is damaged.
        DuologueError: It cannot be changed where it is.
    """
    with CallFolder.reopen(partial) as folder:
        return _finish(folder, read_call(partial))


def _finish(folder: CallFolder, call: CallRecord) -> CallResult:
    """Label what was recorded; whatever fails then, the recording stays."""
    try:
        _clear_labels(folder.path, call.transport)
        began_s = time.monotonic()
        label(folder.path)
        run = call.run.model_copy(update={"labels_s": round(time.monotonic() - began_s, 3)})
        final = folder.commit(call.model_copy(update={"run": run}))
    except CallUnfinished:
        raise
    except Exception as error:
        if not isinstance(error, OSError | soundfile.LibsndfileError | DuologueError):
            log.exception("labelling failed", call_id=call.call_id)
        raise CallUnfinished(
            f"cannot label {call.call_id} ({_reason(folder.path, error)}); its recording is kept "
            f"as {folder.path}: `duologue relabel {folder.path}` finishes it"
        ) from error
    return CallResult(final, Ending(call.outcome, call.fault, call.detail), metrics.read(final))


def _clear_labels(folder: Path, transport: TransportName) -> None:
    """Remove what an earlier attempt at labelling has made, half-written files too."""
    made = {name for each in works(LabelStage.PLACEMENT) for name in each.makes}
    for path in folder.iterdir():
        if path.name in made - RECORDED[transport] or path.name.startswith("."):
            path.unlink()


def _reason(folder: Path, error: Exception) -> str:
    if isinstance(error, OSError | soundfile.LibsndfileError):
        return why_not_written(folder, error)
    return str(error) if isinstance(error, DuologueError) else f"{type(error).__name__}: {error}"


def _versions() -> dict[str, str]:
    packages = ("duologue", "livekit-agents", "livekit", "livekit-api")
    return {name: version(name) for name in packages} | {"python": platform.python_version()}


def _machine() -> str:
    return f"{platform.platform()}, {_processor() or platform.machine()}"


def _processor() -> str:
    """The processor's own name; Linux alone says it in a file."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else ""
