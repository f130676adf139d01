"""The scenarios that come with a business, and any scenario at a business that somebody names."""

from collections.abc import Sequence
from pathlib import Path

from duologue.scenarios.consistency import contradictions
from duologue.scenarios.scenario import (
    BUNDLED,
    Scenario,
    bundled_files,
    load_scenarios,
    read_scenarios,
)
from shared.errors import DocumentError, SpecError
from support_agent import business_folder, business_name

FILE = "scenarios.yaml"
"""In the folder of a business: its scenarios."""


def scenarios_file(business: str) -> Path:
    """Where the scenarios of a business are, if it has any.

    Args:
        business: Its name, or the absolute path of its folder.

    Raises:
        UsageError: There is no such business, or it cannot be used.
    """
    own = business_folder(business) / FILE
    bundled = BUNDLED / f"{business_name(business)}.yaml"
    return bundled if bundled in bundled_files() and not own.exists() else own


def scenarios_at(business: str, references: Sequence[str] = ()) -> tuple[Scenario, ...]:
    """Scenarios, each at this business whatever it says itself.

    Args:
        business: Its name, or the absolute path of its folder.
        references: Labels of the business's own scenarios, or what `load_scenarios` takes; unless
            told, all of its own.

    Raises:
        DocumentError: There is no such scenario, or it is wrong.
        SpecError: A scenario does not fit the business.
        UsageError: There is no such business, or it cannot be used.
    """
    file = scenarios_file(business)
    if not references and not file.is_file():
        raise DocumentError(file, 0, "", "is not there, so name a scenario to call")
    own = read_scenarios(file) if file.is_file() else ()
    chosen = [one for name in references for one in _named(name, own)] if references else own
    scenarios = tuple(scenario.with_business(business) for scenario in chosen)
    for scenario in scenarios:
        data = scenario.userdata
        for flaw in contradictions(business, data.desk, scenario.facts, scenario.expected):
            place = ".".join(map(str, flaw.place))
            raise SpecError(
                f"the scenario {scenario.label!r} does not fit the business "
                f"{business_name(business)!r}: {place}: {flaw.problem}"
            )
    return scenarios


def _named(reference: str, own: Sequence[Scenario]) -> Sequence[Scenario]:
    return [one for one in own if one.label == reference] or load_scenarios(reference)
