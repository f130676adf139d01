"""What is in each file of a call folder, as JSON Schemas made from the types that write it.

They are checked in under docs/schema/; `duologue schema --out docs/schema` writes them anew.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, Field, TypeAdapter, create_model

from duologue.folder import event_log, folder
from duologue.folder.event_log import Envelope
from duologue.folder.folder import CallRecord
from duologue.labels import judges, metrics, placement, recognition, timeline
from duologue.labels.judges import Judgments
from duologue.labels.metrics import Metrics
from duologue.labels.placement import Placement
from duologue.labels.recognition import Recognition
from duologue.labels.timeline import Marks
from duologue.labels.transcript import transcript
from duologue.labels.transcript.transcript import Transcript
from duologue.scenarios.json_schema import WithoutExamples
from shared.events import PAYLOADS, Payload, Registered


def _line(kind: type[Payload]) -> type[BaseModel]:
    """A line of events.jsonl with an event of one kind."""
    told: dict[str, Any] = {"event": (Literal[kind.name], ...), "role": (Literal[kind.by], ...)}
    return create_model(kind.__name__, __base__=(kind, Envelope), __doc__=kind.__doc__, **told)


# A worker registers before there is a call.
_LINES = [_line(kind) for kind in PAYLOADS.values() if kind is not Registered]

FILES: dict[str, Any] = {
    folder.CALL: CallRecord,
    placement.FILE: Placement,
    transcript.FILE: Transcript,
    timeline.FILE: Marks,
    recognition.FILE: Recognition,
    metrics.FILE: Metrics,
    judges.FILE: Judgments,
    event_log.FILE: Annotated[Union[*_LINES], Field(discriminator="event")],
}
"""The type of every JSON file; of a .jsonl file, that of each line."""


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a file of call folders."""
    described = TypeAdapter(FILES[name]).json_schema(
        mode="serialization", schema_generator=WithoutExamples
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def file_name(name: str) -> str:
    """What the schema of a file is called: `call.schema.json` for `call.json`."""
    return f"{Path(name).stem}.schema.json"


def text(name: str) -> str:
    """The JSON Schema of a file, as it is checked in."""
    return json.dumps(json_schema(name), indent=1) + "\n"
