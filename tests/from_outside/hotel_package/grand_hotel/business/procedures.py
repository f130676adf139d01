"""How the hotel's agent works off what callers call about."""

from support_agent import Dialogue, Talk, call, date_aloud, tell, time_aloud


def tell_breakfast(_: Talk) -> Dialogue[None]:
    """Say when there is breakfast."""
    hours = (yield from call("find_hours", name="breakfast")).data["hours"]
    opens, closes = time_aloud(hours["opens_at"]), time_aloud(hours["closes_at"])
    yield from tell(f"There is breakfast from {opens} to {closes}.")


def late_arrival(talk: Talk) -> Dialogue[None]:
    """Keep the room for a guest who comes late."""
    number = talk.known("booking")["number"]
    if (yield from talk.confirm("Shall I keep your room until midnight?")):
        yield from talk.do("keep_room", "Your room is kept until midnight.", booking_number=number)
    else:
        yield from tell("All right, your room is kept until six in the evening.")


def cancel_booking(talk: Talk) -> Dialogue[None]:
    """Cancel the caller's booking."""
    booking = talk.known("booking")
    day = date_aloud(booking["begins_on"])
    if (yield from talk.confirm(f"Shall I cancel your booking for {day}?")):
        done = "I am sorry that you cannot come. I have cancelled your booking."
        yield from talk.do("cancel_booking", done, booking_number=booking["number"])
    else:
        yield from tell("All right, your booking stays as it is.")
