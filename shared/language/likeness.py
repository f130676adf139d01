"""Names as they are heard: compared by spelling and by sound, for a recogniser misspells them."""

import re
import unicodedata
from functools import lru_cache

from shared.language.edits import edit_distance

SAME = 0.62
"""From this likeness on, what was heard can be a misspelling of a name."""

_SOUNDS = (
    # First what several letters make, then what single ones do; vowels go last.
    (r"ph", "f"), (r"ough|augh", "a"), (r"gh", "g"), (r"wr", "r"), (r"kn", "n"), (r"dg", "j"),
    (r"tch|ch|sh|tion", "j"), (r"c(?=[eiy])", "s"), (r"g(?=[eiy])", "j"), (r"x", "ks"),
    (r"th", "t"), (r"(?<=[aeiou])[hwy]", ""), (r"[ckq]", "g"), (r"[dt]", "t"), (r"[bp]", "p"),
    (r"[fv]", "f"), (r"z", "s"), (r"[mn]", "n"), (r"^y", "j"), (r"[wh]", ""),
    (r"^[aeiouy]+", "a"), (r"(?<!^)[aeiouy]+", ""), (r"(.)\1+", r"\1"),
)  # fmt: skip


def likeness(heard: str, name: str) -> float:
    """How likely it is that `heard` says `name`, 0 to 1; `heard` may have more words around it."""
    wanted = _words(name)
    words = _words(heard)
    if not wanted or not words:
        return 0.0
    best = 0.0
    for length in range(max(1, len(wanted) - 1), len(wanted) + 2):
        for start in range(max(1, len(words) - length + 1)):
            best = max(best, _alike(words[start : start + length], wanted))
    return best


NATO = {
    word[0].lower(): word
    for word in (
        "Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India",
        "Juliet", "Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra",
        "Tango", "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
    )
}  # fmt: skip
"""The words that stand for letters, by letter, lower case."""
_NATO_WORD = "|".join(NATO.values()).replace("-", "[- ]?")
_NATO_RUN = re.compile(rf"\b(?:(?:{_NATO_WORD})\b[\s.,-]*){{3,}}", re.IGNORECASE)


def spelled(text: str) -> str:
    """The letters spelled out in `text` ("P A T E L", "Papa Alpha Tango"), as one lower-case word.

    Empty if there are fewer than two in a row; of words that stand for letters, three.
    """
    text = _NATO_RUN.sub(_initials, text)
    runs = re.findall(r"(?<!')\b(?:[A-Za-z]\b[\s.,-]*){2,}", text)
    return max((re.sub(r"[^a-z]", "", run.lower()) for run in runs), key=len, default="")


def _initials(run: re.Match[str]) -> str:
    """The letters that a run of NATO words stands for, apart."""
    return " ".join(word[0] for word in re.findall(_NATO_WORD, run[0], re.IGNORECASE)) + " "


@lru_cache(maxsize=4096)
def sound(word: str) -> str:
    """A rough key of how a word sounds: consonant classes, and whether it starts with a vowel."""
    for pattern, replacement in _SOUNDS:
        word = re.sub(pattern, replacement, word)
    return word


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.findall(r"[a-z]+", plain.replace("'", ""))


def _alike(heard: list[str], name: list[str]) -> float:
    spelling = _similarity("".join(heard), "".join(name))
    by_sound = _similarity("".join(map(sound, heard)), "".join(map(sound, name)))
    return (spelling + by_sound) / 2


def _similarity(one: str, other: str) -> float:
    """1 minus the edit distance over the longer length."""
    if not one or not other:
        return 0.0
    return 1 - edit_distance(one, other) / max(len(one), len(other))
