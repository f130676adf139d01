"""Plans for tests: calls of a few turns, which take a second or two to make."""

from pathlib import Path

from duologue.batch.plan import Plan, Repeated
from shared.limits import Limits
from shared.settings import Settings
from shared.spec import CallSpec

SETTINGS = Settings(_env_file=None)
SCENARIO = "late-and-charged-twice"


def short_plan(path: Path, calls: int, *, turns: int = 2, settings: Settings = SETTINGS) -> Path:
    """Write a plan of calls that end by their turn limit."""
    whole = Plan.of(Repeated(scenarios=(SCENARIO,), repeats=calls), settings)

    def make(index: int) -> CallSpec:
        return whole.spec(index).model_copy(update={"limits": Limits(max_turns=turns)})

    Plan(whole.ids, make).write(path)
    return path
