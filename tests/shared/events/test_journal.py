import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from shared.events.journal import Event, EventName, Journal

DOCUMENT = Path(__file__).parents[3] / "docs" / "events.md"


def test_an_event_survives_the_wire() -> None:
    event = Journal("customer").emit(EventName.HEARD, text="“Hi” — 4 7\n2", started_at=1.5)
    assert Event.model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize("line", ["{}", '{"event": "HERD", "source": "customer", "at": 1}', "["])
def test_what_is_not_an_event_is_not_taken_for_one(line: str) -> None:
    with pytest.raises(ValidationError):
        Event.model_validate_json(line)


def test_a_sink_gets_every_event_in_order() -> None:
    journal, got = Journal("support"), list[Event]()
    journal.add_sink(got.append)
    made = [journal.emit(EventName.START), journal.emit(EventName.SAID, text="Hello.")]
    assert got == made
    assert [event.source for event in got] == ["support", "support"]
    assert got[0].at <= got[1].at


def test_every_line_of_the_log_says_which_room_role_call_and_job() -> None:
    with capture_logs() as lines:
        Journal("support", room="r", call_id="c", job_id="j").emit(EventName.HEARD, text="Hi.")
    bound = {"role": "support", "room": "r", "call_id": "c", "job_id": "j"}
    assert lines == [{"event": "HEARD", "text": "Hi.", "log_level": "info", **bound}]


def test_errors_stand_out_in_the_log_and_heartbeats_do_not() -> None:
    with capture_logs() as lines:
        Journal("support").emit(EventName.ERROR, error="no")
        Journal("support").emit(EventName.HEARTBEAT)
    assert [line["log_level"] for line in lines] == ["error", "debug"]


def test_an_event_is_called_what_the_code_calls_it() -> None:
    assert all(name.name == name.value for name in EventName)


def test_the_document_has_every_event() -> None:
    rows = re.findall(r"^\| (`[A-Z_`, ]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    documented = [name for row in rows for name in re.findall(r"[A-Z_]+", row)]
    assert len(documented) == len(set(documented))
    assert set(documented) == set(EventName)
