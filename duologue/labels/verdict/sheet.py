"""Whether the caller kept to its sheet; a call in which it makes things up does not count."""

import re
from collections.abc import Iterator, Set
from contextlib import suppress

from duologue.labels.verdict.evidence import Evidence
from duologue.labels.verdict.finding import Check, Finding
from duologue.labels.verdict.names import given_names, name_words
from duologue.labels.verdict.values import AMOUNT_OR_DATE, CODE_LENGTHS, aloud
from shared.customer_sheet import CustomerSheet
from shared.endings import Fault
from shared.language.as_heard import codes, digits_of, phrase
from shared.language.facts.typed import typed_fact
from shared.language.facts.unclear import UnclearFact
from shared.spec import Role

_AGENT_SPEECH = re.compile(r" thank you for calling | how (?:can|may) i help (?:you )?(?:today )?$")


def left_sheet(evidence: Evidence) -> Iterator[Finding]:
    """What the caller said that it cannot know, and where it played the agent.

    Looked at are codes, amounts of money, dates, and the name it gives. It may say what is on its
    sheet, what it has heard, and what it said wrong on purpose.
    """
    sheet = evidence.spec.customer
    if not sheet:
        return
    told = [*_facts_aloud(sheet)]
    codes_known = {digits_of(fact.value) for fact in sheet.facts.values()} | evidence.slips
    codes_known |= {digits_of(words) for words in told}
    codes_known |= {digits_of(phrase(fact.said)) for fact in sheet.facts.values() if fact.said}
    words_known = "".join([_words_of(sheet), *told])
    for turn in evidence.turns:
        if turn.role is Role.SUPPORT:
            for text in (turn.text, turn.heard):
                said = codes(text, CODE_LENGTHS)
                codes_known |= {reading for code in said for reading in code.digits}
                words_known += phrase(text)
            continue
        made_up = list(_made_up(turn.text, sheet, codes_known, words_known))
        if turn.interrupted:  # what was cut off in a date or a number is no other one
            meant = {*_made_up(turn.intended, sheet, codes_known, words_known)}
            made_up = [each for each in made_up if each in meant]
        for value in made_up:
            yield _finding(f"said {value}, which is not on its sheet", turn.turn)
        if _AGENT_SPEECH.search(phrase(turn.text)):
            yield _finding(f"plays the agent: {turn.text}", turn.turn)


def _made_up(
    text: str, sheet: CustomerSheet, codes_known: Set[str], words_known: str
) -> Iterator[str]:
    """The codes, amounts, dates and own names in a text that the caller cannot know."""
    for code in _codes_beyond(text, codes_known):
        yield repr(code)
    for value in AMOUNT_OR_DATE.findall(phrase(text)):
        if f" {value}" not in words_known:
            yield repr(value)
    for name in _names_beyond(text, sheet):
        yield f"the name {name!r}"


def _finding(detail: str, turn: int | None) -> Finding:
    return Finding(check=Check.LEFT_SHEET, fault=Fault.CUSTOMER, detail=detail, turn=turn)


def _words_of(sheet: CustomerSheet) -> str:
    """All that is on a sheet, as normalized words."""
    facts = sheet.facts.values()
    texts = [
        sheet.instructions,
        sheet.persona.about,
        sheet.behaviours.barge_in.say,
        *sheet.refuses,
        *(goal.say for goal in sheet.goals),
        *(fact.said for fact in facts if fact.said),
    ]
    return "".join(
        [*(phrase(text) for text in texts), *(words for one in facts for words in aloud(one.value))]
    )


def _facts_aloud(sheet: CustomerSheet) -> Iterator[str]:
    """How the caller says its facts, as normalized words."""
    for name, fact in sheet.facts.items():
        with suppress(UnclearFact):
            yield phrase(typed_fact(name, fact.value).aloud)


def _codes_beyond(text: str, known: Set[str]) -> Iterator[str]:
    """The codes said that are neither known nor a part of one: they are spoken in pieces, too."""
    for code in codes(text, CODE_LENGTHS):
        if not any(reading in value for reading in code.digits for value in known):
            yield code.digits[0]


def _names_beyond(text: str, sheet: CustomerSheet) -> Iterator[str]:
    """The names it gives as its own that are not; of its own a part, or a beginning, will do."""
    known = name_words(" ".join([sheet.persona.name, *(f.value for f in sheet.facts.values())]))
    for name in given_names(text):
        if not all(any(own.startswith(word) for own in known) for word in name_words(name)):
            yield name
