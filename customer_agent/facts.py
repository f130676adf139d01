"""A caller's facts: how each is said aloud, and which of them a question asks for."""

import re
from collections.abc import Mapping, Sequence

from shared.language.as_heard import phrase
from shared.language.likeness import likeness
from shared.language.to_say import digits_aloud, full_date_aloud, speakable

# How people ask for facts that sheets often have. Any other is asked for by its own name.
_ASKED_AS: dict[str, tuple[str, ...]] = {
    "name": ("name", "names", "who am i speaking", "who i am speaking"),
    "order_number": ("order number", "number of your order", "order id", "order reference"),
    "account_number": ("account number", "customer number", "number of your account"),
    "patient_number": ("patient number",),
    "postcode": ("postcode", "post code", "postal code", "zip code", "zip"),
    "email": ("email", "e mail", "mail address"),
    "phone": ("phone", "telephone", "mobile", "cell", "number to reach you", "callback number"),
    "date_of_birth": ("date of birth", "birth date", "birthday", "born"),
}
_QUESTION = re.compile(
    r" (?:could|can|may|might|would|will|tell|give|share|what|which|who|need|please|spell|confirm"
    r"|repeat|do you have|is there|say) "
)
_REQUEST = re.compile(
    r" (?:tell|give) (?:me|us) | (?:may|can|could|would) (?:i|we|you) (?:please )?"
    r"(?:have|get|take|ask|share|repeat|say|spell|read|confirm) | what is "
)
_PROPOSAL = re.compile(r" (?:shall|should) (?:i|we) | could not | can not ")
_ALIKE = 0.85
"""From this likeness on, several words misheard are still taken for the name of a fact."""


def is_request(sentence: str) -> bool:
    """Whether a sentence asks the caller to say something."""
    return bool(_REQUEST.search(phrase(sentence)))


def asked_for(sentence: str, facts: Mapping[str, str]) -> list[str]:
    """The names of the facts that `sentence` asks for, whether the caller has them or not."""
    words = phrase(sentence)
    if _PROPOSAL.search(words) or not (sentence.endswith("?") or _QUESTION.search(words)):
        return []
    phrases = {key: (key.replace("_", " "),) for key in facts} | _ASKED_AS
    asked = {key: _place(words, aliases) for key, aliases in phrases.items()}
    asked = {key: place for key, place in asked.items() if place >= 0}
    if not asked and _REQUEST.search(words):
        asked = {
            key: 0 for key in phrases if _misheard(words, key) or _half_named(words, key, facts)
        }
    return sorted(asked, key=asked.__getitem__)


def _place(words: str, aliases: Sequence[str]) -> int:
    """Where in `words` the first of `aliases` stands, -1 if none does."""
    found = [words.find(phrase(alias)) for alias in aliases]
    return min((place for place in found if place >= 0), default=-1)


def _misheard(words: str, key: str) -> bool:
    """Whether something in `words` sounds like the name of a fact."""
    return len(key) > 5 and likeness(words, key.replace("_", " ")) >= _ALIKE


def _half_named(words: str, key: str, facts: Mapping[str, str]) -> bool:
    """Whether `words` has half of the name of a fact, which is enough if the caller has it."""
    first, *rest = phrase(key.replace("_", " ")).split()
    halves = [f" your {first} ", *(f" {word} " for word in rest if len(word) > len("of"))]
    return key in facts and bool(rest) and any(half in words for half in halves)


def fact_aloud(key: str, value: str) -> str:
    """A fact as the caller says it."""
    if key == "email":
        spoken = (
            value.lower().replace("@", " at ").replace(".", " dot ").replace("_", " underscore ")
        )
        return " ".join(
            digits_aloud(part) if part.isdecimal() else part
            for part in re.findall(r"\d+|[^\d\s]+", spoken)
        )
    if key == "date_of_birth":
        return full_date_aloud(value)
    if is_code(value):
        return digits_aloud(value)
    return speakable(value)


def is_code(value: str) -> bool:
    """Whether a value is said character by character."""
    return bool(
        re.fullmatch(r"[A-Za-z]{0,4}[\s-]?\d[\dA-Za-z\s-]{2,}", value)
    ) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value)
