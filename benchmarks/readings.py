"""What a sentence means to the role that hears it, by that role's own rules."""

from typing import Any

from benchmarks.fixed_sentences import Sentence
from customer_agent.choices import options
from customer_agent.facts import asked_for
from customer_agent.questions import (
    asks_again,
    asks_who_is_there,
    is_offer,
    question_in,
    wants_topic,
    yes_or_no_questions,
)
from duologue.scenarios.scenario_file import bundled_scenarios
from shared.language.as_heard import is_goodbye, phrase, sentences, yes_or_no
from shared.language.statements import is_stated
from shared.side.dialogue import PeerTurn, Say
from shared.spec import Role
from support_agent import SlotKind, load_business
from support_agent.slots import is_unknown
from support_agent.talk import NOTHING_MORE, CallerLeaves

BUSINESSES = ("clinic", "internet", "shop")
FACTS = sorted({slot.name for name in BUSINESSES for slot in load_business(name).slots()})
SETTLING = sorted(
    {
        words
        for scenario in bundled_scenarios()
        for goal in scenario.goals
        for words in (*goal.met_when, *goal.refused_when)
    }
)
"""What settles goals or refuses them."""


def read(text: str, sentence: Sentence) -> dict[str, Any]:
    """What `text`, heard of a sentence, means to the role that hears it."""
    by_role = _by_customer(text) if sentence.role is Role.SUPPORT else _by_support(text, sentence)
    words = phrase(text)
    return by_role | {
        "goodbye": is_goodbye(text),
        "not": " not " in words,
        "numbers": [word for word in words.split() if word.isdecimal()],
    }


def _by_customer(text: str) -> dict[str, Any]:
    asked = [fact for part in sentences(text) for fact in asked_for(part, FACTS)]
    return {
        "asks for": sorted(set(asked)),
        "asks what it is about": wants_topic(text),
        "asks again": asks_again(text),
        "asks who is there": asks_who_is_there(text),
        "asks yes or no": bool(yes_or_no_questions(text)),
        "asks something": bool(question_in(text) or yes_or_no_questions(text)),
        "offers": any(map(is_offer, sentences(text))),
        "choices": len(options(text)),
        "settles": [words for words in SETTLING if is_stated(text, (words,))],
    }


def _by_support(text: str, sentence: Sentence) -> dict[str, Any]:
    talk = load_business(sentence.business).talk()
    steps = talk.ask("Could you tell me your name, please?")
    next(steps)
    back, leaves = "", False
    try:
        act = steps.send(PeerTurn(text, said="So I said."))
        back = act.text if isinstance(act, Say) else ""
    except StopIteration:
        pass
    except CallerLeaves:
        leaves = True
    kinds = {slot.name: slot.kind for slot in load_business(sentence.business).slots()}
    exact = (SlotKind.CODE, SlotKind.DATE)
    facts = {
        name: said[0] if kinds[name] in exact else ""  # names are measured by themselves
        for name, said in talk.facts.items()
    }
    return {
        "answer": yes_or_no(text),
        "asks back": back,
        "leaves": leaves,
        "knows": not is_unknown(text),
        "is all": bool(NOTHING_MORE.search(phrase(text))),
        "problems": [problem.name for problem in talk.waiting],
        "facts": facts,
    }
