import logging
import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.events import PAYLOADS, Failed, Heard, Heartbeat, Payload, Said, Started
from shared.events.journal import Event, Journal

DOCUMENT = Path(__file__).parents[3] / "docs" / "events.md"


def test_an_event_survives_the_wire() -> None:
    event = Journal("customer").emit(Heard(text="“Hi” — 4 7\n2", started_at=1.5))
    assert Event.from_json(event.to_json()) == event


def test_on_the_wire_an_event_has_the_fields_that_were_given_and_no_others() -> None:
    event = Event("support", 1.5, Heard(text="Hi.", started_at=None))
    fields = '{"text":"Hi.","started_at":null}'
    assert event.to_json() == f'{{"event":"HEARD","source":"support","at":1.5,"fields":{fields}}}'
    assert Event.from_json(event.to_json()).to_json() == event.to_json()


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        "[",
        '{"event": "HERD", "source": "customer", "at": 1, "fields": {"text": "Hi."}}',
        '{"event": "HEARD", "source": "customer", "at": 1}',
        '{"event": "HEARD", "source": "customer", "at": 1, "fields": {"text": "Hi.", "tone": 1}}',
        '{"event": "ENDED", "source": "customer", "at": 1, "fields": {"reason": "bored"}}',
    ],
)
def test_what_is_not_an_event_is_not_taken_for_one(line: str) -> None:
    with pytest.raises(ValidationError):
        Event.from_json(line)


def test_a_sink_gets_every_event_in_order() -> None:
    journal, got = Journal("support"), list[Event]()
    journal.add_sink(got.append)
    said = Said(text="Hello.", intended="Hello.", interrupted=False)
    made = [journal.emit(Started()), journal.emit(said)]
    assert got == made
    assert [event.source for event in got] == ["support", "support"]
    assert got[0].at <= got[1].at


def test_every_line_of_the_log_says_which_room_role_call_and_job(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "duologue")
    bound = {"role": "support", "room": "r", "call_id": "c", "job_id": "j"}
    Journal("support", room="r", call_id="c", job_id="j").emit(Heard(text="Hi."))
    [line] = caplog.records
    assert (line.name, line.levelname, line.message) == ("duologue", "INFO", "HEARD")
    assert vars(line).items() >= {"text": "Hi.", **bound}.items()


def test_errors_stand_out_in_the_log_and_heartbeats_do_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "duologue")
    Journal("support").emit(Failed(error="no"))
    Journal("support").emit(Heartbeat())
    assert [line.levelname for line in caplog.records] == ["ERROR", "DEBUG"]


def test_the_document_says_of_every_event_what_its_class_says() -> None:
    table = "\n".join(row(kind) for kind in PAYLOADS.values())
    written = re.findall(r"^\| `[A-Z_]+` \|.*$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert "\n".join(written) == table, f"the rows of {DOCUMENT.name} are to be:\n{table}"


def row(kind: type[Payload]) -> str:
    """The row of an event in the document: its name, who says so, when, and its fields."""
    fields = [
        f"`{name}`: {field.description.rstrip('.')}" if field.description else f"`{name}`"
        for name, field in kind.model_fields.items()
    ]
    cells = (f"`{kind.name}`", ", ".join(kind.by), kind.__doc__ or "", "; ".join(fields))
    return "| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |"
