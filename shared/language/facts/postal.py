"""Postal addresses."""

import re

from shared.language.to_say import UNITS, number_aloud, ordinal_aloud, year_aloud

_NAMED = frozenset({"address", "street", "home"})
_KINDS = {
    "St": "Street", "Rd": "Road", "Ave": "Avenue", "Blvd": "Boulevard", "Dr": "Drive",
    "Ln": "Lane", "Ct": "Court", "Pl": "Place", "Sq": "Square", "Hwy": "Highway",
    "Pkwy": "Parkway", "Ter": "Terrace", "Cres": "Crescent", "Cl": "Close",
}  # fmt: skip
_PARTS = {"Apt": "Apartment", "Ste": "Suite", "Fl": "Floor", "Bldg": "Building", "No": "number"}
_DIRECTIONS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest",
    "SE": "Southeast", "SW": "Southwest",
}  # fmt: skip
_ANY_KIND = "|".join([*_KINDS, *_KINDS.values(), "Way"])
_LOOKS = re.compile(rf"\d+[A-Za-z]?,? (?:[\w.'-]+ ){{1,5}}(?:{_ANY_KIND})\b.*")
_WORD = re.compile(r"[\w'-]+\.?|\S")


def is_address(name: str, value: str) -> bool:
    """Whether a fact is a postal address: by its name, or as in "12 Oak Street, Springfield"."""
    named = _NAMED & set(name.lower().split("_")) and re.search(r"[^\W\d_]{2}", value)
    return bool((named and "@" not in value) or _LOOKS.fullmatch(value))


def address_aloud(value: str) -> str:
    """A postal address: house numbers as numbers, codes by character, abbreviations in full."""
    return ", ".join(_line_aloud(line) for line in re.split(r"\s*[,\n]\s*|\s+-\s+", value) if line)


def _line_aloud(line: str) -> str:
    line = re.sub(r"\bP\.? ?O\.? Box\b", "P O Box", line, flags=re.IGNORECASE)
    words = _WORD.findall(line.replace("#", "number ").replace("/", " slash "))
    said = []
    for index, written in enumerate(words):
        word = written.rstrip(".") if written != "." else ""
        before, after = words[index - 1] if index else "", words[index + 1 : index + 2]
        said.append(_word_aloud(word, before, bool(after)))
    return " ".join(filter(None, said))


def _word_aloud(word: str, before: str, more: bool) -> str:  # noqa: FBT001 - one caller, above
    follows_name = before[:1].isalpha() or bool(re.fullmatch(r"\d+(?:st|nd|rd|th)", before))
    if word == "St" and more and not follows_name:
        return "Saint"
    if word in _KINDS and follows_name:
        return _KINDS[word]
    if word in _PARTS:
        return _PARTS[word]
    # At the end of a line "SE" may be a state or part of a post code; it is after a street's kind.
    if word in _DIRECTIONS and (before.rstrip(".") in _ANY_KIND.split("|") or (more and before)):
        return _DIRECTIONS[word]
    return _numbered(word)


def _numbered(word: str) -> str:
    ordinal = re.fullmatch(r"(\d+)(?:st|nd|rd|th)", word, re.IGNORECASE)
    if ordinal:
        return ordinal_aloud(int(ordinal[1]))
    house = re.fullmatch(r"(\d{1,4})([A-Za-z]?)", word)
    if house and not word.startswith("0"):
        return " ".join(filter(None, (house_number_aloud(int(house[1])), house[2].upper())))
    if re.fullmatch(r"\d+-\d+", word):
        return " ".join(map(_numbered, re.split("-", word)))
    if re.search(r"\d", word) or re.fullmatch(r"[A-Z]{2,3}", word):
        return " ".join(UNITS[int(char)] if char.isdecimal() else char.upper() for char in word)
    return word


def house_number_aloud(number: int) -> str:
    """305 is "three oh five", 350 "three fifty", 1600 "sixteen hundred"."""
    if number < 100 or (number % 100 == 0 and number < 1000):
        return number_aloud(number)
    if number >= 1000:
        return year_aloud(number)
    hundreds, rest = divmod(number, 100)
    return f"{UNITS[hundreds]} {'oh ' if rest < 10 else ''}{number_aloud(rest)}"
