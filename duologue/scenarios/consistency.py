"""What in a scenario contradicts itself, as far as that is certain before a call."""

from collections.abc import Iterator, Mapping

from shared.customer_sheet import Fact
from shared.errors import SpecError
from shared.language.as_heard import phrase
from shared.language.facts.typed import typed_fact
from shared.language.facts.unclear import UnclearFact
from shared.spec import DESK_ONLY, Expectation
from support_agent import Flaw, Rows, find_flaws


def contradictions(
    business: str | None, desk: Rows, facts: Mapping[str, Fact], expected: Expectation
) -> Iterator[Flaw]:
    """What cannot be, each with the keys that lead to it in the scenario."""
    if business is None:
        if desk:
            yield Flaw(("userdata", "business"), "is missing; only with a business is there a desk")
        for key in sorted(DESK_ONLY & expected.model_fields_set):
            problem = "needs a userdata.business; of another's agent no desk is known"
            yield Flaw(("expected", key), problem)
    else:
        try:
            yield from find_flaws(business, desk, facts, expected)
        except SpecError as error:
            field = "desk" if str(error).startswith("desk:") else "business"
            yield Flaw(("userdata", field), str(error))
    yield from _unclear(facts)
    for index, never in enumerate(expected.never_said):
        for said in expected.said:
            if phrase(never) in phrase(said):
                yield Flaw(("expected", "never_said", index), f"{said!r} is to be said, though")
    for index, tool in enumerate(expected.never_done):
        if tool in expected.tools:
            yield Flaw(("expected", "never_done", index), f"{tool!r} is to be used, though")


def _unclear(facts: Mapping[str, Fact]) -> Iterator[Flaw]:
    """Facts that cannot be said, for nobody could tell what they mean."""
    for name, fact in facts.items():
        try:
            typed_fact(name, fact.value)
        except UnclearFact as error:
            yield Flaw(("facts", name), str(error))
