"""Many calls are spread evenly, and drawn the same way from the same seed."""

from collections import Counter
from itertools import product
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from duologue.batch.plan import Plan
from duologue.batch.spread import Part, coverage, load_behaviours, plan_of, spread
from duologue.cli.cli import app
from duologue.scenarios.persona import load_personas
from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import bundled_scenarios, load_scenario
from shared.customer_sheet import BargeIn, Behaviours, HangUp, Persona
from shared.errors import DocumentError
from tests.duologue.batch.plans import SCENARIO, SETTINGS

SCENARIOS = bundled_scenarios()
PERSONAS = tuple(load_personas().values())
BEHAVIOURS = """\
calm: {}
breaks in: {barge_in: {probability: 0.5}}
leaves: {hang_up: {probability: 1, after_turns: 3}}
"""


def people(*voices: str | None) -> list[Persona]:
    return [Persona(name=f"Ann {number}", voice=voice) for number, voice in enumerate(voices)]


def abouts(number: int) -> list[Scenario]:
    """Scenarios that differ in their labels."""
    one = load_scenario(SCENARIO)
    return [one.model_copy(update={"label": f"about {index}"}) for index in range(number)]


def uneven(counts: Counter[str]) -> int:
    return max(counts.values()) - min(counts.values())


@pytest.mark.parametrize("calls", [1, 7, 40, 97, 500])
def test_scenarios_personas_and_voices_come_as_often_as_the_next(calls: int) -> None:
    covered = coverage(spread(SCENARIOS, PERSONAS, calls=calls, seed=7))
    for kind in ("scenario", "persona", "voice"):
        assert covered[kind].total() == calls
        assert uneven(covered[kind]) <= 1
    assert len(covered["scenario"]) == min(calls, len(SCENARIOS))
    assert len(covered["persona"]) == min(calls, len(PERSONAS))


@pytest.mark.parametrize(("scenarios", "personas"), [(4, 6), (5, 5), (3, 4), (1, 4), (4, 1)])
def test_every_pair_of_a_scenario_and_a_persona_comes_once_before_any_comes_twice(
    scenarios: int, personas: int
) -> None:
    about, who = abouts(scenarios), people(*["a", "b"] * personas)[:personas]
    parts = spread(about, who, calls=2 * scenarios * personas, seed=1)
    pairs = [
        (part.scenario.label, part.scenario.persona.name) for part in parts if part.scenario.persona
    ]
    every = set(product((one.label for one in about), (one.name for one in who)))
    half = scenarios * personas
    assert set(pairs[:half]) == set(pairs[half:]) == every


def test_personas_come_evenly_even_if_some_voices_have_more_of_them() -> None:
    who = people("a", "a", "a", "b", None)
    covered = coverage(spread(abouts(2), who, calls=14, seed=3))
    assert uneven(covered["persona"]) <= 1
    assert covered["voice"].keys() == {"a", "b", "as configured"}


def test_one_seed_draws_the_same_calls_and_another_draws_others() -> None:
    def draw(seed: int) -> list[Part]:
        return spread(SCENARIOS, PERSONAS, calls=50, seed=seed)

    assert draw(7) == draw(7)
    assert [part.scenario for part in draw(7)] != [part.scenario for part in draw(8)]
    assert not {part.seed for part in draw(7)} & {part.seed for part in draw(8)}


def test_every_call_has_a_seed_of_its_own() -> None:
    parts = spread(SCENARIOS, PERSONAS, calls=500, seed=0)
    assert len({part.seed for part in parts}) == 500


