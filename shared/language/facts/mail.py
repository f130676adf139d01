"""E-mail and web addresses."""

import re

from shared.language.to_say import digits_aloud

MAIL = re.compile(r"[\w.+'%-]+@[\w-]+(?:\.[\w-]+)+")
_WEB = re.compile(r"(?:https?://)?(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}(?:/[\w/.-]*)?")
_MARKS = {
    "@": "at", ".": "dot", "-": "dash", "_": "underscore", "+": "plus", "/": "slash",
    "'": "apostrophe", "%": "percent",
}  # fmt: skip


def is_mail(text: str) -> bool:
    """Whether a text is an e-mail or web address, and nothing else."""
    web = _WEB.fullmatch(text) and (text.islower() or text.lower().startswith(("www.", "http")))
    return bool(MAIL.fullmatch(text) or web)


def mail_aloud(address: str) -> str:
    """An e-mail or web address: "ann-lee_9@mail.co.uk" is "ann dash lee underscore nine at ...".

    Words stay words; what has no vowel, and the ending of a country, is spelled.
    """
    address = re.sub(r"^https?://", "", address.rstrip("/"))
    *parts, last = re.findall(r"\d+|[^\W\d_]+|[^\w\s]|_", address)
    after_dot = parts[-1:] == ["."]
    return " ".join([*map(_part_aloud, parts), _part_aloud(last, country=after_dot)])


def _part_aloud(part: str, *, country: bool = False) -> str:
    if part in _MARKS:
        return _MARKS[part]
    if part.isdecimal():
        return digits_aloud(part)
    word = part.lower()
    spelled = len(word) == 1 or (country and len(word) == 2) or not re.search("[aeiouy]", word)
    return " ".join(word.upper()) if spelled and len(word) <= 4 else word
