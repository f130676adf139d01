"""What is checked of every call; each check yields what it finds."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from enum import StrEnum

from duologue.outcome import COMPLETE, Fault, Outcome
from duologue.verdict import desk
from duologue.verdict.evidence import Evidence, Spoken
from shared.speakable import date_aloud, full_date_aloud, money_aloud
from shared.spec import Expectation, Role
from shared.spoken import codes, digits_of, normalize, phrase, sentences
from shared.values import Frozen, Value
from support_agent import identifying_tools, public_tables

LOOP = 4
"""A sentence that one side says so often is a loop."""
LOOP_WORDS = 4
"""Shorter sentences may come as often as they like."""
CODE_LENGTHS = tuple(range(4, 17))
"""Digits in what is taken for a code, not an amount or a time."""

_GOODBYE = re.compile(r" (?:good ?bye|bye) ")
_AGENT_SPEECH = re.compile(r" thank you for calling | how (?:can|may) i help (?:you )?(?:today )?$")


class Check(StrEnum):
    """What a finding is about."""

    DESK = "desk"
    """The desk's rows are not those that were expected."""
    NOT_SAID = "not_said"
    FORBIDDEN_SAID = "forbidden_said"
    NOT_DONE = "not_done"
    """A tool was not used, or not in the expected order."""
    FORBIDDEN_DONE = "forbidden_done"
    DISCLOSED = "disclosed"
    """Something of an account was told before the caller was identified."""
    LEFT_SHEET = "left_sheet"
    """The caller said what it cannot know, or played the agent."""
    LOOP = "loop"
    ENDING = "ending"
    """The call did not end as calls should."""
    HUNG_UP_EARLY = "hung_up_early"
    """The caller did, on purpose."""
    SYSTEM = "system"
    """A part failed."""
    AUDIO = "audio"
    """The recording is not what was spoken."""


TASK = frozenset(
    {
        Check.DESK,
        Check.NOT_SAID,
        Check.FORBIDDEN_SAID,
        Check.NOT_DONE,
        Check.FORBIDDEN_DONE,
        Check.DISCLOSED,
    }
)
"""Any of these, and the task was not done."""
INVALIDATING = frozenset({Check.LEFT_SHEET, Check.HUNG_UP_EARLY, Check.SYSTEM, Check.AUDIO})
"""Any of these, and the call says nothing about the support agent."""


class Finding(Frozen):
    """Something that speaks against a call."""

    check: Check
    fault: Fault
    detail: str

    def __str__(self) -> str:
        return f"{self.check}: {self.detail}"


def all_findings(evidence: Evidence) -> Iterator[Finding]:
    """What every check finds."""
    for check in _CHECKS:
        yield from check(evidence)


def _rows(evidence: Evidence) -> Iterator[Finding]:
    if evidence.changes is None:
        yield Finding(check=Check.DESK, fault=Fault.SYSTEM, detail="the desk's rows never arrived")
        return
    for detail in desk.compare(_expected(evidence).desk, evidence.changes):
        yield Finding(check=Check.DESK, fault=Fault.SUPPORT, detail=detail)


def _words(evidence: Evidence) -> Iterator[Finding]:
    """Required and forbidden facts, in what the support agent really said."""
    expected, said = _expected(evidence), phrase(_text(evidence, Role.SUPPORT))
    for wanted in expected.said:
        if phrase(wanted) not in said:
            yield Finding(check=Check.NOT_SAID, fault=Fault.SUPPORT, detail=repr(wanted))
    for forbidden in expected.never_said:
        if phrase(forbidden) in said:
            yield Finding(check=Check.FORBIDDEN_SAID, fault=Fault.SUPPORT, detail=repr(forbidden))


def _deeds(evidence: Evidence) -> Iterator[Finding]:
    """Tools in their order, and tools that must not be used."""
    expected = _expected(evidence)
    used = [use.tool for use in evidence.tools if use.role is Role.SUPPORT and use.succeeded]
    left = iter(used)
    for wanted in expected.tools:
        if wanted not in left:  # consumes what comes before it
            detail = f"{wanted}; done was: {', '.join(used) or 'nothing'}"
            yield Finding(check=Check.NOT_DONE, fault=Fault.SUPPORT, detail=detail)
            break
    for forbidden in expected.never_done:
        if forbidden in used:
            yield Finding(check=Check.FORBIDDEN_DONE, fault=Fault.SUPPORT, detail=forbidden)


