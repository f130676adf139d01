"""What the clinic's tools do, and what they refuse."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from livekit.agents import ToolError, llm

from shared.language.likeness import SAME, likeness
from shared.values import Row
from support_agent.businesses.clinic import BUSINESS
from support_agent.businesses.clinic.stock import neighbours
from support_agent.desk import Desk
from support_agent.identity import one_digit_apart


class Counter:
    """The tools, used by name as a language model does."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._tools = llm.ToolContext(BUSINESS.tools_at(desk)).function_tools

    async def use(self, tool: str, *arguments: str) -> dict[str, Any]:
        result: dict[str, Any] = json.loads(await self._tools[tool](*arguments))
        return result


ME = "482913"


def appointment(key: str, day: str, time: str, patient: str | None = None) -> Row:
    return {
        "id": key,
        "service": "check up",
        "starts_on": day,
        "starts_at": time,
        "patient_number": patient,
    }


def open_clinic() -> Counter:
    return Counter(
        BUSINESS.open_desk(
            {
                "clinic": [{"id": "today", "now": "2026-09-14 09:00"}],
                "patients": [
                    {"number": ME, "name": "Amara Okafor", "date_of_birth": "1990-05-04"},
                    {"number": "600001", "name": "Jon Stevens", "date_of_birth": "1990-05-04"},
                    {"number": "600012", "name": "John Stevens", "date_of_birth": "1990-05-05"},
                    {"number": "700001", "name": "Mia Brown", "date_of_birth": "1980-01-01"},
                    {"number": "700002", "name": "Mya Brown", "date_of_birth": "1970-01-01"},
                ],
                "appointments": [
                    appointment("gone", "2026-09-13", "09:00"),
                    appointment("soon", "2026-09-15", "08:59", ME),
                    appointment("later", "2026-09-15", "09:00", ME),
                    appointment("free", "2026-09-16", "09:00"),
                    appointment("taken", "2026-09-16", "10:00", "600001"),
                    {**appointment("blood", "2026-09-16", "11:00"), "service": "blood test"},
                ],
                "prescriptions": [
                    {"id": "left", "patient_number": ME, "medicine": "eye drops", "repeats_left": 1}
                ],
                "results": [
                    {"id": "in", "patient_number": ME, "test": "heart test", "finding": "weak"},
                    {"id": "out", "patient_number": ME, "test": "blood test"},
                ],
            }
        )
    )


async def identified() -> Counter:
    clinic = open_clinic()
    assert (await clinic.use("find_patient", "1990-05-04", "Amara Okafor"))["found"]
    return clinic


@pytest.mark.parametrize(
    ("tool", "first", "name"),
    [
        ("find_patient", "1990-05-05", "Amara Okafor"),
        ("find_patient", "1990-05-03", "Amara Okafor"),
        ("find_patient", "1990-05-04", "Laura Chen"),
        ("find_patient", "1990-05-04", "Peter Okafor"),
        # It could be somebody else who sounds alike and was born a day later.
        ("find_patient", "1990-05-04", "Jon Stevens"),
        ("find_patient", "1990-05-05", "Jon Stevens"),
        ("find_patient_by_number", "482914", "Amara Okafor"),
        ("find_patient_by_number", ME, "Laura Chen"),
        ("find_patient_by_number", "600001", "Olga Murphy"),
        # The same with a number one digit off.
        ("find_patient_by_number", "700002", "Mia Brown"),
        ("find_patient_by_number", "1", "Amara Okafor"),
    ],
)
async def test_nobody_is_taken_for_somebody_else(tool: str, first: str, name: str) -> None:
    found = await open_clinic().use(tool, first, name)
    assert found["found"] is False
    assert found.keys() == {"found", "again"}


async def test_a_patient_is_found_by_a_name_as_heard_and_either_fact() -> None:
    clinic = open_clinic()
    for tool, first, name in (
        ("find_patient", "1990-05-04", "a mara O'Kaffer"),
        ("find_patient_by_number", ME, "Tamara Okafor"),
        ("find_patient_by_number", "600001", "Jon Stevens"),
        ("find_patient_by_number", "600012", "John Stevens"),
    ):
        assert (await clinic.use(tool, first, name))["found"], name
    with pytest.raises(ToolError, match="written as"):
        await clinic.use("find_patient", "May 4th", "Amara Okafor")


