"""Every bundled scenario can be played, by anybody, and is lost when the business goes wrong."""

import re
from itertools import combinations

import pytest

from duologue.businesses.text_call import hold_call
from duologue.labels.verdict import Check
from duologue.scenarios.persona import load_personas
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import bundled_scenarios, load_scenario
from shared.customer_sheet import Persona
from shared.language.as_heard import phrase
from shared.language.likeness import SAME, likeness
from shared.values import Value

SCENARIOS = bundled_scenarios()
PERSONAS = tuple(load_personas().values())


def label(scenario: Scenario) -> str:
    return scenario.label


def name(persona: Persona) -> str:
    return persona.name


def with_cell(scenario: Scenario, table: str, row: int, column: str, value: Value) -> Scenario:
    """The scenario with another value on its desk."""
    rows = list(scenario.userdata.desk[table])
    rows[row] = {**rows[row], column: value}
    desk = {**scenario.userdata.desk, table: tuple(rows)}
    return scenario.model_copy(
        update={"userdata": scenario.userdata.model_copy(update={"desk": desk})}
    )


@pytest.mark.parametrize("scenario", SCENARIOS, ids=label)
async def test_a_bundled_scenario_reaches_its_goals(scenario: Scenario) -> None:
    call = await hold_call(scenario)
    assert call.verdict.task_success, call
    assert call.verdict.valid, call
    assert call.goals_met, call
    assert all(not re.search(r"\d|\$", text) for _, text in call.turns), call


@pytest.mark.parametrize("scenario", SCENARIOS, ids=label)
def test_a_bundled_scenario_has_all_that_the_format_has_for_it(scenario: Scenario) -> None:
    assert scenario.instructions
    assert scenario.agent_expectations
    assert scenario.tags
    assert scenario.expected.said or scenario.expected.never_said or scenario.expected.desk


@pytest.mark.parametrize("scenario", SCENARIOS, ids=label)
def test_the_instructions_alone_say_who_calls_and_all_that_it_knows(scenario: Scenario) -> None:
    """LiveKit's simulated user gets nothing else of its side."""
    assert scenario.persona
    known = [fact.value for fact in scenario.facts.values() if fact.value != "unknown"]
    for told in (scenario.persona.name, *known):
        assert phrase(told) in phrase(scenario.instructions)


@pytest.mark.parametrize("persona", PERSONAS, ids=name)
@pytest.mark.parametrize("scenario", ["late-and-charged-twice", "somebody-elses-order"])
async def test_anybody_can_play_a_scenario(scenario: str, persona: Persona) -> None:
    call = await hold_call(load_scenario(scenario).with_persona(persona))
    assert call.verdict.task_success, call
    assert call.verdict.valid, call


@pytest.mark.parametrize("scenario", SCENARIOS, ids=label)
async def test_a_scenario_can_be_played_by_somebody_else(scenario: Scenario) -> None:
    persona = PERSONAS[SCENARIOS.index(scenario) % len(PERSONAS)]
    call = await hold_call(scenario.with_persona(persona))
    assert call.verdict.task_success, call


@pytest.mark.parametrize(
    ("scenario", "change", "found"),
    [
        ("late-and-charged-twice", ("charges", 1, "amount_cents", 4800), Check.NOT_DONE),
        ("late-and-charged-twice", ("orders", 0, "delay_reason", None), Check.NOT_SAID),
        ("damaged-and-replaced", ("orders", 0, "status", "shipped"), Check.DESK),
        ("cancelled-in-time", ("orders", 0, "status", "shipped"), Check.NOT_DONE),
        ("shipped-not-cancelled", ("orders", 0, "status", "processing"), Check.FORBIDDEN_DONE),
        ("charged-once", ("charges", 0, "status", "refunded"), Check.NOT_SAID),
        ("somebody-elses-order", ("customers", 0, "name", "Gregor Haloran"), Check.FORBIDDEN_DONE),
        ("order-number-lost", ("customers", 0, "postcode", "94121"), Check.NOT_DONE),
        ("delivered-but-not-there", ("orders", 0, "status", "delayed"), Check.DESK),
    ],
)
async def test_another_desk_loses_the_scenario(
    scenario: str, change: tuple[str, int, str, Value], found: Check
) -> None:
    call = await hold_call(with_cell(load_scenario(scenario), *change))
    assert not call.verdict.task_success, call
    assert found in {finding.check for finding in call.verdict.findings}, call


@pytest.mark.parametrize(
    ("scenario", "rule", "broken", "found"),
    [
        ("charged-once", "refunds.refundable", lambda charges: charges, Check.FORBIDDEN_DONE),
        ("somebody-elses-order", "tools.unclear", lambda *_: (), Check.DESK),
        ("order-number-lost", "tools.find_named", lambda *_: (None, ()), Check.NOT_DONE),
        ("late-and-charged-twice", "refunds.DUPLICATE_WITHIN_DAYS", -1, Check.DESK),
    ],
)
async def test_a_rule_of_the_shop_broken_loses_the_scenario(
    monkeypatch: pytest.MonkeyPatch, scenario: str, rule: str, broken: object, found: Check
) -> None:
    monkeypatch.setattr(f"support_agent.businesses.shop.{rule}", broken)
    call = await hold_call(load_scenario(scenario))
    assert not call.verdict.task_success, call
    assert found in {finding.check for finding in call.verdict.findings}, call


def test_personas_are_many_and_use_the_voices_evenly() -> None:
    voices = [persona.voice for persona in PERSONAS]
    assert len(PERSONAS) >= 16
    assert len({voices.count(voice) for voice in voices}) == 1
    assert len({(persona.voice, persona.speed) for persona in PERSONAS}) == len(PERSONAS)


def test_no_two_personas_are_taken_for_each_other() -> None:
    for one, other in combinations(PERSONAS, 2):
        assert likeness(one.name, other.name) < SAME, (one.name, other.name)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=label)
def test_no_persona_is_taken_for_somebody_else_on_the_desk(scenario: Scenario) -> None:
    assert scenario.persona
    others = {
        value
        for rows in scenario.userdata.desk.values()
        for row in rows
        for column, value in row.items()
        if "name" in column and isinstance(value, str) and value != scenario.persona.name
    }
    for other in others:
        assert all(likeness(persona.name, other) < SAME for persona in PERSONAS), other


@pytest.mark.parametrize("scenario", SCENARIOS, ids=label)
def test_no_persona_has_a_name_that_must_not_be_said(scenario: Scenario) -> None:
    for persona in PERSONAS:
        played = scenario.with_persona(persona).expected.never_said
        assert not any(phrase(never) in phrase(persona.name) for never in played), persona.name
