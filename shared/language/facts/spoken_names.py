"""People's names as they are said."""

import re

from shared.language.letters import plain

_TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Prof": "Professor", "St": "Saint",
    "Jr": "Junior", "Sr": "Senior", "II": "the second", "III": "the third", "IV": "the fourth",
}  # fmt: skip


def spelled_parts(name: str) -> list[str]:
    """The words of a name that are asked for letter by letter, without titles: "Dr. Ann Lee"."""
    words = name.split()
    return [word for word in words if word.rstrip(".") not in _TITLES] or words


def name_aloud(name: str) -> str:
    """A name with its titles in full and its initials without full stops.

    Letters with two marks, as in Vietnamese, are said without: voices for English fail at them.
    """
    words = re.sub(r"(?<=\b[A-Z])\.\s*", " ", name).split()
    said = " ".join(_TITLES.get(word.rstrip("."), word) for word in words)
    return "".join(plain(char) if ord(char) >= 0x1E00 else char for char in said)
