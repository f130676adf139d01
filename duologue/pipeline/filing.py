"""From a recorded call to its complete folder: labels, call.json, and the folder's name."""

import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from duologue.call.outcome import ExitCode, exit_code
from duologue.call.transport import Held
from duologue.folder import event_log
from duologue.folder.folder import (
    CALL,
    CallFolder,
    CallRecord,
    Clock,
    RunDetails,
    TransportName,
    write_json,
)
from duologue.labels import metrics
from duologue.labels.metrics import Metrics
from duologue.pipeline.stages import label
from shared.endings import Ending, Outcome
from shared.errors import CallFailed
from shared.events import EnginesLoaded
from shared.spec import CallSpec, Role


class Attempt(NamedTuple):
    """Which attempt at a call one is."""

    earlier: tuple[str, ...] = ()
    """Why those before it failed."""
    retried: frozenset[Outcome] = frozenset()
    """With which outcomes nothing is kept, for the call is made again."""


ONLY_ATTEMPT = Attempt()


class CallResult(NamedTuple):
    """A call that was made."""

    folder: Path
    ending: Ending
    metrics: Metrics

    @property
    def exit_code(self) -> ExitCode:
        """What the command line returns for it."""
        return exit_code(self.ending, task_success=self.metrics.task_success)


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
        CallFailed: It ended so that it is to be made again.
        DuologueError: The files cannot be written.
    """
    ending, recorded = held
    if ending.outcome in attempt.retried:
        folder.discard()
        raise CallFailed(f"{ending.outcome}: {ending.detail}" if ending.detail else ending.outcome)
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
    write_json(folder.path / CALL, call)
    began_s = time.monotonic()
    label(folder.path)
    run = call.run.model_copy(update={"labels_s": round(time.monotonic() - began_s, 3)})
    final = folder.commit(call.model_copy(update={"run": run}))
    return CallResult(final, ending, metrics.read(final))


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
