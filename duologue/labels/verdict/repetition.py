"""What is said or asked too often: loops, and facts that are asked for against the policy."""

import re
from collections import Counter
from collections.abc import Iterator

from duologue.labels.verdict.evidence import Evidence, Spoken
from duologue.labels.verdict.finding import Check, Finding
from duologue.labels.verdict.questions import asks_to_repeat, with_prompt
from shared.customer_sheet import Behaviour
from shared.endings import Fault
from shared.language.as_heard import phrase, sentences
from shared.spec import Role
from support_agent import ATTEMPTS, Slot, SlotKind, identifying_tools, load_business

LOOP = 4
"""A sentence that one side says so often is a loop."""
LOOP_WORDS = 4
"""Shorter sentences may come as often as they like."""
_STOCK = re.compile(
    r" (?:anything else|something else|what else|still there|(?:thank you|thanks) for"
    r"|can help you with that|you are welcome|(?:1|a) moment|good bye) "
)
"""What may be said again whenever there is occasion."""
_SAME = 0.7
"""Share of the words of the shorter question from which on two are one, put in other words."""


def loops(evidence: Evidence) -> Iterator[Finding]:
    """Sentences that one side said again and again of its own accord.

    It may answer a repeated question as often as it is put, say again what the other side asks for
    once more, and do what its behaviours say.
    """
    for role in Role:
        last: dict[str, Spoken] = {}
        times: Counter[str] = Counter()
        prompts: dict[str, list[str]] = {}
        for turn, prompt in with_prompt(evidence.turns):
            if turn.role is not role or _on_request(evidence, turn, prompt):
                continue
            for sentence in sentences(turn.text):
                words = phrase(sentence)
                if len(sentence.split()) < LOOP_WORDS or _STOCK.search(words):
                    continue
                asked = _question(prompt)
                if asked and not sentence.endswith("?"):
                    if any(_alike(asked, earlier) for earlier in prompts.setdefault(words, [])):
                        continue
                    prompts[words].append(asked)
                times[words] += 1
                last[words] = turn
        for words, count in times.items():
            if count >= LOOP:
                said = f"{count} times:{words.rstrip()}"
                place = last[words].turn
                yield Finding(check=Check.LOOP, fault=Fault(role), detail=said, turn=place)


def asked_too_often(evidence: Evidence) -> Iterator[Finding]:
    """Facts that identify the caller and were asked for more often than any policy allows.

    It counts from the last time that the caller was found.
    """
    support = evidence.spec.support
    if not support:
        return
    slots, tools = load_business(support.business).identity(), identifying_tools(support.business)
    found_s = [use.at_s for use in evidence.tools if use.tool in tools and use.succeeded]
    asked: Counter[Slot] = Counter()
    since = 0.0
    for turn, prompt in with_prompt(evidence.turns):
        if any(since < at_s <= turn.at_s for at_s in found_s):
            asked.clear()
        since = turn.at_s
        again = turn.interrupted or prompt is None or _on_request(evidence, turn, prompt)
        if turn.role is not Role.SUPPORT or (again and asked):
            continue
        for slot in slots:
            if not any(_asks_for(sentence, slot) for sentence in sentences(turn.text)):
                continue
            asked[slot] += 1
            if asked[slot] == ATTEMPTS + 1:
                yield Finding(
                    check=Check.ASKED_TOO_OFTEN,
                    fault=Fault.SUPPORT,
                    detail=f"asked for {slot.noun} more than {ATTEMPTS} times",
                    turn=turn.turn,
                )


def _on_request(evidence: Evidence, turn: Spoken, prompt: Spoken | None) -> bool:
    """Whether a turn is one of the caller's behaviours, or what they make the agent say again."""
    if turn.behaviour:
        return True
    if prompt is None:  # said into a silence
        fell_silent = any(each.behaviour is Behaviour.SILENCE for each in evidence.behaved)
        return turn.role is Role.SUPPORT and fell_silent
    return prompt.behaviour is not None or asks_to_repeat(prompt.text)


def _question(prompt: Spoken | None) -> str:
    """The last question that was put, if any was."""
    asked = [part for part in sentences(prompt.text) if part.endswith("?")] if prompt else []
    return phrase(asked[-1]) if asked else ""


def _alike(one: str, other: str) -> bool:
    words, others = set(one.split()), set(other.split())
    return len(words & others) >= _SAME * min(len(words), len(others))


_REQUEST = re.compile(
    r" (?:tell|give) (?:me|us) | (?:have|get|take|spell|repeat|confirm|need|ask|what) "
)


def _asks_for(sentence: str, slot: Slot) -> bool:
    words = phrase(sentence)
    if " spell " in words:  # how a name is written is not the name
        return False
    noun = " name " if slot.kind is SlotKind.NAME else phrase(slot.noun.removeprefix("your "))
    return noun in words and bool(_REQUEST.search(words)) and "could not" not in words
