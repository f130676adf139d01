"""A call on the terminal: who is speaking."""

from io import StringIO

from rich.console import Console

from duologue.cli.call_view import CallView
from shared.endings import EndReason
from shared.events import Ended, StateChanged
from shared.events.journal import Event
from shared.spec import Role


def state(role: Role, old: str, new: str) -> Event:
    return Event(role, 1.0, StateChanged(old=old, new=new))


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
    view.on_event(Event(Role.CUSTOMER, 2.0, Ended(reason=EndReason.HUNG_UP_EARLY)))
    assert view.status().plain == "silence"
