"""What is in each file of a call folder, as JSON Schemas made from the types that write it.

They are checked in under docs/schema/; `duologue schema --out docs/schema` writes them anew.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from duologue import eventlog, folder, judges, metrics, transcript
from duologue.folder import Call
from duologue.judges import Judgments
from duologue.lines import Line
from duologue.metrics import Metrics
from duologue.transcript import Transcript
from shared.errors import UsageError

FILES: dict[str, Any] = {
    folder.CALL: Call,
    transcript.FILE: Transcript,
    metrics.FILE: Metrics,
    judges.FILE: Judgments,
    eventlog.FILE: Line,
}
"""The type of every JSON file; of a .jsonl file, that of each line."""


def json_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a file of call folders."""
    described = TypeAdapter(FILES[name]).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **described}


def schema(
    file: Annotated[
        str | None, typer.Argument(help="A file of call folders, such as transcript.json.")
    ] = None,
    *,
    out: Annotated[
        Path | None, typer.Option(help="A folder; one file for each goes there.")
    ] = None,
) -> None:
    """Print the format of a file of call folders as a JSON Schema."""
    if out:
        out.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (out / file_name(name)).write_text(text(name), encoding="utf-8")
    elif file in FILES:
        sys.stdout.write(text(file))
    else:
        raise UsageError(f"name a file of call folders: {', '.join(FILES)}")


def file_name(name: str) -> str:
    """What the schema of a file is called: `call.schema.json` for `call.json`."""
    return f"{Path(name).stem}.schema.json"


def text(name: str) -> str:
    """The JSON Schema of a file, as it is checked in."""
    return json.dumps(json_schema(name), indent=1) + "\n"
