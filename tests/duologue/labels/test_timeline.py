"""Everything on one time line, from a recorded folder."""

from pathlib import Path

from duologue.folder import event_log
from duologue.folder.event_log import EventLog
from duologue.labels.timeline import Marks
from duologue.pipeline.stages import label
from shared.customer_sheet import Behaviour
from shared.events import Behaved, Payload, Said
from shared.events.journal import Event
from shared.spec import Role
from tests.duologue.pipeline.test_stages import AHEAD_S, record, spoken


def test_turns_silences_behaviours_tools_and_the_desk_are_in_the_order_of_time(
    tmp_path: Path,
) -> None:
    record(tmp_path, answer=(6.0, 7.5), tool_of="support")
    label(tmp_path)
    marks = Marks.model_validate_json((tmp_path / "timeline.json").read_bytes()).marks
    assert [(m.kind.value, m.role, m.start, m.end, m.turn, m.name) for m in marks] == [
        ("turn", Role.SUPPORT, 1.0, 2.0, 0, None),
        ("gap", Role.CUSTOMER, 2.0, 2.5, None, None),
        ("turn", Role.CUSTOMER, 2.5, 4.0, 1, None),
        ("desk", Role.SUPPORT, 3.002, 3.002, None, "orders"),
        ("gap", Role.SUPPORT, 4.0, 6.0, None, None),
        ("tool", Role.SUPPORT, 5.002, 5.002, None, "find"),
        ("turn", Role.SUPPORT, 6.0, 7.5, 2, None),
    ]
    (tool,) = [mark for mark in marks if mark.kind.value == "tool"]
    assert tool.detail == {"arguments": {}, "output": "", "is_error": False}


def test_a_barge_in_is_an_overlap_a_behaviour_and_an_interruption(tmp_path: Path) -> None:
    record(tmp_path, answer=(3.6, 5.0))
    entries = event_log.read(tmp_path, Payload)
    log = EventLog(tmp_path, room="duologue-c1", call_id="c1")
    for entry in entries:
        payload = entry.payload
        if isinstance(payload, Said) and payload.text == "Hi there.":
            payload = payload.model_copy(update={"interrupted": True})
        log.write(Event(entry.role, entry.clock, payload), entry.t)
    did = Behaved(behaviour=Behaviour.BARGE_IN, slip=None, **spoken("support", 3.6, 5.0))
    log.write(Event("support", AHEAD_S["support"] + 5.0, did), 5.002)
    log.close()
    event_log.order_by_clock(tmp_path)
    label(tmp_path)
    marks = Marks.model_validate_json((tmp_path / "timeline.json").read_bytes()).marks
    shown = [(m.kind.value, m.role, m.start, m.end, m.turn, m.name) for m in marks]
    assert ("overlap", Role.SUPPORT, 3.6, 4.0, None, None) in shown
    assert ("interruption", Role.CUSTOMER, 4.0, 4.0, 1, None) in shown
    (behaviour,) = [mark for mark in marks if mark.kind.value == "behaviour"]
    assert (behaviour.name, behaviour.detail) == ("barge_in", {"slip": None})
    assert abs(behaviour.start - 3.6) < 0.01
    assert abs(behaviour.end - 5.0) < 0.01
