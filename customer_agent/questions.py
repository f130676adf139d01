"""What the agent wants to hear: what the call is about, a yes or no, or what was said again.

What it asks last is what it waits for. A recognizer may have lost the question mark.
"""

import re

from customer_agent.facts import is_request
from shared.language.as_heard import phrase, sentences
from shared.language.statements import is_question

_TOPIC = re.compile(
    r" (?:anything else|something else|what else|any other|further"
    r"|(?:how|what|is there \w+) (?:can|may|could) (?:i|we) (?:help|assist|do)"
    r"|(?:can|may|could) (?:i|we) (?:help|assist) you"
    r"|what is (?:wrong|the (?:problem|matter|issue))"
    r"|what happened|which 1|in a few words|calling about|help you (?:with )?today|describe"
    r"|(?:what|why)(?: \w+){0,3} calling|reason for your call|(?:what|which)(?: \w+)? brings you"
    r"|what (?:is|are) (?:this|it|that|the call|your call|we) (?:about|regarding|concerning)"
    r"|what (?:do you need|seems to be)|how (?:may|can|should) i direct) "
)
_NO_QUESTION = re.compile(
    r"^ (?:\w+ ){0,3}(?:i|we) (?:am|are|do|did|can|could|have|will|was|were) (?:\w+ )*?"
    r"(?:what is|what happened) "
)
"""The agent says it of itself: "I do not understand what is wrong"."""
_THERE = re.compile(r" (?:are you (?:still )?(?:there|here)|can you hear me) |^ hello $")
_AGAIN = re.compile(
    r" (?:repeat|(?:say|tell me) (?:that|it|this|so)? ?again|1 more time"
    r"|(?:not|no) (?:catch|hear|understand)|pardon) "
)
_YES_OR_NO = re.compile(
    r" (?:shall|should|would|do|may|can|could|is|are|did|have|has|will)"
    r" (?:i|we|you|it|that|this|the) "
)
_SHALL = re.compile(r"^ (?:(?:shall|shell|sell|she will) (?:i|we)|she will like) ")
"""An offer as recognizers hear it, who then take it for no question."""
_PROPOSED = re.compile(
    r" (?:shall|should|may|can|could) (?:i|we) | would you (?:like|want|prefer)"
    r"| do you (?:want|wish) | are you (?:happy|okay|fine|all right) "
)
_WHICH = re.compile(
    r"^ (?:(?:and|so|okay|then|now|sorry|at|for|in|on|by|from|to|until|under) )*"
    r"(?:what|which|when|where|who|how|why) "
)
_TELL = re.compile(r" (?:tell|give|share|confirm|spell|provide|telling|giving|spelling) ")
_OFFERED = re.compile(
    r" (?:if you (?:like|want|wish|prefer)|(?:i|we) (?:can|could) (?:also )?(?:have|get|send|book"
    r"|refund|cancel|move|change|offer|arrange|put|transfer|connect|call|replace|reset|order|credit"
    r"|schedule)) "
)
"""An offer that is put as a statement."""

_LONG = 5
"""Words of a question that says what it is about."""


def wants_topic(text: str) -> bool:
    """Whether the agent waits to hear what the call is about, or what else is."""
    parts = [phrase(part) for part in sentences(text)]
    topics = [
        place
        for place, part in enumerate(parts)
        if _TOPIC.search(part) and not _NO_QUESTION.search(part)
    ]
    later = [place for place, part in enumerate(sentences(text)) if is_offer(part)]
    return bool(topics) and max(topics) >= max(later, default=0)


def asks_who_is_there(text: str) -> bool:
    """Whether the agent wants to know that the caller is still there."""
    return bool(_THERE.search(phrase(text)))


def asks_again(text: str) -> bool:
    """Whether the agent wants to hear once more what was said last, and offers nothing instead."""
    return bool(_AGAIN.search(phrase(text))) and not any(map(is_offer, sentences(text)))


def is_offer(sentence: str) -> bool:
    """Whether a sentence proposes something, to be agreed to or not."""
    words = phrase(sentence)
    if is_request(sentence) or _TELL.search(words):
        return False
    asked = is_question(sentence) and not _WHICH.search(words) and _PROPOSED.search(words)
    return bool(asked or _SHALL.search(words) or _OFFERED.search(words))


def yes_or_no_questions(text: str) -> list[str]:
    """The sentences to which a yes or a no is an answer; if none is, offers put as statements."""
    parts = [part for part in sentences(text) if not is_request(part)]
    asked = [
        part
        for part in parts
        if _SHALL.search(words := phrase(part))
        or (is_question(part) and _YES_OR_NO.search(words) and not _WHICH.search(words))
    ]
    return asked or [part for part in parts if is_offer(part)]


def question_in(text: str) -> str:
    """The last question in a text, in the form in which two are compared; empty if none is.

    A short one ("Is that right?") comes with what stands before it.
    """
    parts = sentences(text)
    places = [at for at, part in enumerate(parts) if is_question(part) or is_request(part)]
    if not places:
        return ""
    question = phrase(parts[places[-1]])
    if len(question.split()) >= _LONG or not places[-1]:
        return question
    return phrase(parts[places[-1] - 1]) + question
