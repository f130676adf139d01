"""What a batch is to make: calls, each with an id that does not depend on who makes it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from duologue.call.over_livekit.recorder import IDENTITY
from duologue.scenarios.at_business import chosen_scenarios
from duologue.scenarios.call_names import call_names
from duologue.scenarios.document import Document, without_waiting
from duologue.scenarios.persona import NamedPersona
from duologue.scenarios.scenario import NO_OPTIONS, played_by
from shared import engines
from shared.engines.clips import read_clip
from shared.errors import DocumentError, DuologueError, SpecError, UsageError, wrong_field
from shared.settings import Settings
from shared.spec import NO_LATENCY, CallSpec, EngineChoice, Latency, Role, SupportSheet
from shared.values import Text
from support_agent import check_desk

READ_BYTES = 2**20
"""How much of a plan is read at once."""
LONGEST_LINE = 2**20
"""In bytes; a call takes some thousand."""

_CALL_ID = re.compile(rb'"call_id"\s*:\s*"([^"\\]*)"')


class Repeated(BaseModel):
    """A plan in YAML: every scenario, repeated with one seed after another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scenarios: Annotated[tuple[Text, ...], Field(min_length=1)]
    """As `duologue call` takes them; of a file without a label, all."""
    repeats: int = Field(1, ge=1, le=1_000_000)
    seed: int = Field(0, ge=0, lt=2**62)
    """Of the first call of each scenario."""
    latency: Latency = NO_LATENCY
    persona: NamedPersona | None = None
    """Who calls in the place of the scenarios' own; the name of a bundled one will do."""


class Plan:
    """Calls in the order in which they are made.

    Args:
        ids: Their names, each once.
        make: Gives the specification of the call with this index.
        origin: Gives all that this is made of, quicker; the specification itself unless told.
    """

    def __init__(
        self,
        ids: Sequence[str],
        make: Callable[[int], CallSpec],
        origin: Callable[[int], bytes] | None = None,
    ) -> None:
        self.ids = ids
        self.spec = make
        self.origin = origin or (lambda index: _line(make(index)))

    @classmethod
    def read(cls, path: Path, settings: Settings) -> Self:
        """The plan in a file: `*.yaml` says what to repeat, any other has a call in each line.

        Raises:
            DocumentError: It is not a plan, or names a call twice.
            UsageError: It asks for engines that cannot be used.
        """
        if path.suffix in {".yaml", ".yml"}:
            return cls.of(Document.read(path).parse(Repeated), settings)
        # A hundred thousand lines are read at every start, but few of them are still to be made.
        ids, lines = _read_lines(path)

        def make(index: int) -> CallSpec:
            return _spec(path, index + 1, lines[index])

        return cls(ids, make, lines.__getitem__)

    @classmethod
    def of(
        cls,
        repeated: Repeated,
        settings: Settings,
        options: Mapping[Role, EngineChoice] = NO_OPTIONS,
        business: str | None = None,
    ) -> Self:
        """The plan that repeats scenarios: `label-seed` for every label and seed.

        Args:
            repeated: What to repeat, and how often.
            settings: What engines the environment names.
            options: What engines the command line names.
            business: What business it names; else each scenario has its own.

        Raises:
            DocumentError: There is no such scenario, or it is wrong.
            UsageError: Two scenarios have one label, or an id would be no safe folder name.
        """
        scenarios = played_by(repeated.persona, chosen_scenarios(repeated.scenarios, business))
        labels = [scenario.label for scenario in scenarios]
        if twice := {label for label in labels if labels.count(label) > 1}:
            raise UsageError(f"the plan has the scenario {min(twice)!r} twice; repeat it instead")
        chosen = {role: settings.engines(role) for role in Role}

        def make(index: int) -> CallSpec:
            seed = repeated.seed + index // len(scenarios)
            return scenarios[index % len(scenarios)].to_spec(
                call_id=ids[index],
                seed=seed,
                engines=chosen,
                options=options,
                recorder=IDENTITY,
                latency=repeated.latency,
            )

        seeds = range(repeated.seed, repeated.seed + repeated.repeats)
        names = call_names(labels)
        ids = [f"{name}-{seed:05}" for seed in seeds for name in names]

        @cache
        def first(scenario: int) -> bytes:
            return _line(make(scenario))

        def origin(index: int) -> bytes:
            # Calls of one scenario differ by their seeds, which their names have.
            return ids[index].encode() + first(index % len(scenarios))

        return cls(ids, make, origin)

    def check(
        self,
        indexes: Iterable[int],
        settings: Settings,
        check_call: Callable[[CallSpec], None] = lambda _: None,
    ) -> None:
        """Make sure that these calls can be made, before the first of them is.

        Args:
            indexes: Of the calls.
            settings: Keys and addresses of services.
            check_call: What a transport wants of a call, which raises UsageError.

        Raises:
            UsageError: One of them is not a call, or cannot be made here.
        """
        checked: set[object] = set()
        for index in indexes:
            spec = self.spec(index)
            check_call(spec)
            for goal in spec.customer.goals if spec.customer else ():
                if goal.clip and goal.clip not in checked:
                    read_clip(goal.clip)
                    checked.add(goal.clip)
            for role in Role:
                if (chosen := spec.engines.get(role)) and chosen not in checked:
                    engines.check(chosen, settings)
                    checked.add(chosen)

    def write(self, path: Path) -> None:
        """Write the plan, one call a line: all of it, or no file.

        Raises:
            UsageError: No file can be made there.
            DuologueError: The disk is full.
        """
        try:
            file = path.open("xb")
        except FileExistsError:
            raise UsageError(f"{path} exists already; choose another name") from None
        except OSError as error:
            raise UsageError(f"cannot write the plan to {path}: {error.strerror}") from None
        try:
            with file:
                file.writelines(_line(self.spec(index)) for index in range(len(self.ids)))
        except BaseException as error:
            path.unlink()
            if isinstance(error, OSError):
                problem = f"cannot write the plan to {path}: {error.strerror}"
                raise DuologueError(problem) from None
            raise


