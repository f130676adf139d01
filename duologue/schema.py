"""What is in each file of a call folder, as JSON Schemas made from the types that write it.

They are checked in under docs/schema/; `duologue schema --out docs/schema` writes them anew.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from duologue import eventlog, folder, judges, marks, metrics, placement, recognition, transcript
from duologue.folder import Call
from duologue.judges import Judgments
from duologue.lines import Line
from duologue.marks import Marks
from duologue.metrics import Metrics
from duologue.placement import Placement
from duologue.recognition import Recognition
from duologue.transcript import Transcript

FILES: dict[str, Any] = {
    folder.CALL: Call,
    placement.FILE: Placement,
    transcript.FILE: Transcript,
    marks.FILE: Marks,
    recognition.FILE: Recognition,
    metrics.FILE: Metrics,
    judges.FILE: Judgments,
    eventlog.FILE: Line,
}
"""The type of every JSON file; of a .jsonl file, that of each line."""


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a file of call folders."""
    described = TypeAdapter(FILES[name]).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def file_name(name: str) -> str:
    """What the schema of a file is called: `call.schema.json` for `call.json`."""
    return f"{Path(name).stem}.schema.json"


def text(name: str) -> str:
    """The JSON Schema of a file, as it is checked in."""
    return json.dumps(json_schema(name), indent=1) + "\n"
