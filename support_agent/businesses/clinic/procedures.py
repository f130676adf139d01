"""How the clinic's support agent works off what callers call about."""

from collections.abc import Iterable
from typing import Any

from shared.language.to_say import date_aloud, time_aloud
from shared.side.dialogue import Dialogue, call, tell
from support_agent.talk import Talk

_VISIT = "check up"
"""The service for patients whom the doctor has to see."""


def move_appointment(talk: Talk) -> Dialogue[None]:
    """Move an appointment to a free time that suits the caller, if it is not too late."""
    appointment = yield from _which(talk, "Shall I move your {} on {}?")
    if appointment is None:
        return
    others = yield from call("find_other_times", appointment_id=appointment["id"])
    if others.failed:
        yield from tell(f"I am sorry. {others.data['text']}")
        return
    time = yield from _offer(talk, others.data["times"], "Shall I move it to {}?")
    if time is None:
        return
    done = f"I have moved your {time['service']} to {_when(time)}."
    changed = {"appointment_id": appointment["id"], "time_id": time["id"]}
    yield from talk.do("move_appointment", done, **changed)


def cancel_appointment(talk: Talk) -> Dialogue[None]:
    """Cancel an appointment, if it is not too late."""
    appointment = yield from _which(talk, "Shall I cancel your {} on {}?")
    if appointment is None:
        return
    done = f"I have cancelled your {appointment['service']}."
    yield from talk.do("cancel_appointment", done, appointment_id=appointment["id"])


def book_appointment(talk: Talk) -> Dialogue[None]:
    """Book a free time that suits the caller."""
    service = yield from _service(talk)
    if service is None:
        yield from talk.offer_callback("an appointment")
    else:
        yield from _book(talk, service["name"])


def tell_appointments(talk: Talk) -> Dialogue[None]:
    """Say when the caller's appointments are."""
    for appointment in (yield from _appointments(talk)):
        yield from tell(f"Your {appointment['service']} is on {_when(appointment)}.")


def repeat_prescription(talk: Talk) -> Dialogue[None]:
    """Order a medicine again; if its prescription has run out, offer that the doctor sees them."""
    found = yield from call("find_prescriptions", patient_number=talk.known("patient_number"))
    medicines = {row["id"]: row["medicine"] for row in found.data["prescriptions"]}
    if not medicines:
        yield from tell(
            "I do not see any prescription for you.", "The doctor has to see you first."
        )
        yield from _offer_visit(talk)
        return
    chosen: str | None = next(iter(medicines))
    if len(medicines) > 1:
        question = f"Which medicine do you need, {_listed(medicines.values())}?"
        options = {key: (name, name.split()[0]) for key, name in medicines.items()}
        chosen = yield from talk.choose(question, options)
    if chosen is None:
        yield from talk.offer_callback("a prescription")
        return
    medicine = medicines[chosen]
    if not (yield from talk.confirm(f"Shall I order your {medicine} again?")):
        yield from tell("All right, I will not order anything.")
        return
    done = (f"I have ordered your {medicine}.", "It will be ready tomorrow.")
    if not (yield from talk.do("repeat_prescription", *done, prescription_id=chosen)):
        yield from _offer_visit(talk)


def tell_results(talk: Talk) -> Dialogue[None]:
    """Offer to put the caller through to the nurse, who alone tells results, if there are any."""
    found = yield from call("find_results", patient_number=talk.known("patient_number"))
    tests = found.data["tests"]
    ready = [row["test"] for row in tests if row["in"]]
    if ready:
        yield from tell(
            f"The results of your {ready[-1]} are in.", "Only the nurse can tell you what they are."
        )
        if (yield from talk.confirm("Shall I put you through to the nurse?")):
            yield from talk.put_through("test results")
        yield from tell("All right, then I will not.")
    elif tests:
        yield from tell(f"The results of your {tests[-1]['test']} are not in yet.")
    else:
        yield from tell("I do not see any test for you.")
        yield from talk.offer_callback("test results")


def tell_hours(_talk: Talk) -> Dialogue[None]:
    """Say when the clinic is open."""
    found = yield from call("find_opening_hours")
    for row in found.data["hours"]:
        opens, closes = time_aloud(row["opens_at"]), time_aloud(row["closes_at"])
        yield from tell(f"We are open {row['days']}, from {opens} to {closes}.")


def tell_preparation(talk: Talk) -> Dialogue[None]:
    """Say how to prepare for an appointment."""
    service = yield from _service(talk)
    if service is None:
        yield from talk.offer_callback("how to prepare")
    else:
        yield from tell(service["preparation"])


def wants_person(talk: Talk) -> Dialogue[None]:
    """Put the caller through."""
    yield from talk.put_through("wants to speak to a person")


def _appointments(talk: Talk) -> Dialogue[list[dict[str, Any]]]:
    """The caller's appointments; if there are none, this is said."""
    found = yield from call("find_appointments", patient_number=talk.known("patient_number"))
    appointments: list[dict[str, Any]] = found.data["appointments"]
    if not appointments:
        yield from tell("I do not see any appointment for you.")
    return appointments


def _which(talk: Talk, question: str) -> Dialogue[dict[str, Any] | None]:
    """The appointment for which the caller says yes to `question`, with its service and time."""
    appointments = yield from _appointments(talk)
    for appointment in appointments:
        if (yield from talk.confirm(question.format(appointment["service"], _when(appointment)))):
            return appointment
    if appointments:
        yield from tell("All right, nothing changes.")
    return None


def _service(talk: Talk) -> Dialogue[dict[str, Any] | None]:
    """What the appointment is for that the caller speaks of."""
    found = yield from call("find_services")
    services = {row["name"]: row for row in found.data["services"]}
    question = f"Is the reason for your visit {_listed(f'a {name}' for name in services)}?"
    options = {name: (name, *row["called"].split("|")) for name, row in services.items()}
    chosen = yield from talk.choose(question, options)
    return services[chosen] if chosen else None


def _offer_visit(talk: Talk) -> Dialogue[None]:
    if (yield from talk.confirm(f"Shall I book a {_VISIT} for you?")):
        yield from _book(talk, _VISIT)
    else:
        yield from tell("All right, I will not book anything.")


def _book(talk: Talk, service: str) -> Dialogue[None]:
    free = yield from call("find_free_times", service=service)
    time = yield from _offer(talk, free.data["times"], "Shall I book {} for you?")
    if time is None:
        return
    done = f"I have booked your {service} on {_when(time)}."
    chosen = {"patient_number": talk.known("patient_number"), "time_id": time["id"]}
    yield from talk.do("book_appointment", done, **chosen)


def _offer(
    talk: Talk, times: list[dict[str, Any]], question: str
) -> Dialogue[dict[str, Any] | None]:
    """The first of `times` for which the caller says yes to `question`."""
    for time in times:
        if (yield from talk.confirm(question.format(_when(time)))):
            return time
    yield from tell("I am sorry, I have no other time.")
    yield from talk.offer_callback("an appointment")
    return None


def _when(appointment: dict[str, Any]) -> str:
    return f"{date_aloud(appointment['starts_on'])} at {time_aloud(appointment['starts_at'])}"


def _listed(names: Iterable[str]) -> str:
    """As a choice: "a, b, or c"."""
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
