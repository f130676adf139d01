"""What led to a task not being done: what the support agent misheard before it knew who calls."""

from collections.abc import Iterator

from duologue.labels.verdict.evidence import Evidence
from duologue.labels.verdict.names import name_words
from duologue.labels.verdict.values import CODE_LENGTHS
from shared.language.as_heard import codes, digits_of
from shared.spec import Role
from support_agent import identifying_tools

_OFTEN = {1: "once", 2: "twice"}


def root(evidence: Evidence) -> str:
    """Which facts of the caller's were misheard, if nobody was found by them; else empty."""
    support, sheet = evidence.spec.support, evidence.spec.customer
    if not (support and sheet):
        return ""
    tools = identifying_tools(support.business)
    if any(use.tool in tools and use.succeeded for use in evidence.tools):
        return ""
    facts = {name: digits_of(fact.value) for name, fact in sheet.facts.items()}
    misheard = {
        name.replace("_", " "): list(_codes_misheard(evidence, digits))
        for name, digits in facts.items()
        if len(digits) in CODE_LENGTHS
    }
    told = [_told(noun, heard, facts[noun.replace(" ", "_")]) for noun, heard in misheard.items()]
    names = list(_names_misheard(evidence, sheet.persona.name))
    told.append(_told("name", names, sheet.persona.name))
    return "; ".join(filter(None, told))


def _told(noun: str, heard: list[str], said: str) -> str:
    if not heard:
        return ""
    times = _OFTEN.get(len(heard), f"{len(heard)} times")
    instead = ", ".join(dict.fromkeys(heard))
    return f"{noun} misheard {times}: {instead} for {said}"


def _codes_misheard(evidence: Evidence, digits: str) -> Iterator[str]:
    """What was heard instead, each time the caller said a code and it was misheard."""
    for turn in evidence.said(Role.CUSTOMER):
        if digits not in _digits(turn.text):
            continue
        heard = _digits(turn.heard)
        if digits not in heard:
            yield next(iter(heard), "nothing")


def _digits(text: str) -> list[str]:
    return [reading for code in codes(text, CODE_LENGTHS) for reading in code.digits]


def _names_misheard(evidence: Evidence, name: str) -> Iterator[str]:
    words = name_words(name)
    for turn in evidence.said(Role.CUSTOMER):
        if words <= name_words(turn.text) and not words <= name_words(turn.heard):
            yield repr(turn.heard or "nothing")
