"""Calls to the clinic in text, and what makes them fail."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from livekit.agents import llm

from duologue.businesses.text_call import Channel, Side, TextCall, hold_call
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import BUNDLED, load_scenario
from shared.language.as_heard import phrase
from shared.side.dialogue import Dialogue
from shared.spec import Role
from shared.values import Row, Value
from support_agent.businesses.clinic import BUSINESS, tools
from support_agent.businesses.clinic.tools import ClinicTools
from support_agent.rules import dialogue
from support_agent.talk import Talk

FILE = BUNDLED / "clinic.yaml"
LABELS = re.findall(r"- label: (\S+)", FILE.read_text(encoding="utf-8"))
TAKEN = "109401"
"""The number of a patient in the stock."""


def scenario(label: str) -> Scenario:
    return load_scenario(f"{FILE}#{label}")


def failures(call: TextCall) -> str:
    """What speaks against the call, a line each."""
    goals = [] if call.goals_met else ["a goal was not met"]
    return "\n".join([*map(str, call.verdict.findings), *goals])


def changed(label: str, table: str, key: str, **values: Value) -> Scenario:
    """The scenario with another value in a row of its desk."""
    original = scenario(label)
    column = next(iter(original.userdata.desk[table][0]))
    rows = tuple(
        {**row, **values} if row[column] == key else row for row in original.userdata.desk[table]
    )
    assert rows != original.userdata.desk[table]
    desk = {**original.userdata.desk, table: rows}
    return original.model_copy(
        update={"userdata": original.userdata.model_copy(update={"desk": desk})}
    )


def garbled(said: str, heard: str) -> Channel:
    def channel(text: str) -> str:
        return text.replace(said, heard)

    return channel


@pytest.mark.parametrize("label", LABELS)
async def test_each_call_ends_as_its_scenario_expects(label: str) -> None:
    call = await hold_call(scenario(label))
    assert failures(call) == "", call
    assert call.hung_up
    for role in Role:
        assert phrase(call.said(role)).count(" good bye ") == 1, call
    assert all(not re.search(r"\d|\$", text) for _, text in call.turns), call


@pytest.mark.parametrize(
    ("label", "table", "key", "values", "says"),
    [
        ("appointment-moved", "clinic", "today", {"now": "2026-09-16 11:00"}, "too late"),
        ("appointment-moved", "appointments", "M-3", {"patient_number": TAKEN}, "to Friday"),
        ("appointment-cancelled", "clinic", "today", {"now": "2026-09-21 15:30"}, "too late"),
        (
            "appointment-cancelled-too-late",
            "appointments",
            "L-1",
            {"starts_on": "2026-09-21"},
            "I have cancelled",
        ),
        ("appointment-booked", "appointments", "B-3", {"patient_number": TAKEN}, "on Thursday"),
        ("prescription-and-opening-hours", "prescriptions", "R-1", {"repeats_left": 0}, "run out"),
        ("prescription-needs-visit", "prescriptions", "V-1", {"repeats_left": 1}, "I have ordered"),
        (
            "appointment-of-a-neighbour",
            "patients",
            "371829",
            {"date_of_birth": "1968-03-13"},
            "Your blood test is on",
        ),
        ("test-results-from-the-nurse", "results", "T-1", {"finding": None}, "not in yet"),
    ],
)
async def test_the_facts_on_the_desk_decide_what_is_done(
    label: str, table: str, key: str, values: dict[str, Value], says: str
) -> None:
    call = await hold_call(changed(label, table, key, **values))
    assert says in call.said(Role.SUPPORT), call
    assert not call.verdict.task_success, call
    assert call.verdict.valid, call


def no_notice(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tools, "NOTICE", timedelta(0))


def passed_times_are_free(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ClinicTools, "_now", lambda _: datetime(2026, 9, 14))  # noqa: DTZ001 - as the clinic's


def taken_times_are_free(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ClinicTools, "_free_times", lambda own, service: own._coming(service=service))


def a_name_will_do(patch: pytest.MonkeyPatch) -> None:
    def of_the_name(own: ClinicTools, day: date) -> list[Row]:
        return own._desk.find("patients", name="Rosa Delgado") if day.day == 13 else []

    patch.setattr(ClinicTools, "_born_on", of_the_name)


def repeats_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    own_row = ClinicTools._require_own

    def with_repeats(own: ClinicTools, table: str, key: str) -> Row:
        return own_row(own, table, key) | {"repeats_left": 1}

    patch.setattr(ClinicTools, "_require_own", with_repeats)


def nobody_is_asked(patch: pytest.MonkeyPatch) -> None:
    def agreed(_talk: Talk, _question: str) -> Dialogue[bool]:
        yield from ()
        return True

    patch.setattr(Talk, "confirm", agreed)


def nothing_is_handed_on(patch: pytest.MonkeyPatch) -> None:
    def dropped(_talk: Talk, _about: str) -> Dialogue[None]:
        yield from ()

    patch.setattr(Talk, "put_through", dropped)
    patch.setattr(Talk, "offer_callback", dropped)


@pytest.mark.parametrize(
    ("label", "without", "failure"),
    [
        ("appointment-moved", nobody_is_asked, "changed unexpectedly: id='M-2'"),
        ("appointment-moved", taken_times_are_free, "no such row changed"),
        ("appointment-cancelled-too-late", no_notice, "changed unexpectedly: id='L-1'"),
        ("appointment-booked", passed_times_are_free, "changed unexpectedly: id='B-1'"),
        ("prescription-needs-visit", repeats_are_not_counted, "forbidden_said: 'have ordered'"),
        (
            "appointment-of-a-neighbour",
            a_name_will_do,
            "forbidden_said: 'blood test is on'",
        ),
        ("appointment-of-a-neighbour", nothing_is_handed_on, "callbacks: expected"),
        ("test-results-from-the-nurse", nothing_is_handed_on, "transfers: expected"),
    ],
)
async def test_without_a_rule_of_the_policy_a_call_fails(
    label: str,
    without: Callable[[pytest.MonkeyPatch], None],
    failure: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without(monkeypatch)
    call = await hold_call(scenario(label))
    assert failure in failures(call), call


BORN = "the fourth of May nineteen ninety"


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (BORN, "May 4th, 1990"),
        (BORN, "the 4th of May 1990"),
        (BORN, "5/4/1990"),
        (BORN, "4/5/1990"),
        ("My name is Amara Okafor.", "Amara O'Kafour."),
        ("My name is Amara Okafor.", "My name is a Mara O'Connor for"),
        ("No, thank you.", "No thank you"),
        ("Yes, please. That would be fine.", "Yes please, that'd be fine"),
        ("move my appointment", "move my appointments"),
        # The day is never understood, so that the patient number must do.
        (BORN, "the fifth of May 1990"),
        (BORN, "the force of May, 1990"),
    ],
)
async def test_what_a_recogniser_makes_of_it_is_still_understood(said: str, heard: str) -> None:
    call = await hold_call(scenario("appointment-moved"), to_support=garbled(said, heard))
    assert failures(call) == "", call


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (
            "Monday the twenty first of September at nine in the morning",
            "Monday, September 21st at 9 in the morning",
        ),
        (
            "Wednesday the twenty third of September at two thirty in the afternoon",
            "Wednesday, September 23rd at 2:30 in the afternoon",
        ),
    ],
)
async def test_an_offer_is_taken_for_what_it_is_however_it_is_written(
    said: str, heard: str
) -> None:
    call = await hold_call(scenario("appointment-moved"), to_customer=garbled(said, heard))
    assert failures(call) == "", call


async def test_who_refuses_all_times_is_offered_to_be_called_back() -> None:
    every_time = scenario("appointment-moved").model_copy(
        update={"refuses": ("Shall I move it to",)}
    )
    call = await hold_call(every_time)
    assert "no other time" in call.said(Role.SUPPORT)
    assert set(call.desk.changes()) == {"callbacks"}, call


async def test_who_refuses_the_nurse_is_not_put_through() -> None:
    default = scenario("test-results-from-the-nurse")
    call = await hold_call(default.model_copy(update={"refuses": ("the nurse",)}))
    assert call.desk.find("transfers") == []
    assert "put you through to the nurse" in call.said(Role.SUPPORT)
    assert "I will put you through" not in call.said(Role.SUPPORT)


async def test_a_visit_that_is_refused_is_not_booked() -> None:
    refused = scenario("prescription-needs-visit").model_copy(update={"refuses": ("check up",)})
    call = await hold_call(refused)
    assert "will not book anything" in call.said(Role.SUPPORT)
    assert call.desk.changes() == {}, call


async def test_what_concerns_no_patient_is_told_to_anybody_at_once() -> None:
    side = Side(
        lambda: dialogue(BUSINESS, opens=True),
        llm.ToolContext(BUSINESS.tools_at(BUSINESS.open_desk({}))).function_tools,
    )
    await side.turn()
    side.chat.add_message(role="user", content="Are you open on Saturday?")
    assert "We are open Saturday, from nine in the morning" in (await side.turn()).text
    side.chat.add_message(role="user", content="May I eat before my blood test?")
    assert "do not eat anything for eight hours" in (await side.turn()).text
    side.chat.add_message(role="user", content="Could I speak to somebody, please?")
    assert "put you through" in (await side.turn()).text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("I'd like to book a check-up.", "book_appointment"),
        ("Can I get an appointment this week?", "book_appointment"),
        ("Do you have any free appointments?", "book_appointment"),
        ("I need to see the doctor.", "book_appointment"),
        ("I want to come in for a flu shot.", "book_appointment"),
        ("I need to reschedule my appointment.", "move_appointment"),
        ("I have an appointment tomorrow and I'd like to move it.", "move_appointment"),
        ("Could you change the time of my visit?", "move_appointment"),
        ("I need another day for my blood test.", "move_appointment"),
        ("I want to council my appointment.", "cancel_appointment"),
        ("I have a flu shot on Friday. Please cancel it.", "cancel_appointment"),
        ("When is my next appointment?", "tell_appointments"),
        ("I forgot what day my check up is.", "tell_appointments"),
        ("I need a repeat subscription.", "repeat_prescription"),
        ("I'm running out of my blood pressure pills.", "repeat_prescription"),
        ("I'm calling for the results of my blood test.", "test_results"),
        ("Is my blood work back yet?", "test_results"),
        ("Could I push my blood test back a few days?", "move_appointment"),
        ("Can you put the blood test back a week?", "move_appointment"),
        ("What are your opening ours?", "opening_hours"),
        ("How late are you open today?", "opening_hours"),
        ("How do I prepare for a blood test?", "preparation"),
        ("May I eat something before the blood test?", "preparation"),
        ("I'd like to talk to a real person.", "wants_person"),
        ("Can you put me through to the nurse?", "wants_person"),
    ],
)
def test_a_problem_is_known_by_its_words_and_taken_for_no_other(text: str, problem: str) -> None:
    assert [one.name for one in BUSINESS.talk()._problems_in(text)] == [problem]


@pytest.mark.parametrize("text", ["No, that is all.", "Yes, please.", "I will try another time."])
def test_what_callers_say_besides_is_no_problem(text: str) -> None:
    assert list(BUSINESS.talk()._problems_in(text)) == []
