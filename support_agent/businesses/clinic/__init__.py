"""Green Hill Clinic's appointment desk: appointments, prescriptions, test results."""

from support_agent.business import Business, Identification, read_text
from support_agent.businesses.clinic.procedures import (
    book_appointment,
    cancel_appointment,
    move_appointment,
    repeat_prescription,
    tell_appointments,
    tell_hours,
    tell_preparation,
    tell_results,
    wants_person,
)
from support_agent.businesses.clinic.stock import STOCK, neighbours
from support_agent.businesses.clinic.tools import ClinicTools
from support_agent.slots import DATE_OF_BIRTH, NAME, Slot, SlotKind
from support_agent.talk import Problem

PATIENT_NUMBER = Slot(
    name="patient_number",
    kind=SlotKind.CODE,
    noun="your patient number",
    under="patient number {}",
    words=("patient number", "patients number", "number"),
    lengths=(6,),
)

_VISIT = r"(?:appointments?|visit|check ?up|blood test|flu shot|booking)"
_ANY = r"(?: (?:an?|any|another|1|some|in a|new|free|next)){1,2}"

BUSINESS = Business(
    name="Green Hill Clinic",
    schema=read_text(__package__, "schema.sql"),
    stock=STOCK,
    public=frozenset({"clinic", "hours", "services"}),
    neighbours=neighbours,
    needs_consent=frozenset(
        {"move_appointment", "cancel_appointment", "book_appointment", "repeat_prescription"}
    ),
    policy=read_text(__package__, "policy.md"),
    tools=ClinicTools,
    identifications=(
        Identification((DATE_OF_BIRTH, NAME), "find_patient"),
        Identification((PATIENT_NUMBER, NAME), "find_patient_by_number"),
    ),
    problems=(
        Problem(
            "book_appointment",
            "a new appointment",
            (
                rf" (?:book|make|arrange|schedule|set up|get|need|want|like)(?:{_ANY})? {_VISIT} ",
                rf" (?:can|could|may) i (?:have|get)(?:{_ANY})? {_VISIT} ",
                rf" (?:do you have|is there|are there)(?:{_ANY}) {_VISIT} ",
                rf" come in for(?:{_ANY})? {_VISIT} ",
                r" (?:see|seen by) (?:a|the|my) doctor ",
            ),
            book_appointment,
        ),
        Problem(
            "move_appointment",
            "moving an appointment",
            (
                r" (?:re ?schedul\w*|postpon\w*|put off) ",
                rf" (?:mov(?:e|ed|ing)|shift|chang(?:e|ed|ing))(?: \w+){{0,4}} {_VISIT} ",
                rf" {_VISIT}(?: \w+){{0,9}} (?:move|shift|change) (?:it|that|this) ",
                rf" (?:day|date|time) for (?:my|the) {_VISIT} ",
            ),
            move_appointment,
        ),
        Problem(
            "cancel_appointment",
            "cancelling an appointment",
            (
                r" cancel\w* ",
                rf" (?:cancer|council|counsel|call off)(?: \w+){{0,3}} {_VISIT} ",
            ),
            cancel_appointment,
        ),
        Problem(
            "tell_appointments",
            "the time of an appointment",
            (
                rf" (?:when|(?:what|which) (?:time|day)) (?:is|was|are)(?: \w+){{0,4}} {_VISIT} ",
                rf" (?:when|(?:what|which) (?:time|day))(?: \w+){{1,5}} {_VISIT} (?:is|was) ",
            ),
            tell_appointments,
        ),
        Problem(
            "repeat_prescription",
            "a prescription",
            (
                r" (?:pre|per|sub|de)scri\w* ",
                r" (?:refill\w*|medicines?|medications?|tablets?|pills?) ",
                r" (?:run|running|ran) out of ",
            ),
            repeat_prescription,
        ),
        Problem(
            "test_results",
            "test results",
            (
                r" results? ",
                r" (?:blood|allergy|lab) (?:tests?|work)(?: \w+){0,3} (?:back|ready) ",
            ),
            tell_results,
        ),
        Problem(
            "opening_hours",
            "opening hours",
            (
                r" (?:opening|office|business) (?:hours?|ours?|times?) ",
                r" (?:when|how late|how long|what time|are|is)(?: \w+){0,4} (?:open|closed?) ",
            ),
            tell_hours,
            anybody=True,
        ),
        Problem(
            "preparation",
            "how to prepare for one",
            (
                r" (?:prepar\w*|fasting|empty stomach) ",
                rf" (?:eat|drink|bring|wear)(?: \w+){{0,6}} (?:before|to|for) (?:\w+ )?{_VISIT} ",
            ),
            tell_preparation,
            anybody=True,
        ),
        Problem(
            "wants_person",
            "speaking to a person",
            (
                (
                    r" (?:speak|talk)(?:ing)? (?:to|with) (?:\w+ ){0,2}"
                    r"(?:person|human|being|some ?(?:body|one)|nurse|doctor|colleague) "
                ),
                r" (?:real|human) (?:person|being) ",
                r" (?:put|connect) me (?:through|with) ",
            ),
            wants_person,
            anybody=True,
        ),
    ),
)
