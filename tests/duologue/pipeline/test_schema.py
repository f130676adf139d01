"""What is written down about the files of call folders is what is in them."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from duologue.pipeline.schema import FILES, file_name, json_schema, text
from shared.events import PAYLOADS

WRITTEN_DOWN = Path(__file__).parents[3] / "docs" / "schema"


@pytest.mark.parametrize("name", FILES)
def test_the_schema_that_is_checked_in_is_the_one_of_the_types(name: str) -> None:
    written = (WRITTEN_DOWN / file_name(name)).read_text(encoding="utf-8")
    assert written == text(name), "make it anew: duologue schema --out docs/schema"
    Draft202012Validator.check_schema(json.loads(written))


def test_no_schema_is_of_a_file_that_there_is_not() -> None:
    assert {path.name for path in WRITTEN_DOWN.iterdir()} == set(map(file_name, FILES))


def test_every_event_of_a_call_has_its_fields_written_down() -> None:
    described = json_schema("events.jsonl")["discriminator"]["mapping"]
    # A worker registers before there is a call.
    assert sorted(described) == sorted(set(PAYLOADS) - {"REGISTERED"})


def test_a_line_with_a_field_that_is_not_written_down_is_wrong() -> None:
    line = {"event": "HEARD", "role": "support", "t": 1.0, "clock": 2.0, "call_id": "c1"}
    validator = Draft202012Validator(json_schema("events.jsonl"))
    validator.validate({**line, "text": "hi"})
    for wrong in (line, {**line, "text": "hi", "tone": "kind"}, {**line, "event": "SHOUTED"}):
        with pytest.raises(ValidationError):
            validator.validate(wrong)
