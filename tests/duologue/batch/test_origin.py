"""An old folder is gone on with by the plan that it was made from, and by no other."""

import json
from pathlib import Path
from typing import Any

import pytest

from duologue.batch import origin
from duologue.batch.origin import check_origin
from duologue.batch.plan import Plan
from duologue.batch.store import FolderStore, Store, open_store
from duologue.folder.folder import CALL
from shared.errors import UsageError
from shared.settings import Settings
from tests.duologue.batch.plans import SETTINGS, short_plan

CALLS = 3
ALL = range(CALLS)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, duologue_cache=tmp_path / "cache")


def planned(path: Path, *, turns: int = 2, calls: int = CALLS) -> Plan:
    return Plan.read(short_plan(path, calls, turns=turns), SETTINGS)


def call_json(plan: Plan, index: int) -> str:
    """A finished call's, as far as it says what the call was made from."""
    return json.dumps({"spec": json.loads(plan.spec(index).model_dump_json(by_alias=True))})


def finish(plan: Plan, out: Path) -> None:
    for index, call_id in enumerate(plan.ids):
        (out / call_id).mkdir(parents=True)
        (out / call_id / CALL).write_text(call_json(plan, index))


def refused(plan: Plan, store: Store, settings: Settings) -> str:
    with pytest.raises(UsageError) as error:
        check_origin(plan, ALL, store, settings.duologue_cache)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_calls_of_another_specification_are_named_and_counted(
    settings: Settings, tmp_path: Path
) -> None:
    old = planned(tmp_path / "old.jsonl")
    finish(old, tmp_path / "calls")
    store = FolderStore(tmp_path / "calls")
    check_origin(old, ALL, store, settings.duologue_cache)
    told = refused(planned(tmp_path / "new.jsonl", turns=4), store, settings)
    assert told.startswith("3 finished calls in --out were made from another specification than")
    assert f"first {old.ids[0]} (another limits)" in told
    assert "choose another --out" in told


def test_a_plan_that_is_only_written_otherwise_is_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    old = planned(tmp_path / "old.jsonl")
    finish(old, tmp_path / "calls")
    lines = (tmp_path / "old.jsonl").read_text().splitlines()
    spaced = "\n".join(json.dumps(json.loads(line), indent=None) for line in lines)
    (tmp_path / "spaced.jsonl").write_text(spaced)
    plan = Plan.read(tmp_path / "spaced.jsonl", SETTINGS)
    check_origin(plan, ALL, FolderStore(tmp_path / "calls"), settings.duologue_cache)


@pytest.mark.usefixtures("s3")
def test_calls_in_a_bucket_are_compared_too(s3: Any, settings: Settings, tmp_path: Path) -> None:
    old = planned(tmp_path / "old.jsonl")
    for index, call_id in enumerate(old.ids):
        s3.put_object(Bucket="calls", Key=f"o/{call_id}/{CALL}", Body=call_json(old, index))
    store = open_store("s3://calls/o", settings)
    assert store.finished(old.ids) == set(old.ids)
    check_origin(old, ALL, store, settings.duologue_cache)
    told = refused(planned(tmp_path / "new.jsonl", turns=4), store, settings)
    assert told.startswith("3 finished calls")


def test_what_was_compared_is_not_read_again_until_either_side_changes(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(origin, "REMEMBERED_FROM", 1)
    old, new = planned(tmp_path / "old.jsonl"), planned(tmp_path / "new.jsonl", turns=4)
    finish(old, tmp_path / "calls")
    store = FolderStore(tmp_path / "calls")
    read: list[str] = []

    def reading(call_id: str, name: str) -> bytes:
        read.append(call_id)
        return (store.workplace / call_id / name).read_bytes()

    monkeypatch.setattr(store, "read", reading)
    check_origin(old, ALL, store, settings.duologue_cache)
    assert sorted(read) == sorted(old.ids)
    read.clear()
    check_origin(old, ALL, store, settings.duologue_cache)
    assert read == []
    assert "3 finished calls" in refused(new, store, settings)
    replaced = tmp_path / "calls" / old.ids[1] / CALL
    replaced.write_text(call_json(new, 1))
    assert "1 finished calls in --out were made" in refused(old, store, settings)


def test_a_plan_in_yaml_is_compared_by_its_scenario_and_seed(
    settings: Settings, tmp_path: Path
) -> None:
    yaml = "scenarios: [late-and-charged-twice]\nrepeats: 3\n"
    (tmp_path / "plan.yaml").write_text(yaml)
    old = Plan.read(tmp_path / "plan.yaml", SETTINGS)
    finish(old, tmp_path / "calls")
    store = FolderStore(tmp_path / "calls")
    check_origin(old, ALL, store, settings.duologue_cache)
    (tmp_path / "plan.yaml").write_text(yaml + "latency: {language: {median_s: 0.5}}\n")
    new = Plan.read(tmp_path / "plan.yaml", SETTINGS)
    assert not {old.origin(i) for i in ALL} & {new.origin(i) for i in ALL}
    assert "(another latency)" in refused(new, store, settings)
