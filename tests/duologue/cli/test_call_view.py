"""A call on the terminal: who is speaking."""

from io import StringIO

from rich.console import Console

from duologue.cli.call_view import CallView
from shared.events.journal import Event, EventName
from shared.spec import Role


def state(role: Role, old: str, new: str) -> Event:
    fields = {"old": old, "new": new}
    return Event(event=EventName.STATE, source=role, at=1.0, fields=fields)


def test_who_still_speaks_when_one_of_both_stops_is_shown_as_speaking() -> None:
    view = CallView(Console(file=StringIO(), force_terminal=True, width=80))
    shown = [view.status().plain]
    for event in (
        state(Role.SUPPORT, "listening", "speaking"),
        state(Role.CUSTOMER, "listening", "speaking"),
        state(Role.CUSTOMER, "speaking", "listening"),
        state(Role.CUSTOMER, "listening", "thinking"),
        state(Role.CUSTOMER, "thinking", "speaking"),
        state(Role.SUPPORT, "speaking", "listening"),
        state(Role.CUSTOMER, "speaking", "listening"),
    ):
        view.on_event(event)
        shown.append(view.status().plain)
    view.close()
    both, customer, support = "both are speaking", "customer is speaking", "support is speaking"
    assert shown == ["silence", support, both, support, support, both, customer, "silence"]


def test_who_leaves_in_a_word_speaks_no_longer() -> None:
    view = CallView(Console(file=StringIO()))
    view.on_event(state(Role.CUSTOMER, "listening", "speaking"))
    gone = {"reason": "job_ended"}
    view.on_event(Event(event=EventName.ENDED, source=Role.CUSTOMER, at=2.0, fields=gone))
    assert view.status().plain == "silence"
