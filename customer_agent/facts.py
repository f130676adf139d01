"""Which of a caller's facts a question asks for."""

import re
from collections.abc import Collection, Mapping, Sequence

from shared.language.as_heard import phrase
from shared.language.likeness import likeness

# How people ask for facts that sheets often have. Any other is asked for by its own name.
_ASKED_AS: dict[str, tuple[str, ...]] = {
    "name": (
        *("name", "names", "surname", "who am i speaking", "who i am speaking", "who is calling"),
        *("who am i talking", "who i am talking", "whom am i speaking"),
    ),
    "order_number": ("order number", "number of your order", "order id", "order reference"),
    "account_number": ("account number", "customer number", "number of your account"),
    "patient_number": ("patient number",),
    "postcode": ("postcode", "post code", "postal code", "zip code", "zip"),
    "email": ("email", "e mail", "email address", "e mail address", "mail address"),
    "phone": (
        "phone",
        "phone number",
        "telephone",
        "telephone number",
        "mobile",
        "mobile number",
        "cell",
        "cell phone",
        "number to reach you",
        "callback number",
        "contact number",
        "best number",
        "number where",
        "number to call",
        "number we can",
        "reach you",
    ),
    "date_of_birth": ("date of birth", "birth date", "birthday", "born", "dob", "d o b"),
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


_NOUNS = {"iban": "IBAN", "dob": "date of birth", "zip": "zip code", "vin": "VIN", "id": "ID"}


def noun_of(key: str) -> str:
    """What a caller calls a fact of this name."""
    return _NOUNS.get(key, key.replace("_", " "))


def is_request(sentence: str) -> bool:
    """Whether a sentence asks the caller to say something."""
    return bool(_REQUEST.search(phrase(sentence)))


def asked_for(sentence: str, facts: Collection[str]) -> list[str]:
    """The names of the facts that `sentence` asks for, whether the caller has them or not."""
    words = phrase(sentence)
    if _PROPOSAL.search(words) or not (sentence.endswith("?") or _QUESTION.search(words)):
        return []
    ways = _ways_to_ask(facts)
    asked = _named(words, ways)
    if not asked and _REQUEST.search(words):
        asked = {key: 0 for key in ways if _misheard(words, key) or _half_named(words, key, facts)}
    return sorted(asked, key=asked.__getitem__)


def _ways_to_ask(facts: Collection[str]) -> dict[str, tuple[str, ...]]:
    """By fact, what it is called; one that the caller lacks is asked for all the same."""
    ways = {key: (key.replace("_", " "), *_letters(key)) for key in facts}
    for usual, aliases in _ASKED_AS.items():
        held = (key for key in facts if key == usual or key.replace("_", " ") in aliases)
        key = next(held, usual)
        ways[key] = (*ways.get(key, ()), *aliases)
    return ways


def _letters(key: str) -> tuple[str, ...]:
    """A short name letter by letter, as "IBAN" may be heard."""
    return (" ".join(key),) if len(key) < 5 else ()


def _named(words: str, ways: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """What is named in `words`, and where; the address in "e-mail address" is no other."""
    places = {
        (found.start(), found.start() + len(alias)): key
        for key, aliases in ways.items()
        for alias in map(phrase, aliases)
        for found in re.finditer(f"(?={re.escape(alias)})", words)
    }
    asked: dict[str, int] = {}
    for (begin, end), key in sorted(places.items()):
        whole = not any(
            first <= begin and end <= last
            for first, last in places
            if (first, last) != (begin, end)
        )
        if whole:
            asked.setdefault(key, begin)
    return asked


def _misheard(words: str, key: str) -> bool:
    """Whether something in `words` sounds like the name of a fact."""
    return len(key) > 5 and likeness(words, key.replace("_", " ")) >= _ALIKE


def _half_named(words: str, key: str, facts: Collection[str]) -> bool:
    """Whether `words` has half of the name of a fact, which is enough if the caller has it."""
    first, *rest = phrase(key.replace("_", " ")).split()
    halves = [f" your {first} ", *(f" {word} " for word in rest if len(word) > len("of"))]
    return key in facts and bool(rest) and any(half in words for half in halves)
