"""What the agent can do at the desk; what the policy forbids is refused here, whoever asks.

A language model reads the names, docstrings and types of tools; procedures call them by name.
"""

from support_agent import Desk, IdentifiedCaller, function_tool, is_named, not_found


class Tools:
    """The tools over the desk of one call."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        # Remembers whose bookings the caller may hear of. A tool that tells or changes something
        # begins with `booking = self._caller.require(booking_number)`, which refuses all others.
        self._caller = IdentifiedCaller(
            desk, "bookings", refusal="The caller is not identified for this booking."
        )

    @function_tool
    async def find_booking(self, booking_number: str, name: str) -> str:
        """Look up a booking and identify the caller by it.

        Args:
            booking_number: The booking number, digits only.
            name: The caller's full name, as heard.
        """
        booking = self._desk.get("bookings", booking_number)
        if booking is None:
            return not_found("booking_number")  # the slots to ask for again
        # Names come misspelt from the recognizer; `is_named` takes what sounds the same.
        if not is_named(name, str(booking["name"])):
            return not_found("booking_number", "name")
        return self._caller.found(booking_number, customer=booking["name"], booking=booking)
