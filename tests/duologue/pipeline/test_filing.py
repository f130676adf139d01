"""What was recorded is kept, whatever becomes of its labels."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from duologue.batch.batch import Batch
from duologue.batch.budget import Budget
from duologue.batch.call_maker import MakerHere
from duologue.batch.plan import Plan
from duologue.batch.store import FolderStore
from duologue.call.direct.transport import FACTORIES, Direct, DirectCarrier
from duologue.call.transport import Held, Watch
from duologue.cli.cli import app
from duologue.folder.folder import (
    AUDIO,
    CALL,
    CallFolder,
    Clock,
    read_call,
    sha256,
    why_not_written,
)
from duologue.pipeline import filing, stages
from shared.errors import CallTaken, CallUnfinished, UsageError
from shared.spec import CallSpec
from tests.disks import fill
from tests.duologue.batch.plans import SETTINGS, short_plan
from tests.making import call_directly

ONCE = "not today"


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan.read(short_plan(tmp_path / "plan.jsonl", 1), SETTINGS)


@pytest.fixture
def label_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something happen before the first call is labelled, and never again."""

    def prepare(happens: Callable[[], object]) -> None:
        def label(folder: Path) -> None:
            monkeypatch.undo()
            stages.label(folder, stages.LabelStage.PLACEMENT)
            (folder / ".half-written").touch()
            happens()
            stages.label(folder)

        monkeypatch.setattr(filing, "label", label)

    return prepare


def bug() -> None:
    raise KeyError(ONCE)


def test_a_bug_in_a_stage_keeps_the_recording_and_relabel_finishes_it(
    plan: Plan, tmp_path: Path, label_after: Callable[[Callable[[], object]], None]
) -> None:
    spec, calls = plan.spec(0), tmp_path / "calls"
    undisturbed = call_directly(spec, tmp_path / "undisturbed", SETTINGS).folder
    label_after(bug)
    with pytest.raises(CallUnfinished) as failed:
        call_directly(spec, calls, SETTINGS)
    (kept,) = calls.iterdir()
    assert str(failed.value) == (
        f"cannot label {spec.call_id} (KeyError: '{ONCE}'); its recording is kept as {kept}: "
        f"`duologue relabel {kept}` finishes it"
    )
    assert failed.value.exit_code == 3
    with pytest.raises(
        CallTaken, match=rf"lacks its labels.*`duologue relabel {re.escape(str(kept))}`"
    ):
        call_directly(spec, calls, SETTINGS)
    assert sha256(kept / AUDIO) == sha256(undisturbed / AUDIO)
    done = CliRunner().invoke(app, ["relabel", str(calls)])
    assert (done.exit_code, done.output) == (0, f"{calls / spec.call_id}: finished\n")
    assert [path.name for path in calls.iterdir()] == [spec.call_id]
    one, other = (
        json.loads((each / CALL).read_text()) for each in (calls / spec.call_id, undisturbed)
    )
    del one["run"], other["run"]
    assert one == other


def test_a_disk_that_is_full_keeps_the_recording_and_says_how_much_is_free(
    plan: Plan, small_disk: Path, label_after: Callable[[Callable[[], object]], None]
) -> None:
    spec = plan.spec(0)
    label_after(lambda: fill(small_disk))
    with pytest.raises(CallUnfinished, match=r"\(No space left on device; \d+ bytes are free\)"):
        call_directly(spec, small_disk, SETTINGS)
    kept = small_disk / f".{spec.call_id}.partial"
    again = CliRunner().invoke(app, ["relabel", str(kept)])
    assert again.exit_code == CallUnfinished.exit_code
    assert "No space left on device" in again.stderr
    (small_disk / "filling").unlink()
    assert CliRunner().invoke(app, ["relabel", str(kept)]).exit_code == 0
    assert read_call(small_disk / spec.call_id).spec == spec


def test_a_library_that_has_no_room_and_does_not_say_so_is_spoken_for(small_disk: Path) -> None:
    failed = soundfile.LibsndfileError(1, "Error : ")
    assert why_not_written(small_disk, failed).startswith(str(failed))
    fill(small_disk)
    assert why_not_written(small_disk, failed).startswith("No space left on device; ")


class Counting(DirectCarrier):
    """Counts the calls that it places."""

    placed = 0

    async def place(self, spec: CallSpec, folder: CallFolder, watch: Watch) -> Held:
        self.placed += 1
        return await super().place(spec, folder, watch)


def batch_of(plan: Plan, carrier: DirectCarrier, out: Path, retries: int) -> Batch:
    return Batch(
        plan,
        [0],
        store=FolderStore(out),
        maker=MakerHere(Direct(), carrier, out),
        retries=retries,
        on_done=lambda *_: None,
        budget=Budget(()),
    )


@pytest.mark.parametrize("retries", [0, 1])
async def test_a_batch_labels_a_recording_again_and_makes_no_other_call(
    plan: Plan, tmp_path: Path, retries: int, label_after: Callable[[Callable[[], object]], None]
) -> None:
    carrier = Counting(Clock.VIRTUAL, FACTORIES, SETTINGS)
    label_after(bug)
    first = batch_of(plan, carrier, tmp_path, retries)
    await first.run(1)
    if not retries:  # the next batch does
        assert ONCE in first.tally.failures[0].reasons[0]
        await batch_of(plan, carrier, tmp_path, retries).run(1)
    assert carrier.placed == 1
    assert read_call(tmp_path / plan.ids[0]).spec == plan.spec(0)


async def test_a_batch_does_not_take_a_recording_of_another_specification_for_its_own(
    plan: Plan, tmp_path: Path, label_after: Callable[[Callable[[], object]], None]
) -> None:
    carrier = Counting(Clock.VIRTUAL, FACTORIES, SETTINGS)
    label_after(bug)
    await batch_of(plan, carrier, tmp_path, 0).run(1)
    other = Plan.read(short_plan(tmp_path / "other.jsonl", 1, turns=4), SETTINGS)
    with pytest.raises(UsageError, match="was recorded from another specification"):
        await batch_of(other, carrier, tmp_path, 0).run(1)
