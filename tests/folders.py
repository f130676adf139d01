"""Call folders, held against what is written down about them."""

import json
from pathlib import Path

from jsonschema import Draft202012Validator

from duologue.pipeline.schema import FILES, json_schema


def check_files(folder: Path) -> None:
    """Every JSON file of a call folder is one that is known, and is as its schema says."""
    names = {path.name for path in folder.iterdir() if path.suffix in {".json", ".jsonl"}}
    assert names <= FILES.keys()
    for name in names:
        validator = Draft202012Validator(json_schema(name))
        text = (folder / name).read_text(encoding="utf-8")
        for document in text.splitlines() if name.endswith(".jsonl") else [text]:
            validator.validate(json.loads(document))
