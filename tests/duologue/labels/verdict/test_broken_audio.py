"""A real call whose recording is tampered with is no longer what its sides say they said."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from duologue.folder import event_log
from duologue.folder.folder import read_call
from duologue.labels.transcript import transcript
from duologue.labels.verdict.broken_audio import Broken, broken
from duologue.scenarios.scenario_file import load_scenario
from shared.customer_sheet import Behaviours, Hesitation
from shared.events import Behaved, Said
from shared.settings import Settings
from shared.spec import Role
from tests import tampering
from tests.making import call_directly


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(_env_file=None)
    engines = {role: settings.engines(role) for role in Role}
    spec = load_scenario().to_spec(call_id="whole", seed=1, engines=engines)
    return call_directly(spec, tmp_path_factory.mktemp("calls"), settings).folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "tampered")


def found(folder: Path) -> list[Broken]:
    return list(broken(folder, read_call(folder).spec, transcript.make(folder)))


def test_nothing_is_wrong_with_a_call_as_it_was_recorded(made: Path) -> None:
    assert found(made) == []


@pytest.mark.parametrize("seed", [2, 3])  # the pause is taken for the turn's end, and is not
def test_a_pause_on_purpose_is_no_missing_speech(tmp_path: Path, seed: int) -> None:
    settings = Settings(_env_file=None)
    engines = {role: settings.engines(role) for role in Role}
    scenario = load_scenario(
        "tests/scenarios/unseen/first/shop-orders.yaml#yamamoto-first-not-there"
    )
    spec = scenario.to_spec(call_id="hesitant", seed=seed, engines=engines)
    behaviours = Behaviours(hesitation=Hesitation(probability=1.0, pause_s=0.6))
    assert spec.customer
    customer = spec.customer.model_copy(update={"behaviours": behaviours})
    hesitant = spec.model_copy(update={"customer": customer})
    folder = call_directly(hesitant, tmp_path, settings).folder
    assert event_log.read(folder, Behaved)
    assert found(folder) == []


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("begin_s", [-1.3, 0.8])
def test_two_silenced_seconds_are_found_where_they_are(
    folder: Path, role: Role, begin_s: float
) -> None:
    turn = tampering.longest_turn(folder, role)
    tampering.silence(folder, role, turn.start + begin_s, turn.start + begin_s + 2)
    [one] = found(folder)
    assert one.detail.endswith("s of what was said are silent")
    assert one.turn == transcript.read(folder).turns.index(turn)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("late_s", [0.5, -0.4])
def test_a_channel_that_is_late_or_early_is_found(folder: Path, role: Role, late_s: float) -> None:
    tampering.shift(folder, role, late_s)
    told = re.match(rf"the channel of the {role} is ([\d.]+) s too (\w+)", found(folder)[0].detail)
    assert told
    assert float(told[1]) == pytest.approx(abs(late_s), abs=0.11)
    assert told[2] == ("late" if late_s > 0 else "early")


def test_exchanged_channels_are_found(folder: Path) -> None:
    tampering.exchange(folder)
    assert [one.detail for one in found(folder)] == ["the channels of the two sides are exchanged"]


@pytest.mark.parametrize(
    "remove",
    [
        lambda folder: tampering.remove_events(folder, Said.name, Role.CUSTOMER, 1, 2),
        lambda folder: tampering.silence(folder, Role.CUSTOMER, 0, 12),
    ],
    ids=["its event", "its speech"],
)
def test_a_turn_that_was_removed_is_found(folder: Path, remove: Callable[[Path], None]) -> None:
    remove(folder)
    assert any("missing" in one.detail for one in found(folder))


def test_turns_that_are_all_cut_short_are_where_they_should_be(folder: Path) -> None:
    for turn in transcript.read(folder).turns:
        if turn.role is Role.SUPPORT:
            tampering.silence(folder, turn.role, turn.start + 0.5, turn.end + 0.1)
    assert not any("channel" in one.detail for one in found(folder))
