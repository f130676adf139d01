"""Whole calls in text with the internet provider, each of which must be able to fail."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from duologue.businesses.text_call import Channel, TextCall, hold_call
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import BUNDLED, load_scenario
from shared.customer_sheet import Persona
from shared.language.as_heard import phrase
from shared.side.dialogue import Dialogue, call
from shared.spec import Role
from shared.values import Row
from support_agent.businesses.internet import BUSINESS, procedures, tools
from support_agent.businesses.internet.tools import InternetTools
from support_agent.talk import Talk

VARIANTS = Path(__file__).parent.parent / "scenarios" / "internet_variants.yaml"
REFERENCES = [
    f"{file}#{label}"
    for file in (BUNDLED / "internet.yaml", VARIANTS)
    for label in re.findall(r"label: (\S+)", file.read_text(encoding="utf-8"))
]


def bundled(label: str) -> Scenario:
    return load_scenario(f"internet#{label}")


def with_row(scenario: Scenario, table: str, **changed: Any) -> Scenario:
    """The scenario with its last row of `table` changed."""
    *others, last = scenario.userdata.desk.get(table, ({},))
    rows: tuple[Row, ...] = (*others, {**last, **changed})
    desk = {**scenario.userdata.desk, table: rows}
    userdata = scenario.userdata.model_copy(update={"desk": desk})
    return scenario.model_copy(update={"userdata": userdata})


def garbled(heard: dict[str, str]) -> Channel:
    def channel(text: str) -> str:
        for said, written in heard.items():
            text = re.sub(said, written, text)
        return text

    return channel


def problems_in(text: str) -> list[str]:
    return [
        problem.name
        for problem in BUSINESS.problems
        if any(re.search(sign, phrase(text)) for sign in problem.signs)
    ]


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.split("#")[1])
async def test_every_scenario_succeeds(reference: str) -> None:
    scenario = load_scenario(reference)
    held = await hold_call(scenario)
    assert held.verdict.task_success, held
    assert held.verdict.valid, held
    assert held.goals_met, held
    assert held.hung_up, held
    assert all(not re.search(r"\d|\$", text) for _, text in held.turns), held


@pytest.mark.parametrize(
    ("label", "table", "changed"),
    [
        ("outage-in-the-area", "outages", {"ends_on": "2026-11-18"}),
        ("outage-in-the-area", "outages", {"postcode": "60619"}),
        ("slow-line-reset", "accounts", {"fault": "cable"}),
        ("slow-line-reset", "accounts", {"fault": "none"}),
        ("slow-line-reset", "accounts", {"date_of_birth": "1984-03-10"}),
        ("visit-moved-to-monday", "slots", {"day": "2026-11-24"}),
        ("visit-moved-to-monday", "slots", {"postcode": "30342"}),
        ("visit-moved-to-monday", "calendar", {"what": "today", "day": "2026-11-18"}),
        ("plan-upgraded", "accounts", {"plan": "premium"}),
        ("plan-upgraded", "accounts", {"status": "cancelled"}),
        ("early-downgrade-refused", "accounts", {"term_ends_on": "2026-11-15"}),
        ("early-downgrade-refused", "calendar", {"what": "today", "day": "2027-03-01"}),
        ("early-downgrade-refused", "accounts", {"plan": "standard", "term_ends_on": "2026-11-16"}),
        ("wrong-bill-then-slow-line", "charges", {"agreed_cents": 4500}),
        ("wrong-bill-then-slow-line", "charges", {"amount_cents": 4600}),
        ("wrong-bill-then-slow-line", "accounts", {"fault": "none"}),
        ("wrong-bill-then-slow-line", "credits", {"charge_id": "KW-2", "amount_cents": 4500}),
        ("not-the-account-holder", "accounts", {"name": "Patrick Doyle"}),
        ("not-the-account-holder", "accounts", {"name": "Patricia Doyle", "number": "905142"}),
    ],
)
async def test_a_scenario_fails_at_another_desk(
    label: str, table: str, changed: dict[str, Any]
) -> None:
    held = await hold_call(with_row(bundled(label), table, **changed))
    assert not held.verdict.task_success, held


def no_rule(*_: object) -> None:
    """Nothing is refused."""


def credits_everything(charge: Row) -> int:
    return int(charge["amount_cents"] or 0)


def all_slots(own: InternetTools, _: Row) -> list[Row]:
    return sorted(own._desk.find("slots", postcode="30341"), key=lambda slot: str(slot["day"]))


def nothing(*_: object) -> tuple[str, ...]:
    return ()


def agrees_for_the_caller(_: Talk, __: str) -> Dialogue[bool]:
    yield from ()
    return True


def calls_back(_: Talk, about: str) -> Dialogue[None]:
    yield from call("request_callback", name="", about=about)


@pytest.mark.parametrize(
    ("label", "owner", "name", "instead"),
    [
        ("early-downgrade-refused", InternetTools, "_require_term_over", no_rule),
        ("not-the-account-holder", tools, "unclear", nothing),
        ("wrong-bill-then-slow-line", tools, "_excess", credits_everything),
        ("wrong-bill-then-slow-line", tools, "_excess", lambda _: 0),
        ("visit-moved-to-monday", InternetTools, "_free_slots", all_slots),
        ("visit-moved-to-monday", Talk, "confirm", agrees_for_the_caller),
        ("person-wanted", Talk, "put_through", calls_back),
        ("outage-in-the-area", procedures, "date_aloud", lambda _: "tomorrow"),
        ("early-downgrade-refused", tools, "full_date_aloud", lambda _: "some day"),
    ],
)
async def test_a_scenario_fails_without_the_rule_it_is_about(
    label: str,
    owner: object,
    name: str,
    instead: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(owner, name, instead)
    held = await hold_call(bundled(label))
    assert not held.verdict.task_success, held


@pytest.mark.parametrize(
    ("label", "heard"),
    [
        ("outage-in-the-area", {"six zero six one eight": "606-18"}),
        ("outage-in-the-area", {"down": "dead", "internet": "Wi-Fi"}),
        ("slow-line-reset", {"ninth of March nineteen eighty four": "March 9th, 1984"}),
        ("slow-line-reset", {"the ninth of March nineteen eighty four": "3/9/1984"}),
        ("slow-line-reset", {"the ninth of March nineteen eighty four": "9/3/1984"}),
        ("slow-line-reset", {"Lukas Schneider": "Lucas Snyder"}),
        ("visit-moved-to-monday", {"four two seven, zero five nine": "427,059"}),
        ("visit-moved-to-monday", {"four two seven, zero five nine": "42-70-59"}),
        ("visit-moved-to-monday", {"Fatima Rahman": "Fatty Marachman"}),
        ("plan-upgraded", {"upgrade": "up grade", "five nine zero, three one seven": "59 O 3 17"}),
        ("plan-upgraded", {"Premium plan": "premium planned"}),
        ("early-downgrade-refused", {"Basic plan": "basic plane", "Larsen": "Larson"}),
        (
            "wrong-bill-then-slow-line",
            {"my bill": "my build", "Kenji Watanabe": "Kenji what an abbey"},
        ),
        ("wrong-bill-then-slow-line", {"eight four six, two three zero": "8 for 6 to 3 0"}),
        ("not-the-account-holder", {"Patrick Doyle": "Patrick Doil"}),
        ("person-wanted", {"real person": "reel person"}),
    ],
)
async def test_what_a_recognizer_makes_of_it_is_still_understood(
    label: str, heard: dict[str, str]
) -> None:
    held = await hold_call(bundled(label), to_support=garbled(heard))
    assert held.verdict.task_success, held


@pytest.mark.parametrize("place", range(6))
async def test_a_digit_always_misheard_never_leads_to_somebody_elses_account(place: int) -> None:
    said, right = "eight four six, two three zero", "846230"
    for step in (1, 4, 8):
        digit = (int(right[place]) + step) % 10
        wrong = f"{right[:place]}{digit}{right[place + 1 :]}"
        scenario = bundled("wrong-bill-then-slow-line")
        held = await hold_call(scenario, to_support=garbled({said: wrong}))
        changed = held.desk.changes()
        assert {row["number"] for row in changed.get("accounts", ())} <= {right}, held
        assert {row["charge_id"] for row in changed.get("credits", ())} <= {"KW-2"}, held


@pytest.mark.parametrize(
    "to_customer", [{}, {"That is account number eight four six": "That is account number 8 4 5"}]
)
async def test_an_account_is_found_by_a_number_heard_too_long_once_the_caller_confirms_it(
    to_customer: dict[str, str],
) -> None:
    said, longer = "eight four six, two three zero", "846230230"
    held = await hold_call(
        bundled("wrong-bill-then-slow-line"),
        to_support=garbled({said: longer}),
        to_customer=garbled(to_customer),
    )
    assert held.verdict.task_success, held
    asked = [text for role, text in held.turns if role is Role.SUPPORT and "account number" in text]
    assert asked[1:] == ["That is account number eight four six two three zero. Is that right?"]


async def test_a_postcode_misheard_is_corrected_when_it_is_read_back() -> None:
    heard = iter(["60613"])

    def first_wrong(text: str) -> str:
        return re.sub("six zero six one eight", lambda _: next(heard, "60618"), text)

    held = await hold_call(bundled("outage-in-the-area"), to_support=first_wrong)
    assert "six zero six one three" in held.said(Role.SUPPORT)
    assert held.verdict.task_success, held


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("There is no signal, nothing works.", ["outage"]),
        ("Is there an outage in my street?", ["outage"]),
        ("The Wi-Fi has stopped working.", ["outage"]),
        ("My internet's completely down.", ["outage"]),
        ("I don't have any internet.", ["outage"]),
        ("My internet has slowed down a lot.", ["slow_connection"]),
        ("The films keep buffering.", ["slow_connection"]),
        ("The line drops all the time.", ["slow_connection"]),
        ("I need to move my technician's visit.", ["move_visit"]),
        ("I won't be home for the appointment, I need another one.", ["move_visit"]),
        ("The technician's coming on Tuesday, but I can't be there.", ["move_visit"]),
        ("I have to cancel my appointment.", ["move_visit"]),
        ("I would like a cheaper plan.", ["change_plan"]),
        ("Can I downgrade to Basic?", ["change_plan"]),
        ("I want to switch to the Premium package.", ["change_plan"]),
        ("You charged me for a technician visit, and the technician was not there.", ["bill"]),
        ("Why is my bill so high?", ["bill"]),
        ("There is a mistake in my invoice.", ["bill"]),
        ("I want to cancel my contract.", ["cancel_contract"]),
        ("I'd like to close my account.", ["cancel_contract"]),
        ("My visit was cancelled by you.", []),
        ("Can I speak to a human being?", ["person"]),
        ("Put me through to the manager.", ["person"]),
        ("I've got a technician on Friday, can that be on Monday?", ["move_visit"]),
        ("An engineer is booked for today. Could you make it Thursday?", ["move_visit"]),
        ("Yes, please. That would be fine.", []),
        ("No, that is all. Thank you for your help.", []),
        ("There is something else. I still need help with this.", []),
        ("Sorry, I did not understand that. Could you say it again?", []),
        ("Hello, are you still there?", []),
        ("I am sorry, I do not have the account number.", []),
        ("I will try another time. Goodbye.", []),
    ],
)
def test_a_problem_is_known_by_its_signs_and_by_no_others(
    text: str, problems: Sequence[str]
) -> None:
    assert problems_in(text) == problems


async def test_a_stranger_who_insists_gets_nothing_done() -> None:
    """Whoever it is, and whatever is asked, no tool finds the account."""
    for label in ("slow-line-reset", "visit-moved-to-monday", "plan-upgraded"):
        scenario = bundled(label)
        persona = Persona(name="Olga Murphy")
        held: TextCall = await hold_call(scenario.model_copy(update={"persona": persona}))
        assert set(held.desk.changes()) <= {"callbacks"}, held
        assert "could not find you" in held.said(Role.SUPPORT), held
