"""Makes the calls of a suite, one after the other."""

import secrets
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from livekit.agents import llm

from duologue.batch.call_maker import CallMaker, maker_of
from duologue.call.counterpart import OURS, Counterpart
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.call.transport import Occasion, Transport
from duologue.labels import judges
from duologue.scenarios.at_business import chosen_scenarios
from duologue.scenarios.call_names import call_names
from duologue.scenarios.scenario import Scenario
from duologue.servers.server_binary import Say
from duologue.servers.worker_processes import OnLine
from duologue.suite.result import Run, ScenarioResult, SuiteResult
from shared import engines
from shared.endings import Outcome
from shared.errors import CallFailed, DuologueError, UsageError
from shared.settings import Settings
from shared.spec import CallSpec, Role

UNTAKEN = frozenset({Outcome.NOT_PICKED_UP, Outcome.REFUSED})
"""If no call of a suite was taken yet, another one of the same scenario will not be, either."""


class Suite(NamedTuple):
    """Which calls to make, and how many of them must reach their goal."""

    scenarios: tuple[Scenario, ...]
    repeat: int
    min_success: float
    transport: Transport
    counterpart: Counterpart = OURS
    judge: str | None = None
    """The language model that judges by `agent_expectations`; None for none."""
    allow_unchecked: bool = False
    """Whether a scenario may pass of which nothing was checked."""

    def specs(self, settings: Settings) -> dict[str, list[CallSpec]]:
        """By label of their scenario, the calls, of which the k-th has the seed k.

        Raises:
            UsageError: One of them cannot be made here.
        """
        chosen = {role: settings.engines(role) for role in Role}
        run = secrets.token_hex(2)  # so that calls of earlier runs can stay where they are
        names = call_names([scenario.label for scenario in self.scenarios])
        specs = {
            scenario.label: [
                scenario.to_spec(
                    call_id=f"{name}-{seed}-{run}",
                    seed=seed,
                    engines=chosen,
                    recorder=IDENTITY,
                    under_test=self.counterpart.under_test,
                )
                for seed in range(1, self.repeat + 1)
            ]
            for scenario, name in zip(self.scenarios, names, strict=True)
        }
        for spec in (calls[0] for calls in specs.values()):
            self.transport.check(spec)
            for needed in spec.engines.values():
                engines.check(needed, settings)
        return specs


def load_suite(references: Sequence[str], business: str | None = None) -> tuple[Scenario, ...]:
    """The scenarios that `references` name, each once; all of a business, if only that is named.

    Raises:
        DocumentError: There is no such scenario, or it is wrong.
        UsageError: Two of them have one label, or nothing is named.
    """
    scenarios = chosen_scenarios(references, business)
    if not scenarios:
        raise UsageError("name scenarios to call, or a --business for all of its own")
    labels = [scenario.label for scenario in scenarios]
    if twice := {label for label in labels if labels.count(label) > 1}:
        raise UsageError(
            f"the scenario {min(twice)!r} is named twice; --repeat calls it more often"
        )
    return scenarios


async def run_suite(
    suite: Suite, out: Path, settings: Settings, say: Say, *, on_line: OnLine
) -> SuiteResult:
    """Make a suite's calls into `out`: each scenario is tried, whatever came of those before it.

    Raises:
        UsageError: Something cannot be used; nothing was started.
        DuologueError: Something could not be started.
    """
    specs = suite.specs(settings)
    runs: dict[str, list[Run]] = {label: [] for label in specs}
    occasion = Occasion(settings, say, on_line, suite.counterpart, many=True)
    taken = False
    cuts: list[str] = []
    """Where replies of the model that judges were cut."""
    judging = engines.judge(suite.judge, settings, cuts.append) if suite.judge else nullcontext()
    async with judging as model, maker_of(suite.transport, occasion, out) as maker:
        for label, calls in specs.items():
            for spec in calls:
                async with maker.room():
                    run = await _make(maker, spec)
                if model and suite.judge:
                    run = await _Judge(suite.judge, model, cuts).judged(run, spec, say)
                runs[label].append(run)
                say(str(run))
                if run.outcome is not Outcome.COMPLETED and not run.success:
                    for line in maker.last_lines:
                        say(f"agent: {line}")
                if run.outcome is Outcome.RECORDING_FAILED:
                    say(f"no more calls are made: {run.detail}")
                    return _result(suite, runs)
                taken = taken or run.outcome not in UNTAKEN
                if not taken:
                    break
    return _result(suite, runs)


def _result(suite: Suite, runs: dict[str, list[Run]]) -> SuiteResult:
    scenarios = tuple(
        ScenarioResult(
            label=label,
            min_success=suite.min_success,
            repeat=suite.repeat,
            runs=tuple(made),
            allow_unchecked=suite.allow_unchecked,
        )
        for label, made in runs.items()
    )
    theirs = suite.counterpart.under_test
    return SuiteResult(
        support_agent=theirs.name if theirs else None,
        transport=suite.transport.name,
        repeat=suite.repeat,
        min_success=suite.min_success,
        scenarios=scenarios,
    )


class _Judge(NamedTuple):
    """What judges by `agent_expectations`."""

    name: str
    model: llm.LLM[Any]
    cuts: list[str]
    """Where its replies were cut."""

    async def judged(self, run: Run, spec: CallSpec, say: Say) -> Run:
        """A call with what it says of it, if that is asked for in words, and the call counts."""
        if not (run.folder and run.valid and spec.agent_expectations):
            return run
        self.cuts.clear()
        try:
            return run.judged(await judges.judge(run.folder, self.model, self.name, self.cuts))
        except DuologueError as error:
            say(f"not judged: {error}")
            return run


async def _make(maker: CallMaker, spec: CallSpec) -> Run:
    try:
        return Run.of(spec, await maker.call(spec))
    except CallFailed as error:
        return Run(call_id=spec.call_id, seed=spec.seed, detail=str(error))
