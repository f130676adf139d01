"""Scenarios at a business that lies in a folder, or that somebody names."""

from pathlib import Path

import pytest

from duologue.businesses import write_business
from duologue.scenarios.at_business import scenarios_at, scenarios_file
from duologue.scenarios.scenario_file import read_scenarios
from shared.errors import DocumentError, SpecError
from support_agent import load_business, resolve_business

LABEL = "when-does-it-begin"


@pytest.fixture
def hotel(tmp_path: Path) -> Path:
    write_business(tmp_path / "hotel")
    return tmp_path / "hotel"


@pytest.mark.parametrize(
    ("lies_in", "written"),
    [(".", "hotel"), (".", "./hotel"), ("calls", "../hotel"), ("hotel", "."), ("", "{}/hotel")],
)
def test_a_scenario_names_a_business_by_a_path_seen_from_its_file(
    hotel: Path, lies_in: str, written: str
) -> None:
    text = (hotel / "scenarios.yaml").read_text()
    file = hotel.parent / lies_in / "other.yaml"
    file.parent.mkdir(exist_ok=True)
    named = written.format(hotel.parent)
    file.write_text(text.replace("business: .", f"business: {named}"))
    (scenario,) = read_scenarios(file)
    spec = scenario.to_spec(call_id="one", seed=0, engines={})
    assert spec.support
    assert spec.support.business == str(hotel)
    assert load_business(spec.support.business).name == "Hotel"


def test_a_folder_that_is_not_there_is_an_error_at_its_line(hotel: Path) -> None:
    file = hotel / "scenarios.yaml"
    file.write_text(file.read_text().replace("business: .", "business: ../motel"))
    with pytest.raises(DocumentError, match="no business 'motel'") as raised:
        read_scenarios(file)
    assert raised.value.field == "scenarios.0.userdata.business"


def test_a_business_comes_with_scenarios_of_its_own(hotel: Path) -> None:
    assert [one.label for one in scenarios_at(str(hotel))] == [LABEL]
    assert scenarios_at(str(hotel), [LABEL]) == scenarios_at(str(hotel))
    assert scenarios_file("shop").name == "shop.yaml"
    assert "late-and-charged-twice" in {one.label for one in scenarios_at("shop")}


def test_a_scenario_can_be_called_at_another_business_that_it_fits(hotel: Path) -> None:
    other = hotel.parent / "other_hotel"
    write_business(other)
    (scenario,) = scenarios_at(str(other), [f"{hotel / 'scenarios.yaml'}#{LABEL}"])
    assert scenario.userdata.business == str(other)
    with pytest.raises(SpecError, match=r"the scenario 'late-and-charged-twice': userdata\.desk: "):
        scenarios_at(str(hotel), ["late-and-charged-twice"])


def test_without_scenarios_of_its_own_one_has_to_be_named(hotel: Path) -> None:
    file = hotel / "scenarios.yaml"
    moved = file.rename(hotel.parent / "moved.yaml")
    moved.write_text(moved.read_text().replace("business: .", "business: hotel"))
    reference = resolve_business("hotel", hotel.parent)
    with pytest.raises(DocumentError, match=r"scenarios\.yaml: is not there, so name a scenario"):
        scenarios_at(reference)
    assert [one.label for one in scenarios_at(reference, [str(moved)])] == [LABEL]