async def test_nothing_is_told_or_done_for_a_caller_who_is_not_identified() -> None:
    clinic = open_clinic()
    await clinic.use("find_patient_by_number", "600001", "Jon Stevens")
    for attempt in (
        clinic.use("find_appointments", ME),
        clinic.use("find_prescriptions", ME),
        clinic.use("find_results", ME),
        clinic.use("find_other_times", "later"),
        clinic.use("book_appointment", ME, "free"),
        clinic.use("move_appointment", "later", "free"),
        clinic.use("cancel_appointment", "later"),
        clinic.use("cancel_appointment", "free"),
        clinic.use("repeat_prescription", "left"),
        clinic.use("repeat_prescription", "nothing"),
    ):
        with pytest.raises(ToolError, match="not identified"):
            await attempt
    assert clinic.desk.changes() == {}


async def test_an_appointment_stays_as_it_is_from_a_day_before_it_on() -> None:
    clinic = await identified()
    for attempt in (
        clinic.use("cancel_appointment", "soon"),
        clinic.use("move_appointment", "soon", "free"),
        clinic.use("find_other_times", "soon"),
    ):
        with pytest.raises(ToolError, match="too late"):
            await attempt
    assert clinic.desk.changes() == {}
    await clinic.use("cancel_appointment", "later")
    assert clinic.desk.changes() == {"appointments": [appointment("later", "2026-09-15", "09:00")]}
    coming = await clinic.use("find_appointments", ME)
    assert [row["id"] for row in coming["appointments"]] == ["soon"]


async def test_only_a_free_time_to_come_is_booked_and_only_one_of_the_kind_moved_to() -> None:
    clinic = await identified()
    for time in ("gone", "taken", "soon", "nothing"):
        with pytest.raises(ToolError, match="not free"):
            await clinic.use("book_appointment", ME, time)
        with pytest.raises(ToolError, match="not free"):
            await clinic.use("move_appointment", "later", time)
    with pytest.raises(ToolError, match="something else"):
        await clinic.use("move_appointment", "later", "blood")
    assert clinic.desk.changes() == {}
    assert (await clinic.use("find_free_times", "check up"))["times"][0]["id"] == "free"
    await clinic.use("move_appointment", "later", "free")
    moved = {row["id"]: row["patient_number"] for row in clinic.desk.changes()["appointments"]}
    assert moved == {"later": None, "free": ME}
    await clinic.use("book_appointment", ME, "later")
    with pytest.raises(ToolError, match="not free"):
        await clinic.use("book_appointment", ME, "free")


async def test_a_prescription_is_repeated_until_it_has_run_out() -> None:
    clinic = await identified()
    await clinic.use("repeat_prescription", "left")
    assert clinic.desk.changes()["prescriptions"][0]["repeats_left"] == 0
    with pytest.raises(ToolError, match="run out"):
        await clinic.use("repeat_prescription", "left")


async def test_which_results_are_in_is_told_but_never_what_they_are() -> None:
    clinic = await identified()
    assert await clinic.use("find_results", ME) == {
        "tests": [{"test": "heart test", "in": True}, {"test": "blood test", "in": False}]
    }


def test_each_patient_of_a_call_has_others_who_are_easily_mistaken() -> None:
    me: Row = {"number": ME, "name": "Amara Okafor", "date_of_birth": "1990-05-31"}
    mine = appointment("mine", "2026-09-16", "09:00", ME)
    near = neighbours({"patients": [me], "appointments": [mine, {**mine, "patient_number": None}]})
    stranger, alike = near["patients"]
    assert one_digit_apart(str(stranger["number"]), ME)
    assert stranger["date_of_birth"] == "1990-06-01"
    assert likeness(str(stranger["name"]), "Amara Okafor") < SAME
    assert SAME < likeness(str(alike["name"]), "Amara Okafor") < 1
    both = [stranger["number"], alike["number"]]
    assert [row["patient_number"] for row in near["appointments"]] == both


async def test_a_day_misheard_never_leads_from_one_patient_of_the_stock_to_another() -> None:
    clinic = Counter(BUSINESS.open_desk({}))
    for patient in clinic.desk.find("patients"):
        born = date.fromisoformat(str(patient["date_of_birth"]))
        for day in (born - timedelta(days=1), born + timedelta(days=1)):
            found = await clinic.use("find_patient", day.isoformat(), str(patient["name"]))
            assert not found["found"], patient
