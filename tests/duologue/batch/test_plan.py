"""Plans are read whole, or refused in one line."""

import json
from itertools import chain
from pathlib import Path

import pytest

from duologue.batch.plan import Plan, Repeated
from duologue.cli.batch_run import shard_of
from shared.errors import DocumentError, DuologueError, EngineUnavailable, UsageError
from shared.spec import Delay, Latency
from tests.disks import fill
from tests.duologue.batch.plans import SCENARIO, SETTINGS, short_plan

YAML = f"""\
scenarios: [{SCENARIO}]
repeats: 3
seed: 40
latency:
  language: {{median_s: 0.5, spread: 0.3}}
"""


def edited(path: Path, line: int, **changes: object) -> Path:
    """A plan in which one call is another; None removes a field."""
    lines = path.read_text().splitlines()
    call = json.loads(lines[line]) | changes
    lines[line] = json.dumps({name: value for name, value in call.items() if value is not None})
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_yaml_plan_repeats_its_scenarios_with_one_seed_after_another(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(YAML)
    plan = Plan.read(tmp_path / "plan.yaml", SETTINGS)
    assert plan.ids == [f"{SCENARIO}-{seed:05}" for seed in (40, 41, 42)]
    spec = plan.spec(2)
    assert (spec.call_id, spec.seed, spec.scenario) == (plan.ids[2], 42, SCENARIO)
    assert spec.latency == Latency(language=Delay(median_s=0.5, spread=0.3))


def test_a_plan_that_was_written_is_read_back(tmp_path: Path) -> None:
    plan = Plan.of(Repeated(scenarios=(SCENARIO,), repeats=3, seed=1), SETTINGS)
    plan.write(tmp_path / "plan.jsonl")
    read = Plan.read(tmp_path / "plan.jsonl", SETTINGS)
    assert read.ids == plan.ids
    assert [read.spec(index) for index in range(3)] == [plan.spec(index) for index in range(3)]
    with pytest.raises(UsageError, match="exists already"):
        plan.write(tmp_path / "plan.jsonl")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"call_id": f"{SCENARIO}-00000"}, "plan.jsonl:2: call_id: .* is in line 1 already"),
        ({"call_id": None}, "plan.jsonl:2: call_id: missing"),
        ({"call_id": "../../etc"}, "plan.jsonl:2: call_id: "),
        ({"seed": "many"}, "plan.jsonl:2: seed: "),
        ({"support": {"business": "circus"}}, "plan.jsonl:2: support: .*circus"),
        ({"customer": None}, "plan.jsonl:2: customer: missing"),
        ({"engines": {}}, "plan.jsonl:2: engines.customer: missing"),
    ],
)
def test_a_line_that_is_no_call_is_named(
    tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    path = edited(short_plan(tmp_path / "plan.jsonl", 3), 1, **changes)
    with pytest.raises(DocumentError, match=says) as refused:
        Plan.read(path, SETTINGS).check(range(3), SETTINGS)
    assert "\n" not in str(refused.value)


def test_what_is_no_plan_is_refused_at_its_beginning_however_long_it_is() -> None:
    with pytest.raises(DocumentError, match=r"/dev/zero:1: is longer than 1024 KiB"):
        Plan.read(Path("/dev/zero"), SETTINGS)
    with pytest.raises(DocumentError, match=r"/dev/urandom:1: "):
        Plan.read(Path("/dev/urandom"), SETTINGS)


def test_a_disk_that_is_full_has_no_part_of_a_plan(small_disk: Path) -> None:
    plan = Plan.of(Repeated(scenarios=(SCENARIO,)), SETTINGS)
    fill(small_disk)
    with pytest.raises(DuologueError, match=r"cannot write the plan to .*: No space left"):
        plan.write(small_disk / "plan.jsonl")
    assert not (small_disk / "plan.jsonl").exists()


def test_calls_that_are_not_made_are_not_looked_at(tmp_path: Path) -> None:
    path = edited(short_plan(tmp_path / "plan.jsonl", 3), 1, seed="many")
    Plan.read(path, SETTINGS).check([0, 2], SETTINGS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("scenarios: [nobody]", "nobody: there is no such scenario; bundled are"),
        (f"scenarios: [{SCENARIO}, {SCENARIO}]", "twice"),
        ("scenarios: []", "plan.yaml:1: scenarios: "),
        (f"scenarios: [{SCENARIO}]\nrepeat: 5", "plan.yaml:2: repeat: "),
        ("", "plan.yaml: is empty"),
    ],
)
def test_a_yaml_plan_that_is_wrong_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "plan.yaml").write_text(text)
    with pytest.raises(UsageError, match=says) as refused:
        Plan.read(tmp_path / "plan.yaml", SETTINGS)
    assert "\n" not in str(refused.value)


def test_a_plan_with_an_engine_that_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.yaml").write_text(YAML)
    settings = SETTINGS.model_copy(update={"support_tts": "parrot/polly"})
    plan = Plan.read(tmp_path / "plan.yaml", settings)
    with pytest.raises(EngineUnavailable, match="parrot/polly"):
        plan.check(range(3), settings)


def test_every_call_is_in_one_shard(tmp_path: Path) -> None:
    plan = Plan.read(short_plan(tmp_path / "plan.jsonl", 7), SETTINGS)
    shards = [shard_of(plan, f"{number}/3") for number in (1, 2, 3)]
    assert sorted(chain.from_iterable(shards)) == list(range(7))


@pytest.mark.parametrize("shard", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/3", ""])
def test_a_shard_that_is_not_there_is_refused(tmp_path: Path, shard: str) -> None:
    plan = Plan.read(short_plan(tmp_path / "plan.jsonl", 3), SETTINGS)
    with pytest.raises(UsageError, match="expected i/n"):
        shard_of(plan, shard)
