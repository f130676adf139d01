"""Whether the caller agreed to what was changed, and whether it declined what it called for."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from duologue.labels.verdict.evidence import Evidence, Spoken
from duologue.labels.verdict.finding import Check, Finding
from duologue.labels.verdict.questions import offers
from duologue.labels.verdict.values import CODE_LENGTHS
from shared.customer_sheet import Goal
from shared.endings import Fault, Outcome
from shared.language.as_heard import (
    codes,
    digits_of,
    is_goodbye,
    normalize,
    phrase,
    sentences,
    yes_or_no,
)
from shared.spec import Role
from support_agent import load_business

EARLY_S = 0.3
"""How long before the end of a question its answer may begin: by then it is clear."""
_STEM = 4
"""Letters that a word of an offer shares with one of what settles a goal: "refund", "refunded"."""


def without_consent(evidence: Evidence) -> Iterator[Finding]:
    """Changes that the business makes only once the caller agrees, made without a yes.

    A yes counts that begins when the question has been put; what says "I listen" does not.
    """
    support = evidence.spec.support
    needing = load_business(support.business).needs_consent if support else frozenset()
    since_s = float("-inf")
    for use in evidence.tools:
        if use.role is not Role.SUPPORT or use.tool not in needing or not use.succeeded:
            continue
        turns = [turn for turn in evidence.turns if since_s <= turn.at_s < use.at_s]
        # What is done at once after another change was agreed to with it.
        if any(turn.role is Role.CUSTOMER for turn in turns) or since_s < 0:
            if not _agreed(turns):
                yield Finding(
                    check=Check.NO_CONSENT,
                    fault=Fault.SUPPORT,
                    detail=f"{use.tool} without a yes to the question",
                    turn=evidence.last_turn(Role.CUSTOMER, use.at_s),
                )
            since_s = use.at_s


def _agreed(turns: Sequence[Spoken]) -> bool:
    """Whether the last offer among some turns was answered by a yes."""
    put = [turn for turn in turns if turn.role is Role.SUPPORT and offers(turn)]
    return bool(put) and any(
        _agrees(answer.text, put[-1].text) for answer in _answers(put[-1], turns)
    )


def _agrees(answer: str, offer: str) -> bool:
    """Whether an answer is a yes, or names one of the things offered."""
    agreed, asked = yes_or_no(answer), phrase(offer)
    if agreed is not None or " or " not in asked:
        return bool(agreed)
    return any(f" {word} " in asked for word in normalize(answer) if len(word) > _STEM)


def _answers(offer: Spoken, turns: Sequence[Spoken]) -> list[Spoken]:
    """What the caller said to an offer, once it was put."""
    put_s = offer.at_s if offer.end_s is None else offer.end_s - EARLY_S
    after = [
        turn for turn in turns if turn is not offer and turn.at_s >= put_s and not turn.behaviour
    ]
    return list(takewhile(lambda turn: turn.role is Role.CUSTOMER, after))


def declined(evidence: Evidence) -> Iterator[Finding]:
    """An offer of what a goal is settled by, declined by a caller that then goes without.

    What its sheet refuses, it may decline.
    """
    sheet = evidence.spec.customer
    if not sheet or evidence.ending.outcome is not Outcome.GAVE_UP:
        return
    for turn in evidence.said(Role.SUPPORT):
        answers = _answers(turn, evidence.turns)
        declines = any(yes_or_no(each.text) is False or is_goodbye(each.text) for each in answers)
        offered = [part for part in sentences(turn.text) if part.endswith("?")]
        refused = any(phrase(words) in phrase(turn.text) for words in sheet.refuses)
        if not (declines and offers(turn)) or refused:
            continue
        if any(_settles(part, goal) for part in offered for goal in sheet.goals):
            detail = f"declined what it called for: {offered[-1]}"
            place = answers[0].turn
            yield Finding(check=Check.SPOILED, fault=Fault.CUSTOMER, detail=detail, turn=place)
            return


def denied(evidence: Evidence) -> Iterator[Finding]:
    """A code of its own, read back rightly, to which a caller without success said no.

    What it meant to correct was right, and nothing could come of it.
    """
    sheet = evidence.spec.customer
    if not sheet or evidence.ending.outcome is Outcome.COMPLETED:
        return
    own = {digits_of(fact.value) for fact in sheet.facts.values()}
    for turn in evidence.said(Role.SUPPORT):
        told = {reading for code in codes(turn.text, CODE_LENGTHS) for reading in code.digits}
        if not (told & own and offers(turn)):
            continue
        for answer in _answers(turn, evidence.turns):
            if yes_or_no(answer.text) is False:
                detail = f"said no to its own {min(told & own)}, which was read back rightly"
                yield Finding(
                    check=Check.SPOILED, fault=Fault.CUSTOMER, detail=detail, turn=answer.turn
                )
                return


def _settles(offer: str, goal: Goal) -> bool:
    """Whether an offer is of what a goal is settled by."""
    if any(phrase(words) in phrase(offer) for words in goal.met_when):
        return True
    stems = {word[: _STEM + 1] for words in goal.met_when for word in normalize(words)}
    return any(word[: _STEM + 1] in stems for word in normalize(offer) if len(word) > _STEM)
