"""What the support agent of the clinic can do at its desk; the policy is enforced here."""

from datetime import date, datetime, timedelta

from livekit.agents import ToolError, function_tool

from shared.values import Row, Value
from support_agent.desk import Desk
from support_agent.identity import (
    IdentifiedCaller,
    SaidName,
    find_named,
    not_found,
    one_digit_apart,
    result,
)

NOTICE = timedelta(hours=24)
"""Until so long before an appointment it can be moved or cancelled."""
_OFFERED = 3
"""How many free times are offered at once."""
_DAY = timedelta(days=1)


class ClinicTools:
    """The tools over one call's desk; they remember which patients the caller is identified as."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._caller = IdentifiedCaller(
            desk, "patients", "The caller is not identified as this patient."
        )

    @function_tool
    async def find_patient(
        self, date_of_birth: str, name: str, first_name: str = "", last_name: str = ""
    ) -> str:
        """Identify the caller by date of birth and name.

        Args:
            date_of_birth: As in 1990-05-04.
            name: The caller's full name, as heard.
            first_name: Its letters, once the caller was asked to spell it.
            last_name: Its letters, once the caller was asked to spell it.
        """
        try:
            born = date.fromisoformat(date_of_birth)
        except ValueError:
            raise ToolError("The date of birth must be written as in 1990-05-04.") from None
        near = [row for day in (born - _DAY, born + _DAY) for row in self._born_on(day)]
        said = SaidName(name, first_name, last_name)
        return self._identified(said, self._born_on(born), near, again="date_of_birth")

    @function_tool
    async def find_patient_by_number(
        self, patient_number: str, name: str, first_name: str = "", last_name: str = ""
    ) -> str:
        """Identify the caller by patient number and name, where the date of birth did not help.

        Args:
            patient_number: Six digits.
            name: The caller's full name, as heard.
            first_name: Its letters, once the caller was asked to spell it.
            last_name: Its letters, once the caller was asked to spell it.
        """
        of_the_number = self._desk.find("patients", number=patient_number)
        near = [
            row
            for row in self._desk.find("patients")
            if one_digit_apart(str(row["number"]), patient_number)
        ]
        said = SaidName(name, first_name, last_name)
        return self._identified(said, of_the_number, near, again="patient_number")

    @function_tool
    async def find_appointments(self, patient_number: str) -> str:
        """Look up the coming appointments of the identified caller.

        Args:
            patient_number: The patient number.
        """
        self._caller.require(patient_number)
        return result(appointments=self._coming(patient_number=patient_number))

    @function_tool
    async def find_free_times(self, service: str) -> str:
        """Look up the next free times for a new appointment.

        Args:
            service: Its name, from find_services.
        """
        return result(times=self._free_times(service))

    @function_tool
    async def find_other_times(self, appointment_id: str) -> str:
        """Look up the next free times to which an appointment of the caller can be moved.

        Args:
            appointment_id: The id of the appointment, from find_appointments.
        """
        appointment = self._require_changeable(appointment_id)
        return result(times=self._free_times(appointment["service"]))

    @function_tool
    async def book_appointment(self, patient_number: str, time_id: str) -> str:
        """Book a free time for the identified caller, after the caller has agreed.

        Args:
            patient_number: The patient number.
            time_id: The id of the time, from find_free_times.
        """
        self._caller.require(patient_number)
        self._require_free(time_id)
        self._desk.update("appointments", time_id, patient_number=patient_number)
        return result(booked=True)

    @function_tool
    async def move_appointment(self, appointment_id: str, time_id: str) -> str:
        """Move an appointment of the caller to a free time, after the caller has agreed.

        Args:
            appointment_id: The id of the appointment, from find_appointments.
            time_id: The id of the new time, from find_other_times.
        """
        appointment = self._require_changeable(appointment_id)
        if self._require_free(time_id)["service"] != appointment["service"]:
            raise ToolError("This time is for something else.")
        patient_number = appointment["patient_number"]
        self._desk.update("appointments", time_id, patient_number=patient_number)
        self._desk.update("appointments", appointment_id, patient_number=None)
        return result(moved=True)

    @function_tool
    async def cancel_appointment(self, appointment_id: str) -> str:
        """Cancel an appointment of the caller, after the caller has agreed.

        Args:
            appointment_id: The id of the appointment, from find_appointments.
        """
        self._require_changeable(appointment_id)
        self._desk.update("appointments", appointment_id, patient_number=None)
        return result(cancelled=True)

    @function_tool
    async def find_prescriptions(self, patient_number: str) -> str:
        """Look up what the identified caller has prescriptions for.

        Args:
            patient_number: The patient number.
        """
        self._caller.require(patient_number)
        rows = self._desk.find("prescriptions", patient_number=patient_number)
        return result(prescriptions=rows)

    @function_tool
    async def repeat_prescription(self, prescription_id: str) -> str:
        """Order a medicine of the caller's again, after the caller has agreed.

        Args:
            prescription_id: The id of the prescription, from find_prescriptions.
        """
        prescription = self._require_own("prescriptions", prescription_id)
        left = int(prescription["repeats_left"] or 0)
        if not left:
            raise ToolError("This prescription has run out, so the doctor has to see you first.")
        self._desk.update("prescriptions", prescription_id, repeats_left=left - 1)
        return result(ordered=True)

    @function_tool
    async def find_results(self, patient_number: str) -> str:
        """Look up which tests of the identified caller have results; only the nurse tells which.

        Args:
            patient_number: The patient number.
        """
        self._caller.require(patient_number)
        rows = self._desk.find("results", patient_number=patient_number)
        return result(
            tests=[{"test": row["test"], "in": row["finding"] is not None} for row in rows]
        )

    @function_tool
    async def find_services(self) -> str:
        """Look up what appointments are for, and how to prepare for each."""
        return result(services=self._desk.find("services"))

    @function_tool
    async def find_opening_hours(self) -> str:
        """Look up when the clinic is open."""
        return result(hours=self._desk.find("hours"))

    def _born_on(self, day: date) -> list[Row]:
        return self._desk.find("patients", date_of_birth=day.isoformat())

    def _identified(
        self, said: SaidName, fitting: list[Row], near: list[Row], *, again: str
    ) -> str:
        """The one of `fitting` that has the name.

        What was misheard must not lead to somebody who sounds alike: so it is nobody if it could
        also be one of those `near`.
        """
        patient, unsure = find_named(said, [*fitting, *near])
        if patient and patient in fitting:
            number = patient["number"]
            return self._caller.found(number, customer=patient["name"], patient_number=number)
        if unsure and "name" not in unsure:
            return not_found(*unsure)
        return not_found(again, "name")

    def _require_own(self, table: str, key: str) -> Row:
        row = self._desk.get(table, key) or {"patient_number": None}
        self._caller.require(row["patient_number"])
        return row

    def _require_changeable(self, appointment_id: str) -> Row:
        appointment = self._require_own("appointments", appointment_id)
        if _start(appointment) - self._now() < NOTICE:
            raise ToolError("It is in less than twenty four hours, so it is too late to change it.")
        return appointment

    def _require_free(self, time_id: str) -> Row:
        free = [row for row in self._coming(patient_number=None) if row["id"] == time_id]
        if not free:
            raise ToolError("This time is not free.")
        return free[0]

    def _free_times(self, service: Value) -> list[Row]:
        return self._coming(service=service, patient_number=None)[:_OFFERED]

    def _coming(self, **where: Value) -> list[Row]:
        """The appointments with these values that are still to come, the next one first."""
        rows = self._desk.find("appointments", **where)
        return sorted((row for row in rows if _start(row) > self._now()), key=_start)

    def _now(self) -> datetime:
        return datetime.fromisoformat(str(self._desk.find("clinic")[0]["now"]))


def _start(appointment: Row) -> datetime:
    return datetime.fromisoformat(f"{appointment['starts_on']} {appointment['starts_at']}")
