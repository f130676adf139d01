"""What a caller knows, as it says it, and how it tells which of it is asked for."""

import re
from collections.abc import Mapping

from shared.speakable import digits_aloud, letters_aloud, speakable
from shared.spoken import phrase

# How people ask for facts that sheets often have. Any other is asked for by its own name.
_ASKED_AS: dict[str, tuple[str, ...]] = {
    "name": ("name", "names", "who am i speaking", "who i am speaking"),
    "order_number": ("order number", "number of your order", "order id", "order reference"),
    "account_number": ("account number", "customer number", "number of your account"),
    "postcode": ("postcode", "post code", "postal code", "zip code", "zip"),
    "email": ("email", "e mail", "mail address"),
    "phone": ("phone", "telephone", "mobile", "cell", "number to reach you", "callback number"),
    "date_of_birth": ("date of birth", "birth date", "birthday", "born"),
}
_REQUEST = re.compile(
    r" (?:could|can|may|might|would|will|tell|give|share|what|which|who|need|please|spell|confirm"
    r"|repeat|do you have|is there|say) "
)


def asked_for(sentence: str, facts: Mapping[str, str]) -> list[str]:
    """The names of the facts that `sentence` asks for, whether the caller has them or not."""
    words = phrase(sentence)
    if not (sentence.rstrip().endswith("?") or _REQUEST.search(words)):
        return []
    phrases = {key: (key.replace("_", " "),) for key in facts} | _ASKED_AS
    asked = {
        key: min(words.find(f" {alias} ") for alias in aliases if f" {alias} " in words)
        for key, aliases in phrases.items()
        if any(f" {alias} " in words for alias in aliases)
    }
    if " number " in words and not any(key.endswith("number") or key == "phone" for key in asked):
        # What kind of number was asked for may have been misheard.
        numbers = [key for key in facts if key.endswith("number")]
        asked |= {key: words.find(" number ") for key in numbers[:1]}
    return sorted(asked, key=asked.__getitem__)


def fact_aloud(key: str, value: str) -> str:
    """A fact as the caller says it."""
    if key == "email":
        spoken = (
            value.lower().replace("@", " at ").replace(".", " dot ").replace("_", " underscore ")
        )
        return re.sub(r"\d+", lambda digits: digits_aloud(digits[0]), spoken)
    if is_code(value):
        return digits_aloud(value)
    return speakable(value)


def is_code(value: str) -> bool:
    """Whether a value is said character by character."""
    return bool(
        re.fullmatch(r"[A-Za-z]{0,4}[\s-]?\d[\dA-Za-z\s-]{2,}", value)
    ) and not re.fullmatch(r"\d{4}-\d\d-\d\d", value)


def spelled_aloud(name: str) -> str:
    """The last name of `name`, letter by letter."""
    last = name.rsplit(maxsplit=1)[-1]
    return f"{last} is spelled {letters_aloud(last)}."