def _disclosure(evidence: Evidence) -> Iterator[Finding]:
    """Values of the call's own rows that were told before the caller was identified.

    What the caller has said itself may be said back.
    """
    support = evidence.spec.support
    if not support:
        return
    public = public_tables(support.business)
    private = {
        aloud
        for table, rows in support.desk.items()
        for row in rows
        for value in row.values()
        if table not in public
        for aloud in _aloud(value)
    }
    known = ""
    for turn in _before_identified(evidence, identifying_tools(support.business)):
        words = phrase(turn.text)
        if turn.role is Role.CUSTOMER:
            known += words
            continue
        for value in sorted(value for value in private if value in words and value not in known):
            yield Finding(check=Check.DISCLOSED, fault=Fault.SUPPORT, detail=repr(value.strip()))


def _before_identified(evidence: Evidence, tools: frozenset[str]) -> Iterator[Spoken]:
    """The turns up to the one that comes of the first look-up that finds the caller."""
    identified_s = min(
        (use.at_s for use in evidence.tools if use.tool in tools and use.succeeded),
        default=float("inf"),
    )
    return (turn for turn in evidence.turns if turn.at_s < identified_s)


def _aloud(value: Value) -> Iterator[str]:
    """What a value is told by, as normalized words: names, codes, dates, amounts."""
    if isinstance(value, int) and value >= 100:
        yield phrase(money_aloud(value))
    elif isinstance(value, str):
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            yield " ".join(["", *normalize(date_aloud(value))[1:], ""])  # without the day of week
            yield phrase(full_date_aloud(value))
        elif len(value.split()) > 1 or re.fullmatch(r"\d{4,}", value):
            yield phrase(value)


def _sheet(evidence: Evidence) -> Iterator[Finding]:
    """The validity of the simulated customer: it says no code that it cannot know."""
    sheet = evidence.spec.customer
    if not sheet:
        return
    known = {digits_of(fact.value) for fact in sheet.facts.values()} | {*evidence.slips}
    for turn in evidence.turns:
        said = codes(turn.text, CODE_LENGTHS)
        if turn.role is Role.SUPPORT:
            known |= {reading for code in said for reading in code.digits}
            continue
        for code in said:
            if not any(_part_of(reading, known) for reading in code.digits):
                yield Finding(
                    check=Check.LEFT_SHEET,
                    fault=Fault.CUSTOMER,
                    detail=f"said {code.digits[0]}, which is not on its sheet",
                )
        if _AGENT_SPEECH.search(phrase(turn.text)):
            yield Finding(
                check=Check.LEFT_SHEET, fault=Fault.CUSTOMER, detail=f"plays the agent: {turn.text}"
            )


def _part_of(digits: str, known: set[str]) -> bool:
    """Whether a code is known, or a part of one: codes are spoken in pieces, too."""
    return any(digits in value for value in known)


def _loops(evidence: Evidence) -> Iterator[Finding]:
    for role in Role:
        said = Counter(
            phrase(sentence)
            for turn in evidence.said(role)
            for sentence in sentences(turn.text)
            if len(sentence.split()) >= LOOP_WORDS
        )
        for words, times in said.items():
            if times >= LOOP:
                yield Finding(
                    check=Check.LOOP, fault=Fault(role), detail=f"{times} times:{words.rstrip()}"
                )


def _ending(evidence: Evidence) -> Iterator[Finding]:
    outcome, fault, detail = evidence.ending
    if outcome not in COMPLETE:
        yield Finding(
            check=Check.SYSTEM,
            fault=fault or Fault.SYSTEM,
            detail=f"{outcome}: {detail}" if detail else outcome,
        )
    elif outcome is Outcome.HUNG_UP_EARLY:
        yield Finding(check=Check.HUNG_UP_EARLY, fault=Fault.CUSTOMER, detail="on purpose")
    elif outcome is Outcome.DEAD_AIR:
        silent = evidence.turns[-1].role.peer if evidence.turns else Role.SUPPORT
        yield Finding(check=Check.ENDING, fault=Fault(silent), detail="said nothing any more")
    elif outcome in {Outcome.TURN_LIMIT, Outcome.LENGTH_LIMIT}:
        yield Finding(check=Check.ENDING, fault=Fault.SUPPORT, detail=f"{outcome}: no end in sight")
    else:
        for role in Role:
            if not _GOODBYE.search(phrase(_text(evidence, role))):
                yield Finding(check=Check.ENDING, fault=Fault(role), detail="said no goodbye")


def _audio(evidence: Evidence) -> Iterator[Finding]:
    if evidence.broken_audio:
        yield Finding(check=Check.AUDIO, fault=Fault.SYSTEM, detail=evidence.broken_audio)


_CHECKS: tuple[Callable[[Evidence], Iterator[Finding]], ...] = (
    _rows,
    _words,
    _deeds,
    _disclosure,
    _sheet,
    _loops,
    _ending,
    _audio,
)


def _expected(evidence: Evidence) -> Expectation:
    return evidence.spec.expected or Expectation()


def _text(evidence: Evidence, role: Role) -> str:
    return " ".join(turn.text for turn in evidence.said(role))
