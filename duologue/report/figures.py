"""The figures of a call, and what it was made with, side by side for both roles."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from duologue.folder.folder import CallRecord
from duologue.labels.cost import Billed, Priced, Usage
from duologue.labels.metrics import Metrics
from duologue.report.wording import NOTHING, seconds, share
from shared.spec import Role

_ENGINES = {
    "stt": "Hearing",
    "llm": "Thinking",
    "tts": "Speaking",
    "vad": "Activity",
}


class Figure(NamedTuple):
    """A row of a table with a column for each role."""

    name: str
    customer: str
    support: str


def figures(measured: Metrics) -> Iterator[Figure]:
    """What is worth a look at first; all of it is in metrics.json."""

    def row(name: str, of: Callable[[Role], str]) -> Figure:
        return Figure(name, of(Role.CUSTOMER), of(Role.SUPPORT))

    gaps = {role: measured.reply_gap_s[f"{role.peer}_to_{role}"] for role in Role}
    words, levels = measured.wer, measured.levels
    yield row("Turns", lambda role: str(measured.turns[role]))
    yield row("Speaks for", lambda role: f"{measured.speech_s[role]:.1f} s")
    yield row("Replies after, median", lambda role: seconds(gaps[role].p50))
    yield row("Replies after, 95\N{NO-BREAK SPACE}%", lambda role: seconds(gaps[role].p95))
    yield row("Cut short", lambda role: str(measured.interruptions[role]))
    yield row("Word error rate", lambda role: share(words[role].rate))
    yield row("Words misheard", lambda role: _of(words[role].errors, words[role].words))
    # Metrics from before there were these have none.
    if entities := {role: errors["all"] for role, errors in measured.entity_errors.items()}:
        yield row(
            "Names, numbers misheard", lambda role: _of(entities[role].count, entities[role].total)
        )
    yield row("Level of speech", lambda role: _dbfs(levels[role].speech_rms_dbfs))
    yield row("Highest peak", lambda role: _dbfs(levels[role].peak_dbfs))
    losses = {
        "Sound that never came": measured.inserted_s,
        "Sound that came too late": measured.cut_s,
        "Sound made up for losses": measured.concealed_s,
    }
    for name, lost_s in losses.items():
        if any(lost_s.values()):
            yield row(name, lambda role, lost_s=lost_s: seconds(lost_s[role]))  # type: ignore[misc]


def engines(used: Mapping[Role, Mapping[str, Any]], usage: Usage) -> Iterator[Figure]:
    """What each role heard, thought and spoke with, as its worker reported it, and the cost."""
    for kind, name in _ENGINES.items():
        yield Figure(name, *(_engine(used.get(role, {}).get(kind, {})) for role in Role))
    if usage:
        yield Figure("Cost", *(_cost(usage.get(role, ())) for role in Role))


def software(call: CallRecord) -> list[tuple[str, str]]:
    """What made the call, by name: versions, and the licences of what the engines are made of."""
    packages = [
        package
        for used in call.engines.values()
        for engine in used.values()
        for package in engine.get("packages", ())
    ]
    licensed = {each["name"]: f"{each['version']} ({each['licence']})" for each in packages}
    return [*call.versions.items(), *sorted(licensed.items())]


def _engine(reported: Mapping[str, Any]) -> str:
    return str(reported.get("engine", NOTHING))


def _cost(models: tuple[Billed, ...]) -> str:
    """Of one side, as far as it is known; local engines cost nothing."""
    priced = {each.priced for each in models}
    told = f"${sum(each.cost_usd or 0.0 for each in models):.4f}"
    if Priced.UNKNOWN in priced:
        return f"At least {told}" if Priced.LISTED in priced else "Not known"
    return told if Priced.LISTED in priced else "Nothing" if priced else NOTHING


def _of(count: int, total: int) -> str:
    return f"{count} of {total}"


def _dbfs(level: float | None) -> str:
    return NOTHING if level is None else f"{level:.1f} dBFS".replace("-", "\N{MINUS SIGN}")
