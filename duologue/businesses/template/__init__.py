"""My Business: what it is called, whom it knows, and what its callers call about.

This module ties the folder together. To begin, change a file at a time, and after each change see
whether all still fits:

    duologue business check <this folder>

    schema.sql       the tables of the desk
    bookings.csv     rows that are always on it, a file for each table
    tools.py         what the agent can look up and change there
    policy.md        what it may do, in words for a language model
    procedures.py    how it works off what callers call about, without a language model
    scenarios.yaml   who calls about what, and what must have come of it
    test_business.py all of the above, as a test

The folder may be called anything and lie anywhere, so its modules import each other by a dot.
"""

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

from .procedures import tell_booking
from .tools import Tools

# A slot is a fact that callers are asked for. NAME and DATE_OF_BIRTH are there already.
BOOKING_NUMBER = Slot(
    name="booking_number",  # the tool's argument, and the key of the fact in scenarios
    kind=SlotKind.CODE,
    noun="your booking number",  # "Could you tell me your booking number, please?"
    under="booking number {}",  # "I am sorry, I could not find booking number one two three."
    words=("booking", "booking number", "number"),  # what callers call it
    lengths=(5,),  # how many digits it may have
)

BUSINESS = Business(
    name="My Business",  # as the agent says it: "Thank you for calling My Business."
    schema=read_text(__package__, "schema.sql"),
    stock=read_stock(__package__, ["bookings"]),
    policy=read_text(__package__, "policy.md"),
    tools=Tools,
    # How the agent finds out who calls: it asks for these slots and gives them to this tool.
    identifications=(Identification((BOOKING_NUMBER, NAME), tool="find_booking"),),
    # What callers call about. Signs are regular expressions over what was heard, in small letters,
    # without punctuation, with a space before the first word and after the last.
    problems=(
        Problem(
            name="booking",
            label="a booking",
            signs=(r" when(?: \w+){0,6} (?:begins?|starts?|arrive) ", r" (?:date|day) of my "),
            solve=tell_booking,
        ),
    ),
)
