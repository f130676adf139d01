"""What must be true after a fault; each check names what is not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import soundfile

from duologue.call.outcome import COMPLETE
from duologue.folder import folder
from shared.endings import Outcome
from tests.faults.cases import Case, Command, Fault, Target

SHORTEST_S = 10.0
"""A call of the harness's scenario that was held to its end is no shorter."""
GREETED_WITHIN_S = 8.0
"""A recording whose first turn comes later begins in mid-conversation, or lost its beginning."""
CAUSES = {
    Target.DRIVER: {Outcome.CANCELLED, Outcome.RECORDING_FAILED, Outcome.DRIVER_AWAY},
    Target.WORKER: {Outcome.WORKER_LOST, Outcome.WORKER_STOPPED, Outcome.NOT_PICKED_UP},
    Target.SERVER: {Outcome.SERVER_LOST},
}
"""What a call that was not held to its end may be said to have failed of."""
OF_UP = CAUSES[Target.WORKER] | CAUSES[Target.SERVER]
"""The same of a call on an `up` that was at fault: it has the workers, and the server."""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ERROR = re.compile(r"^(duologue|error|Error)\b.*:", re.MULTILINE)


def wrong(case: Case, status: int | None, output: str, out: Path) -> Iterator[str]:
    """All that is wrong with what a command said and left in `out`."""
    if status not in case.statuses:
        yield f"status {status}, expected {sorted(case.statuses)}"
    text = ESCAPE.sub("", output).replace("\r", "")
    if "Traceback (most recent call last)" in text:
        yield "a traceback"
    if case.target is Target.DRIVER and case.fault is Fault.DISK:
        if "No space left" not in text and "disk full:" not in text:
            yield "does not say that the disk is full"
        if len(ERROR.findall(text)) > 1:
            yield "more than one line tells of an error"
    for path in sorted(out.iterdir()) if out.exists() else []:
        if not path.is_dir() or folder.is_unlabelled(path):
            continue  # a recording without labels is for `relabel`, see `stage`
        if path.name.startswith("."):
            if case.fault is not Fault.KILL or case.target is not Target.DRIVER:
                yield f"{path.name} is half-written"
        else:
            yield from wrong_folder(path, case)


def wrong_folder(path: Path, case: Case) -> Iterator[str]:
    """What is wrong with a call's folder."""
    of_up = case.command is Command.UP and case.target is Target.DRIVER
    try:
        call = json.loads((path / folder.CALL).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        yield f"{path.name}: {error}"
        return
    for name, checksum in call["files"].items():
        if not (path / name).exists() or folder.sha256(path / name) != checksum:
            yield f"{path.name}/{name} is not what call.json says"
    audio = path / folder.AUDIO
    if audio.exists():
        info = soundfile.info(audio)
        if abs(info.frames / info.samplerate - call["duration_s"]) > 0.05:
            yield f"{path.name}: {info.frames / info.samplerate:.1f} s of audio, not as it says"
    if call["outcome"] in COMPLETE and call["duration_s"] < SHORTEST_S:
        yield f"{path.name}: {call['outcome']} after {call['duration_s']:.1f} s, which is false"
    if call["outcome"] in COMPLETE:
        yield from _false(path)
    elif call["outcome"] not in (OF_UP if of_up else CAUSES[case.target]):
        yield f"{path.name}: the {case.target} was at fault, not {call['outcome']}"
    if call["outcome"] not in COMPLETE and not call["detail"]:
        yield f"{path.name}: {call['outcome']} without a cause"


def _false(path: Path) -> Iterator[str]:
    """What is called valid and is not what was said."""
    metrics = json.loads((path / "metrics.json").read_text(encoding="utf-8"))
    if not metrics["valid"]:
        return
    lost = sum(metrics["lost"].values())
    if lost or metrics["flawed_turns"]:
        yield f"{path.name}: valid, with {lost} lost and {metrics['flawed_turns']} flawed turns"
    turns = json.loads((path / "transcript.json").read_text(encoding="utf-8"))["turns"]
    if not turns or turns[0]["start"] > GREETED_WITHIN_S:
        yield f"{path.name}: valid, although it does not begin with a greeting"
