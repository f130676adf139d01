"""Call folders of earlier versions become folders of this one, version by version.

`schema` in call.json is the version of the whole folder. It is raised when a reader of the version
before would be misled: a file or field is gone, or means something else. A new field that has a
default, or a new file, does not raise it.

What a stage of labelling makes (duologue/pipeline/stages.py) is made anew whenever a folder is
migrated. So a migration is about what was recorded or asked for alone: call.json, events.jsonl,
audio, judgments.json.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from duologue.folder.folder import CALL, SCHEMA, read_head

Document = dict[str, Any]


def migrate(folder: Path) -> None:
    """Bring what was recorded of a call to this version; `folder` is a copy (`rework`)."""
    while (version := read_head(folder).schema_version) < SCHEMA:
        MIGRATIONS[version](folder)


def _from_1(folder: Path) -> None:
    """Version 1 lacked what stages make since: clean speech, words, time line, report."""
    _change_call(folder, lambda call: {**call, "schema": 2})


MIGRATIONS: dict[int, Callable[[Path], None]] = {1: _from_1}
"""Per version, what makes a folder of the next one of it."""


def _change_call(folder: Path, change: Callable[[Document], Document]) -> None:
    path = folder / CALL
    new = path.with_name(f".{CALL}")
    new.write_text(json.dumps(change(json.loads(path.read_bytes()))), encoding="utf-8")
    new.replace(path)
