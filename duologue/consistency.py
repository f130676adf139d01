"""What in a scenario contradicts itself, as far as that is certain before a call."""

from collections.abc import Iterator, Mapping

from shared.caller import Fact
from shared.errors import SpecError
from shared.spec import Expectation
from shared.spoken import phrase
from support_agent import Flaw, Rows, find_flaws


def contradictions(
    business: str, desk: Rows, facts: Mapping[str, Fact], expected: Expectation
) -> Iterator[Flaw]:
    """What cannot be, each with the keys that lead to it in the scenario."""
    try:
        yield from find_flaws(business, desk, facts, expected)
    except SpecError as error:
        field = "desk" if str(error).startswith("desk:") else "business"
        yield Flaw(("userdata", field), str(error))
    for index, never in enumerate(expected.never_said):
        for said in expected.said:
            if phrase(never) in phrase(said):
                yield Flaw(("expected", "never_said", index), f"{said!r} is to be said, though")
    for index, tool in enumerate(expected.never_done):
        if tool in expected.tools:
            yield Flaw(("expected", "never_done", index), f"{tool!r} is to be used, though")
