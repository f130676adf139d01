"""report.html: one call, to listen to and to look at."""

from pathlib import Path
from typing import Any

from duologue.call.outcome import COMPLETE
from duologue.folder.folder import REPORT, heard_audio_of, read_call
from duologue.labels import metrics, recognition, timeline
from duologue.labels.activity import FRAME_S
from duologue.labels.timeline import Mark, MarkKind
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Transcript, TurnFlaw
from duologue.report import sound
from duologue.report.figures import engines, figures, software
from duologue.report.others import other_figures
from duologue.report.page import in_base64, render
from duologue.report.script import ShownTurn, moments, script
from duologue.report.wording import plain
from shared.spec import Role

_CODE = (
    "sound.js",
    "peaks.js",
    "canvas.js",
    "overview.js",
    "timeline.js",
    "transcript.js",
    "call.js",
)
_NAMES = {Role.CUSTOMER: "customer", Role.SUPPORT: "support"}
_NOT_COMPARED = recognition.Recognition(stretches=(), entities=())
_FLAWS = {TurnFlaw.NO_EVENT: "Not reported", TurnFlaw.NO_AUDIO: "Not in the recording"}


def write(folder: Path) -> None:
    """Make report.html of a call folder from its other files; the same files give the same page."""
    (folder / REPORT).write_text(page(folder), encoding="utf-8")


def page(folder: Path) -> str:
    """The report of a call folder."""
    call, measured, turns = read_call(folder), metrics.read(folder), transcript.read(folder)
    # A folder from before there were these is shown without them.
    marks = timeline.read(folder).marks if (folder / timeline.FILE).exists() else ()
    heard = recognition.read(folder) if (folder / recognition.FILE).exists() else _NOT_COMPARED
    rows = list(script(turns, marks, heard))
    copy = sound.copy(heard_audio_of(folder))
    return render(
        "call",
        code=_CODE,
        data=_data(call.duration_s, turns, marks, copy),
        opus=in_base64(copy.opus),
        call=call,
        held=call.outcome in COMPLETE,
        caller=call.spec.customer,
        metrics=measured,
        figures=figures(measured),
        others=other_figures(measured.others),
        engines=engines(call.engines, measured.usage),
        software=software(call),
        rows=rows,
        turns=turns.turns,
        misheard=any(row.misheard for row in rows if isinstance(row, ShownTurn)),
        strays=turns.stray,
        roles=list(Role),
        names=_NAMES,
        flaws=_FLAWS,
    )


def _data(
    duration_s: float,
    turns: Transcript,
    timeline: tuple[Mark, ...],
    copy: sound.Copy,
) -> dict[str, Any]:
    """What the page's code works on; texts it takes from the page."""
    return {
        "duration": duration_s,
        "mime": sound.MIME,
        "frame": FRAME_S,
        "roles": list(Role),
        "names": {role: plain(name) for role, name in _NAMES.items()},
        "peaks": {role: in_base64(peaks) for role, peaks in copy.peaks.items()},
        "turns": [
            {
                "role": turn.role,
                "start": turn.start,
                "end": turn.end,
                "words": [
                    None if word.start is None else (word.start, word.end) for word in turn.words
                ],
            }
            for turn in turns.turns
        ],
        "gaps": [(mark.start, mark.end) for mark in timeline if mark.kind is MarkKind.GAP],
        "overlaps": [(mark.start, mark.end) for mark in timeline if mark.kind is MarkKind.OVERLAP],
        "moments": [
            {
                "at": each.mark.start,
                "role": each.mark.role,
                "what": each.what,
                "failed": each.failed,
            }
            for each in moments(timeline)
        ],
    }
