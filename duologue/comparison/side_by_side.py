"""The page of a comparison: figures, and of every scenario two recordings side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import soundfile

from duologue.comparison.comparison import Comparison, Difference, Matched, match
from duologue.comparison.measures import MEASURES
from duologue.folder.folder import heard_audio_of
from duologue.labels.activity import FRAME_S
from duologue.labels.recorded_call import Call
from duologue.report import sound
from duologue.report.page import in_base64, render
from duologue.report.script import script
from shared.errors import DuologueError, FolderError
from shared.spec import Role

_CODE = ("sound.js", "peaks.js", "canvas.js", "overview.js", "comparison.js")
_WIDTH = 100.0
"""Of half a drawn interval: the measure's largest difference lies here."""


class Drawn(NamedTuple):
    """An interval in a picture whose middle is no difference."""

    low: float
    high: float
    at: float


def write(
    file: Path,
    result: Comparison,
    failed: Sequence[str],
    base: Sequence[Call],
    new: Sequence[Call],
) -> None:
    """Write the page; of each scenario it has the two calls that are furthest apart.

    Raises:
        FolderError: A recording is missing or damaged.
        DuologueError: The page cannot be written.
    """
    chosen = [furthest_apart(each) for each in match(base, new)]
    takes = [call for both in chosen for call in both]
    copies = [_copy(call) for call in takes]
    made = render(
        "comparison",
        code=_CODE,
        data={
            "mime": sound.MIME,
            "frame": FRAME_S,
            "roles": list(Role),
            "takes": [_data(call, copy) for call, copy in zip(takes, copies, strict=True)],
        },
        result=result,
        failed=failed,
        measures=MEASURES,
        drawn={measure.name: draw(result.all[measure.name]) for measure in MEASURES},
        pairs=chosen,
        rows=lambda call: script(call.transcript, call.timeline.marks, call.recognition),
        opus=[in_base64(copy.opus) for copy in copies],
    )
    try:
        file.write_text(made, encoding="utf-8")
    except OSError as error:
        raise DuologueError(f"cannot write {file}: {error.strerror}") from None


def furthest_apart(scenario: Matched) -> tuple[Call, Call]:
    """The calls of one seed, or else of one place, of which NEW is worst against BASE."""
    seeds = {call.seed: call for call in scenario.base}
    pairs = [(seeds[call.seed], call) for call in scenario.new if call.seed in seeds]
    pairs = pairs or [*zip(scenario.base, scenario.new, strict=False)]
    return max(pairs, key=_worsening)


def _worsening(pair: tuple[Call, Call]) -> tuple[int, float]:
    base, new = pair
    gaps = [each.metrics.reply_gap_s["customer_to_support"].p50 or 0.0 for each in pair]
    return base.succeeded - new.succeeded, gaps[1] - gaps[0]


def draw(found: Difference) -> Drawn | None:
    """Where the difference and its interval are in a picture from -100 to 100."""
    if found.difference is None or found.interval is None:
        return None
    values = (*found.interval, found.difference)
    scale = _WIDTH / (max(map(abs, values)) or 1.0)
    return Drawn(*(round(value * scale, 1) for value in values))


def _copy(call: Call) -> sound.Copy:
    try:
        return sound.copy(heard_audio_of(call.path))
    except soundfile.LibsndfileError as error:
        raise FolderError(call.path, f"is damaged: {error.error_string}") from None


def _data(call: Call, copy: sound.Copy) -> dict[str, Any]:
    return {
        "duration": call.duration_s,
        "peaks": {role: in_base64(peaks) for role, peaks in copy.peaks.items()},
        "turns": [(turn.start, turn.end) for turn in call.transcript.turns],
    }
