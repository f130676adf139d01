"""events.jsonl as it is read: typed, of folders of any version."""

import json
from pathlib import Path

import pytest

from duologue.folder import event_log
from duologue.folder.event_log import FILE, Envelope
from shared.errors import FolderError
from shared.events import PAYLOADS, Heard, Payload, Said, Started

LINE = {"event": "HEARD", "role": "support", "t": 2.0, "clock": 102.0, "call_id": "c1"}


def write(folder: Path, *lines: dict[str, object]) -> None:
    (folder / FILE).write_text("".join(json.dumps({**LINE, **line}) + "\n" for line in lines))


def test_events_are_read_by_their_class(tmp_path: Path) -> None:
    write(tmp_path, {"event": "HEARD_PART", "text": "SAID"}, {"text": "hi", "started_at": 101.5})
    (entry,) = event_log.read(tmp_path, Heard, Said)
    assert entry.payload == Heard(text="hi", started_at=101.5)
    assert (entry.role, entry.t, entry.on_recording(101.5)) == ("support", 2.0, 1.5)
    assert len(event_log.read(tmp_path, Payload)) == 2


def test_fields_of_other_versions_do_not_keep_an_event_from_being_read(tmp_path: Path) -> None:
    write(tmp_path, {"text": "hi", "its_role": "driver", "tone": "kind"})
    (entry,) = event_log.read(tmp_path, Heard)
    assert entry.payload.fields() == {"text": "hi"}


def test_a_line_that_is_not_what_its_event_says_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"text": "hi"}, {"text": None})
    with pytest.raises(FolderError, match=r"events.jsonl, line 2: text: "):
        event_log.read(tmp_path, Heard)


def test_no_event_has_a_field_that_every_line_has() -> None:
    for kind in PAYLOADS.values():
        shared = kind.model_fields.keys() & {"event", *Envelope.model_fields}
        # Every line of a job has the id with which it began.
        assert shared == ({"job_id"} if kind is Started else set())