def test_behaviours_are_the_scenarios_own_unless_others_are_dealt_out() -> None:
    [about] = abouts(1)
    behaviours = Behaviours(barge_in=BargeIn(probability=0.5))
    own = spread([about.model_copy(update={"behaviours": behaviours})], PERSONAS, calls=3, seed=0)
    assert all(part.scenario.behaviours == behaviours for part in own)
    mixes = [Behaviours(), behaviours, Behaviours(hang_up=HangUp(probability=1))]
    dealt = spread(SCENARIOS, PERSONAS, calls=100, seed=0, behaviours=mixes)
    counts = [sum(part.scenario.behaviours == mix for part in dealt) for mix in mixes]
    assert sorted(counts) == [33, 33, 34]
    covered = coverage(dealt)["behaviour"]
    assert covered == {
        **dict.fromkeys(covered, 0),
        "barge_in": counts[1],
        "hang_up": counts[2],
    }


def test_a_file_of_behaviours_is_read(tmp_path: Path) -> None:
    path = tmp_path / "behaviours.yaml"
    path.write_text(BEHAVIOURS)
    assert load_behaviours(path)["breaks in"] == Behaviours(barge_in=BargeIn(probability=0.5))
    path.write_text(BEHAVIOURS.replace("0.5", "5"))
    with pytest.raises(DocumentError, match=r"behaviours\.yaml:2: breaks in\.barge_in\.probab"):
        load_behaviours(path)


def test_a_plan_of_calls_has_who_plays_them_and_names_they_can_be_filed_under() -> None:
    parts = spread(abouts(2), PERSONAS, calls=6, seed=0)
    plan = plan_of(parts, SETTINGS)
    assert sorted(plan.ids) == list(plan.ids)
    assert {call_id.partition("-")[2] for call_id in plan.ids} == {"about-0", "about-1"}
    for index, part in enumerate(parts):
        spec = plan.spec(index)
        assert spec.customer
        assert spec.support
        assert (spec.scenario, spec.seed) == (part.scenario.label, part.seed)
        assert spec.customer.persona == part.scenario.persona
        assert spec.support.desk["customers"][0]["name"] == spec.customer.persona.name


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["plan", *arguments], env={"COLUMNS": "100"})


def test_the_command_writes_a_plan_and_shows_what_it_covers(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(BEHAVIOURS)
    out = tmp_path / "plan.jsonl"
    ran = run(
        *("shop", "--calls", "48", "--seed", "7", "--out", str(out)),
        *("--behaviours", str(tmp_path / "b.yaml")),
    )
    assert ran.exit_code == 0, ran.output
    plan = Plan.read(out, SETTINGS)
    assert len(plan.ids) == 48
    expected = spread(
        [one for one in SCENARIOS if one.userdata.business == "shop"],
        PERSONAS,
        calls=48,
        seed=7,
        behaviours=[*load_behaviours(tmp_path / "b.yaml").values()],
    )
    assert [plan.spec(index).seed for index in range(48)] == [part.seed for part in expected]
    shown = [line.split() for line in ran.stdout.splitlines()]
    assert ["scenarios", "8", "6"] in shown
    assert ["personas", "20", "2", "to", "3"] in shown
    assert ["may", "barge", "in", "16"] in shown
    assert ["may", "silence", "0"] in shown


def test_unless_told_all_bundled_scenarios_are_called(tmp_path: Path) -> None:
    for form in (("--calls", str(len(SCENARIOS))), ()):
        out = tmp_path / f"plan{len(form)}.jsonl"
        assert run("--out", str(out), *form).exit_code == 0
        plan = Plan.read(out, SETTINGS)
        called = {plan.spec(index).scenario for index in range(len(plan.ids))}
        assert called == {scenario.label for scenario in SCENARIOS}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--calls", "5", "--repeats", "2"), "do not go together"),
        (("--behaviours", "b.yaml"), "say how many"),
        (("--calls", "5", "--behaviours", "no.yaml"), "no.yaml: there is no such file"),
        (("--calls", "5", "nobody"), "no such scenario"),
    ],
)
def test_what_does_not_go_together_writes_no_plan(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    out = tmp_path / "plan.jsonl"
    ran = run("--out", str(out), *arguments)
    assert ran.exit_code != 0
    assert says in str(ran.exception)
    assert not out.exists()
