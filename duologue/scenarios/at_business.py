"""The scenarios that come with a business, and any scenario at a business that somebody names."""

from collections.abc import Sequence
from pathlib import Path

from duologue.scenarios.scenario import Scenario
from duologue.scenarios.scenario_file import BUNDLED, bundled_files, load_scenarios, read_scenarios
from shared.errors import DocumentError
from support_agent import business_folder, business_name, resolve_business

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
        scenario.check()
    return scenarios


def chosen_scenarios(references: Sequence[str], business: str | None) -> tuple[Scenario, ...]:
    """The scenarios that somebody names, at the business that is named beside them, if one is.

    Args:
        references: As `load_scenarios` takes them, or `scenarios_at`.
        business: A name, or the path of a folder, seen from the current folder.

    Raises:
        DocumentError: There is no such scenario, or it is wrong.
        UsageError: There is no such business, it cannot be used, or a scenario does not fit it.
    """
    if business is None:
        return tuple(one for name in references for one in load_scenarios(name))
    return scenarios_at(resolve_business(business, Path.cwd()), references)


def scenario_at(business: str, reference: str | None) -> Scenario:
    """The one scenario that somebody names, at a business; unless told, the first of its own.

    Raises:
        DocumentError: There is no such scenario, it is wrong, or there is more than one.
        UsageError: There is no such business, it cannot be used, or the scenario does not fit it.
    """
    first, *others = chosen_scenarios([reference] if reference else [], business)
    if reference and others:
        labels = ", ".join(scenario.label for scenario in (first, *others))
        problem = f"has more than one scenario; add # and one of: {labels}"
        raise DocumentError(Path(reference), 0, "", problem)
    return first


def _named(reference: str, own: Sequence[Scenario]) -> Sequence[Scenario]:
    return [one for one in own if one.label == reference] or load_scenarios(reference)
