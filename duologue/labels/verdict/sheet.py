"""Whether the caller kept to its sheet; a call in which it makes things up does not count."""

import re
from collections.abc import Iterator

from duologue.labels.verdict.evidence import Evidence
from duologue.labels.verdict.finding import Check, Finding
from duologue.labels.verdict.values import AMOUNT_OR_DATE, CODE_LENGTHS, aloud
from shared.customer_sheet import CustomerSheet
from shared.endings import Fault
from shared.language.as_heard import codes, digits_of, phrase
from shared.spec import Role

_AGENT_SPEECH = re.compile(r" thank you for calling | how (?:can|may) i help (?:you )?(?:today )?$")
_MY_NAME = re.compile(r"\b[Mm]y (?:full )?name is ([^.,;!?]+)")
_NAME_WORD = re.compile(r"\b[^\W\d_a-z][^\W\d_]+(?:['-][^\W\d_]+)*")


def left_sheet(evidence: Evidence) -> Iterator[Finding]:
    """What the caller said that it cannot know, and where it played the agent.

    Looked at are codes, amounts of money, dates, and the name it gives. It may say what is on its
    sheet, what it has heard, and what it said wrong on purpose.
    """
    sheet = evidence.spec.customer
    if not sheet:
        return
    codes_known = {digits_of(fact.value) for fact in sheet.facts.values()} | {*evidence.slips}
    words_known = _words_of(sheet)
    for turn in evidence.turns:
        words = phrase(turn.text)
        if turn.role is Role.SUPPORT:
            for text in (turn.text, turn.heard):
                said = codes(text, CODE_LENGTHS)
                codes_known |= {reading for code in said for reading in code.digits}
                words_known += phrase(text)
            continue
        made_up = [
            *(repr(value) for value in _codes_beyond(turn.text, codes_known)),
            *(
                repr(value)
                for value in AMOUNT_OR_DATE.findall(words)
                if f" {value}" not in words_known
            ),
            *(f"the name {name!r}" for name in _names_beyond(turn.text, sheet)),
        ]
        for value in made_up:
            yield _finding(f"said {value}, which is not on its sheet")
        if _AGENT_SPEECH.search(words):
            yield _finding(f"plays the agent: {turn.text}")


def _finding(detail: str) -> Finding:
    return Finding(check=Check.LEFT_SHEET, fault=Fault.CUSTOMER, detail=detail)


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


def _codes_beyond(text: str, known: set[str]) -> Iterator[str]:
    """The codes said that are neither known nor a part of one: they are spoken in pieces, too."""
    for code in codes(text, CODE_LENGTHS):
        if not any(reading in value for reading in code.digits for value in known):
            yield code.digits[0]


def _names_beyond(text: str, sheet: CustomerSheet) -> Iterator[str]:
    """The names it gives as its own that are not; of its own a part, or a beginning, will do."""
    texts = [sheet.persona.name, *(fact.value for fact in sheet.facts.values())]
    known = [word for one in texts for word in one.casefold().split()]
    for name in _MY_NAME.findall(text):
        words = _NAME_WORD.findall(name)
        if not all(any(own.startswith(word.casefold()) for own in known) for word in words):
            yield name
