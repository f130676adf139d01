"""`duologue plan`: which calls a batch is to make."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from duologue.batch.plan import Plan, Repeated
from duologue.batch.spread import Part, coverage, load_behaviours, plan_of, spread
from duologue.cli.business_option import BusinessOption
from duologue.cli.engine_options import NOTHING_NAMED, NamedEngines, with_engine_options
from duologue.cli.persona_option import PersonaOption, named_persona
from duologue.cli.terminal import Terminal
from duologue.scenarios.at_business import chosen_scenarios
from duologue.scenarios.persona import load_personas
from duologue.scenarios.scenario_file import bundled_files, bundled_scenarios
from shared.engines.latency import read_latency
from shared.errors import UsageError
from shared.settings import read_settings

out = Terminal()

LatencyOption = Annotated[
    list[str] | None,
    typer.Option(
        help="How long engines are made to take: recognition=0.3, language=0.5:0.4 (median "
        "seconds, spread of the logarithm), synthesis=0.2; may be given for each."
    ),
]


@with_engine_options
def plan(
    scenarios: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SCENARIO]...",
            help="Bundled scenarios, FILE for all of a file, or FILE#LABEL; all bundled if none.",
        ),
    ] = None,
    *,
    business: BusinessOption = None,
    persona: PersonaOption = None,
    to: Annotated[Path, typer.Option("--out", help="The file to write.")],
    calls: Annotated[
        int | None,
        typer.Option(
            min=1, max=1_000_000, help="Calls, spread evenly over scenarios, personas and voices."
        ),
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(min=1, help="Instead: calls of each scenario, by its own persona."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Of all that --calls draws; of the first of --repeats.")
    ] = 0,
    behaviours: Annotated[
        Path | None,
        typer.Option(help="With --calls: a YAML file of behaviours, dealt out to the calls."),
    ] = None,
    latency: LatencyOption = None,
    named: NamedEngines = NOTHING_NAMED,
) -> None:
    """Write a plan for `duologue batch`: one call specification a line."""
    settings = read_settings().with_profile(named.profile)
    parts: list[Part] = []
    caller = named_persona(persona)
    if calls is None:
        if behaviours:
            raise UsageError("--behaviours are dealt out to --calls; say how many")
        own = [one.label for one in chosen_scenarios((), business)]
        references = scenarios or own or [path.stem for path in bundled_files()]
        repeated = Repeated(
            scenarios=tuple(references),
            repeats=repeats or 1,
            seed=seed,
            latency=read_latency(latency or []),
            persona=caller,
        )
        made = Plan.of(repeated, settings, named.choices, business)
    else:
        if repeats:
            raise UsageError("--calls and --repeats do not go together")
        found = chosen_scenarios(scenarios or (), business)
        parts = spread(
            found or bundled_scenarios(),
            [caller] if caller else [*load_personas().values()],
            calls=calls,
            seed=seed,
            behaviours=[*load_behaviours(behaviours).values()] if behaviours else (),
        )
        made = plan_of(parts, settings, read_latency(latency or []), named.choices)
    made.check(range(len(made.ids)), settings)
    made.write(to)
    if parts:
        out.print(_shown(parts))
    out.print(f"{len(made.ids)} calls in {to}; make them with: duologue batch {to} --out calls")


def _shown(parts: list[Part]) -> Table:
    """How often the calls have what can be had."""
    table = Table("", "number", "calls of each", box=None)
    for kind, counts in coverage(parts).items():
        if kind == "behaviour":
            for name, number in counts.items():
                table.add_row(f"may {name.replace('_', ' ')}", "", str(number))
        else:
            few, many = min(counts.values()), max(counts.values())
            each = str(few) if few == many else f"{few} to {many}"
            table.add_row(f"{kind}s", str(len(counts)), each)
    return table
