"""The Grand Hotel's front desk: breakfast, late arrivals, cancellations."""

from support_agent import (
    NAME,
    Business,
    Identification,
    Problem,
    Slot,
    SlotKind,
    read_stock,
    read_text,
)

from .procedures import cancel_booking, late_arrival, tell_breakfast
from .tools import HotelTools

BOOKING_NUMBER = Slot(
    name="booking_number",
    kind=SlotKind.CODE,
    noun="your booking number",
    under="booking number {}",
    words=("booking", "booking number", "number"),
    lengths=(5,),
)

BUSINESS = Business(
    name="the Grand Hotel",
    schema=read_text(__package__, "schema.sql"),
    stock=read_stock(__package__, ["hours", "bookings"]),
    public=frozenset({"hours"}),
    policy=read_text(__package__, "policy.md"),
    tools=HotelTools,
    identifications=(Identification((BOOKING_NUMBER, NAME), "find_booking"),),
    problems=(
        Problem("breakfast", "breakfast", (r" breakfasts? ",), tell_breakfast, anybody=True),
        Problem(
            "late_arrival",
            "a late arrival",
            (r" (?:arriv\w*|come|coming|there|check in)(?: \w+){0,3} late ", r" late arrival "),
            late_arrival,
        ),
        Problem("cancel_booking", "a cancellation", (r" cancel\w* ",), cancel_booking),
    ),
)
