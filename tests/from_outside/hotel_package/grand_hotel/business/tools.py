"""What the hotel's agent can do at its desk; the policy is enforced here."""

from support_agent import (
    Desk,
    IdentifiedCaller,
    Row,
    ToolError,
    function_tool,
    is_named,
    not_found,
    result,
)


class HotelTools:
    """The tools over one call's desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._caller = IdentifiedCaller(
            desk, "bookings", "The caller is not identified for this booking."
        )

    @function_tool
    async def find_hours(self, name: str) -> str:
        """Look up when something is open; anybody may ask.

        Args:
            name: What, such as breakfast.
        """
        return result(hours=self._desk.get("hours", name))

    @function_tool
    async def find_booking(self, booking_number: str, name: str) -> str:
        """Look up a booking and identify the caller by it.

        Args:
            booking_number: The booking number, five digits.
            name: The caller's full name, as heard.
        """
        booking = self._desk.get("bookings", booking_number)
        if booking is None:
            return not_found("booking_number")
        if not is_named(name, str(booking["name"])):
            return not_found("booking_number", "name")
        return self._caller.found(booking_number, customer=booking["name"], booking=booking)

    @function_tool
    async def keep_room(self, booking_number: str) -> str:
        """Keep the caller's room until midnight, after the caller has agreed.

        Args:
            booking_number: The booking number.
        """
        self._require_booked(booking_number)
        self._desk.update("bookings", booking_number, kept_until="24:00")
        return result(kept=True)

    @function_tool
    async def cancel_booking(self, booking_number: str) -> str:
        """Cancel a booking, after the caller has agreed.

        Args:
            booking_number: The booking number.
        """
        self._require_booked(booking_number)
        self._desk.update("bookings", booking_number, status="cancelled")
        return result(cancelled=True)

    def _require_booked(self, booking_number: str) -> Row:
        booking = self._caller.require(booking_number)
        if booking["status"] == "cancelled":
            raise ToolError("This booking was cancelled already.")
        return booking
