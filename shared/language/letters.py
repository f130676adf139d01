"""Letters: which of them English voices can say, and what they are without their marks."""

import unicodedata

_UNDIVIDED = str.maketrans({
    "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "æ": "ae",
    "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ß": "ss", "þ": "th", "Þ": "Th", "\u0131": "i", "ħ": "h",
    "\u2019": "'", "\u02bc": "'",
})  # fmt: skip
"""Letters that Unicode does not take apart, and what stands for an apostrophe."""


def plain(text: str) -> str:
    """Letters without their marks: "Zieliński" is "Zielinski", "Søren" "Soren"."""
    apart = unicodedata.normalize("NFKD", text.translate(_UNDIVIDED))
    return "".join(char for char in apart if not unicodedata.combining(char))


def foreign_letters(text: str) -> str:
    """The letters of a text in another script than Latin, of which an English voice says none."""
    others = (char for char in text if char.isalpha() and not plain(char).isascii())
    return "".join(char for char in others if not _is_latin(char))


def _is_latin(char: str) -> bool:
    return unicodedata.name(char, "").startswith(("LATIN", "MODIFIER", "FEMININE", "MASCULINE"))
