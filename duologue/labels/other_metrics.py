"""Metrics that other installed packages add, by the entry points `duologue.metrics`.

One is a function of a call that returns what JSON can hold. The first line of its docstring says
what that is, and in what unit:

    def apologies(call: duologue.Call) -> int:
        \"\"\"How often the support agent says sorry, in times per call.\"\"\"
        said = " ".join(turn.said or "" for turn in call.transcript.turns if turn.role == "support")
        return said.lower().count("sorry")

One that fails is named with the reason, and changes nothing else that is said of the call.
"""

import inspect
import json
from pathlib import Path

from duologue.folder.folder import write_json
from duologue.labels import metrics
from duologue.labels.metrics import OtherMetric
from duologue.labels.recorded_call import Call
from shared import entry_points
from shared.errors import UsageError

GROUP = "duologue.metrics"
"""The entry points by which other packages add theirs."""


def write(folder: Path) -> None:
    """Add what the metrics of other packages say to metrics.json of a call folder."""
    added = sorted(entry_points.added(GROUP).items())
    if not added:
        return
    call = Call(folder)
    others = {name: _measured(entries, call) for name, entries in added}
    write_json(folder / metrics.FILE, call.metrics.model_copy(update={"others": others}))


def _measured(entries: entry_points.Added, call: Call) -> OtherMetric:
    try:
        metric = entry_points.load(entries)
        if not callable(metric):
            raise entry_points.unusable(entries, "is no function of a call")
    except UsageError as error:
        return OtherMetric(failed=str(error))
    description, *_ = (inspect.getdoc(metric) or "").splitlines() or [""]
    try:
        # What JSON makes of it: a tuple is a list from here on, as it is in the file.
        value = json.loads(json.dumps(metric(call), allow_nan=False))
    except Exception as error:  # noqa: BLE001 - somebody else's function may raise anything
        first, *_ = str(error).splitlines() or [""]
        failed = f"{entry_points.source(entries)}: {type(error).__name__}: {first}"
        return OtherMetric(description=description, failed=failed)
    return OtherMetric(value=value, description=description)
