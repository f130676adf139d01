"""What led to a task not being done: what the support agent misheard before it knew who calls."""

from collections.abc import Iterator
from typing import NamedTuple

from duologue.labels.verdict.evidence import Evidence, Spoken
from duologue.labels.verdict.names import name_words
from duologue.labels.verdict.values import CODE_LENGTHS
from shared.language.as_heard import codes, digits_of
from shared.spec import Role
from support_agent import identifying_tools

_OFTEN = {1: "once", 2: "twice"}


class Root(NamedTuple):
    """What led to something."""

    told: str
    turn: int | None
    """Where it shows first, by its place in transcript.json."""


class _Misheard(NamedTuple):
    heard: str
    turn: Spoken


def root(evidence: Evidence) -> Root | None:
    """Which facts of the caller's were misheard, if nobody was found by them."""
    support, sheet = evidence.spec.support, evidence.spec.customer
    if not (support and sheet):
        return None
    tools = identifying_tools(support.business)
    if any(use.tool in tools and use.succeeded for use in evidence.tools):
        return None
    misheard = {
        (name.replace("_", " "), digits): list(_codes_misheard(evidence, digits))
        for name, digits in ((name, digits_of(fact.value)) for name, fact in sheet.facts.items())
        if len(digits) in CODE_LENGTHS
    }
    own = sheet.persona.name
    misheard["name", own] = list(_names_misheard(evidence, own))
    told = [_told(noun, said, each) for (noun, said), each in misheard.items() if each]
    turns = [one.turn for each in misheard.values() for one in each]
    if not turns:
        return None
    return Root("; ".join(told), min(turns, key=lambda turn: turn.at_s).turn)


def _told(noun: str, said: str, misheard: list[_Misheard]) -> str:
    times = _OFTEN.get(len(misheard), f"{len(misheard)} times")
    instead = ", ".join(dict.fromkeys(one.heard for one in misheard))
    return f"{noun} misheard {times}: {instead} for {said}"


def _codes_misheard(evidence: Evidence, digits: str) -> Iterator[_Misheard]:
    """What was heard instead, each time the caller said a code and it was misheard."""
    for turn in evidence.said(Role.CUSTOMER):
        if digits not in _digits(turn.text):
            continue
        heard = _digits(turn.heard)
        if digits not in heard:
            yield _Misheard(next(iter(heard), "nothing"), turn)


def _digits(text: str) -> list[str]:
    return [reading for code in codes(text, CODE_LENGTHS) for reading in code.digits]


def _names_misheard(evidence: Evidence, name: str) -> Iterator[_Misheard]:
    words = name_words(name)
    for turn in evidence.said(Role.CUSTOMER):
        if words <= name_words(turn.text) and not words <= name_words(turn.heard):
            yield _Misheard(repr(turn.heard or "nothing"), turn)
