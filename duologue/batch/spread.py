"""Many calls, spread evenly: who calls about what, and how."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain, zip_longest
from pathlib import Path
from random import Random
from typing import NamedTuple

from pydantic import RootModel

from duologue.batch.plan import Plan
from duologue.call.over_livekit.recorder import IDENTITY
from duologue.scenarios.call_names import call_names
from duologue.scenarios.document import Document
from duologue.scenarios.scenario import NO_OPTIONS, Scenario
from shared.customer_sheet import Behaviour, Behaviours, Persona
from shared.settings import Settings
from shared.spec import NO_LATENCY, CallSpec, EngineChoice, Latency, Role
from shared.values import Text


class BehaviourFile(RootModel[dict[Text, Behaviours]]):
    """A file of behaviours, by names of one's own."""


class Part(NamedTuple):
    """One call to be."""

    scenario: Scenario
    """With who plays it, and how."""
    seed: int


def load_behaviours(path: Path) -> Mapping[str, Behaviours]:
    """The behaviours in a file.

    Raises:
        DocumentError: It has something else.
    """
    return Document.read(path).parse(BehaviourFile).root


def spread(
    scenarios: Sequence[Scenario],
    personas: Sequence[Persona],
    *,
    calls: int,
    seed: int,
    behaviours: Sequence[Behaviours] = (),
) -> list[Part]:
    """So many calls, in each of which another seed is drawn.

    Every scenario, persona and voice comes as often as the next, but for one call, and so does
    each pair of a scenario and a persona; voices only if there are as many personas to each.

    Args:
        scenarios: What they are about.
        personas: Who calls.
        calls: How many.
        seed: Of all that is drawn.
        behaviours: Dealt out like the others, in the place of the scenarios' own.
    """
    random = Random(seed)  # noqa: S311 - nothing secret
    about = random.sample(scenarios, len(scenarios))
    callers = _by_turns_of_voices(personas, random)
    # Shifted by one whenever the same pairs would come again.
    period = math.lcm(len(about), len(callers))

    @cache
    def played(scenario: int, caller: int) -> Scenario:
        return about[scenario].with_persona(callers[caller])

    parts = [
        played(index % len(about), (index + index // period) % len(callers))
        for index in range(calls)
    ]
    if behaviours:
        dealt = _deal(behaviours, calls, random)
        parts = [
            part.model_copy(update={"behaviours": each})
            for part, each in zip(parts, dealt, strict=True)
        ]
    return [*map(Part, parts, random.sample(range(2**31), calls))]


def plan_of(
    parts: Sequence[Part],
    settings: Settings,
    latency: Latency = NO_LATENCY,
    options: Mapping[Role, EngineChoice] = NO_OPTIONS,
) -> Plan:
    """The plan that makes these calls: `number-label`."""
    chosen = {role: settings.engines(role) for role in Role}
    labels = [*dict.fromkeys(part.scenario.label for part in parts)]
    names = dict(zip(labels, call_names(labels), strict=True))
    ids = [f"{number:05}-{names[part.scenario.label]}" for number, part in enumerate(parts)]

    def make(index: int) -> CallSpec:
        return parts[index].scenario.to_spec(
            call_id=ids[index],
            seed=parts[index].seed,
            engines=chosen,
            options=options,
            recorder=IDENTITY,
            latency=latency,
        )

    return Plan(ids, make)


def coverage(parts: Sequence[Part]) -> dict[str, Counter[str]]:
    """How many calls each scenario, persona, voice and behaviour comes in, the latter perhaps."""
    personas = [part.scenario.persona for part in parts if part.scenario.persona]
    may = {
        behaviour.value: sum(
            getattr(part.scenario.behaviours, behaviour).probability > 0 for part in parts
        )
        for behaviour in Behaviour
    }
    return {
        "scenario": Counter(part.scenario.label for part in parts),
        "persona": Counter(persona.name for persona in personas),
        "voice": Counter(persona.voice or "as configured" for persona in personas),
        "behaviour": Counter(may),
    }


def _by_turns_of_voices(personas: Sequence[Persona], random: Random) -> list[Persona]:
    """All personas, those of one voice as far apart as can be."""
    groups: dict[str | None, list[Persona]] = {}
    for persona in random.sample(personas, len(personas)):
        groups.setdefault(persona.voice, []).append(persona)
    turns = chain.from_iterable(zip_longest(*groups.values()))
    return [persona for persona in turns if persona]


def _deal(behaviours: Sequence[Behaviours], calls: int, random: Random) -> list[Behaviours]:
    """Each as often as the next, in an order that goes with that of nothing else."""
    dealt: list[Behaviours] = []
    while len(dealt) < calls:
        dealt += random.sample(behaviours, len(behaviours))
    return dealt[:calls]
