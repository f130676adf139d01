"""From what was recorded to what it means, stage by stage.

A stage reads the files of a call folder and writes others into it; nothing else goes in or comes
out. So each can be done again on its own, and the same files give the same bytes.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from duologue.folder.folder import AUDIO, REPORT
from duologue.labels import metrics, other_metrics, placement, recognition, timeline
from duologue.labels.transcript import transcript
from duologue.labels.transcript.words import turn_words
from duologue.report import call as report


class LabelStage(StrEnum):
    """What is done with a recorded call, in this order."""

    PLACEMENT = "placement"
    """Clean speech is laid on the recording's clock, and events are, by what was spoken."""
    ALIGNMENT = "alignment"
    """What was said and heard gets its time in the audio."""
    METRICS = "metrics"
    """What can be counted, and the verdict."""
    REPORT = "report"
    """A page to look at."""


class Work(NamedTuple):
    """One thing that a stage does."""

    do: Callable[[Path], None]
    """Given the call folder, in which `call.json` is there, yet without checksums."""
    makes: tuple[str, ...]
    """The files it writes; no others, and the folder has no subfolders."""


WORK: dict[LabelStage, tuple[Work, ...]] = {
    LabelStage.PLACEMENT: (Work(placement.write, (AUDIO, placement.FILE)),),
    LabelStage.ALIGNMENT: (
        Work(turn_words.write, (transcript.FILE,)),
        Work(recognition.write, (recognition.FILE,)),
        Work(timeline.write, (timeline.FILE,)),
    ),
    LabelStage.METRICS: (
        Work(metrics.write, (metrics.FILE,)),
        Work(other_metrics.write, (metrics.FILE,)),
    ),
    LabelStage.REPORT: (Work(report.write, (REPORT,)),),
}


def label(folder: Path, since: LabelStage = LabelStage.PLACEMENT) -> None:
    """Do a stage and those after it, each from the files alone."""
    for work in works(since):
        work.do(folder)


def works(since: LabelStage) -> list[Work]:
    """What a stage and those after it do, in order."""
    stages = list(LabelStage)
    return [work for stage in stages[stages.index(since) :] for work in WORK[stage]]
