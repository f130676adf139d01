"""`duologue schema`: what is in the files of a call folder, as JSON Schemas."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from duologue.pipeline.schema import FILES, file_name, text
from shared.errors import UsageError


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