def _line(spec: CallSpec) -> bytes:
    """A call as a line of a plan."""
    return spec.model_dump_json(by_alias=True, exclude_defaults=True).encode() + b"\n"


def _read_lines(path: Path) -> tuple[Sequence[str], Sequence[bytes]]:
    """The ids of the calls in a file, each once, and their lines.

    What is no plan is refused at its first line, for it may be gigabytes or have no end.
    """
    lines: dict[str, bytes] = {}
    try:
        with open(path, "rb", READ_BYTES, opener=without_waiting) as file:
            while line := file.readline(LONGEST_LINE + 1):
                number = len(lines) + 1
                if len(line) > LONGEST_LINE:
                    problem = f"is longer than {LONGEST_LINE // 2**10} KiB, so no call of a plan"
                    raise DocumentError(path, number, "", problem)
                match = _CALL_ID.search(line)
                if match is None or not match[1]:
                    raise DocumentError(path, number, "call_id", "missing")
                call_id = match[1].decode(errors="replace")
                if call_id in lines:
                    first = [*lines].index(call_id) + 1
                    problem = f"{call_id!r} is in line {first} already"
                    raise DocumentError(path, number, "call_id", problem)
                lines[call_id] = line
    except OSError as error:
        raise DocumentError(path, 0, "", f"cannot be read: {error.strerror}") from None
    if not lines:
        raise DocumentError(path, 0, "", "is empty")
    return [*lines], [*lines.values()]


def _spec(path: Path, line: int, text: bytes) -> CallSpec:
    """The call in a line of a plan."""
    try:
        spec = CallSpec.model_validate_json(text)
    except ValidationError as error:
        wrong = wrong_field(error)
        raise DocumentError(path, line, wrong.field, wrong.problem) from None
    missing = [name for name in ("customer", "support") if getattr(spec, name) is None]
    missing += [f"engines.{role}" for role in Role if role not in spec.engines]
    missing += [f"peers.{role}" for role in Role if role not in spec.peers]
    if missing:
        raise DocumentError(path, line, missing[0], "missing")
    assert spec.support is not None
    if problem := _desk_problem(spec.support.model_dump_json()):
        raise DocumentError(path, line, "support", problem)
    return spec


@lru_cache(maxsize=1024)
def _desk_problem(support: str) -> str:
    """What is wrong with a sheet's desk, if anything; many calls of a plan have the same."""
    sheet = SupportSheet.model_validate_json(support)
    try:
        check_desk(sheet.business, sheet.desk)
    except SpecError as error:
        return str(error)
    return ""
