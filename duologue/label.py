"""From what was recorded to what it means: transcript, verdict and metrics of a call folder."""

from pathlib import Path

from duologue import eventlog, metrics, transcript
from duologue.folder import audio_of
from duologue.metrics import Metrics
from duologue.speech import loudness
from duologue.tracks import CHANNELS
from duologue.verdict import Verdict, judge
from shared.events import EventName
from shared.spec import CallSpec, Expectation


def label(folder: Path, spec: CallSpec) -> Metrics:
    """Write transcript.json and metrics.json from the audio and events.jsonl; again if need be."""
    heard = dict(zip(CHANNELS, loudness(audio_of(folder)), strict=True))
    turns = transcript.write(folder, heard)
    verdict = _verdict(folder, spec.expected or Expectation())
    return metrics.write(folder, heard, turns, verdict)


def _verdict(folder: Path, expected: Expectation) -> Verdict:
    """Compare the desk's last known rows with what was expected."""
    desk = eventlog.read(folder, EventName.DESK)
    if not desk:
        return Verdict(task_success=False, problems=("the desk's rows never arrived",))
    return judge(expected, desk[-1].fields["changes"])
