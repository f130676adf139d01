"""From what was recorded to what it means: transcript, verdict and metrics of a call folder."""

from pathlib import Path

from duologue import eventlog, metrics, transcript
from duologue.metrics import Metrics
from duologue.verdict import Verdict, judge
from shared.events import EventName
from shared.spec import CallSpec, Expectation


def label(folder: Path, spec: CallSpec) -> Metrics:
    """Write transcript.json and metrics.json from the audio and events.jsonl; again if need be."""
    transcript.write(folder)
    return metrics.write(folder, _verdict(folder, spec.expected or Expectation()))


def _verdict(folder: Path, expected: Expectation) -> Verdict:
    """Compare the desk's last known rows with what was expected."""
    desk = eventlog.read(folder, EventName.DESK)
    if not desk:
        return Verdict(task_success=False, problems=("the desk's rows never arrived",))
    return judge(expected, desk[-1].fields["changes"])
