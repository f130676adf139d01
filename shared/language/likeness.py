"""Names as they are heard: compared by spelling and by sound, for a recogniser misspells them."""

import re
from collections.abc import Sequence
from functools import lru_cache

from shared.language.edits import edit_distance
from shared.language.letters import plain

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


_TITLES = frozenset({
    "dr", "doctor", "mr", "mister", "mrs", "missus", "ms", "miss", "prof", "professor", "sir",
    "jr", "junior", "sr", "senior", "ii", "iii",
})  # fmt: skip


@lru_cache(maxsize=4096)  # a dialogue is replayed at every turn, over the same texts
def likeness(heard: str, name: str) -> float:
    """How likely it is that `heard` says `name`, 0 to 1; `heard` may have more words around it."""
    wanted, said = words(name), words(heard)
    if not wanted or not said:
        return 0.0
    best = 0.0
    for length in range(max(1, len(wanted) - 1), len(wanted) + 2):
        for start in range(max(1, len(said) - length + 1)):
            best = max(best, alike(said[start : start + length], wanted))
    return best


@lru_cache(maxsize=4096)
def sound(word: str) -> str:
    """A rough key of how a word sounds: consonant classes, and whether it starts with a vowel."""
    for pattern, replacement in _SOUNDS:
        word = re.sub(pattern, replacement, word)
    return word


def words(text: str) -> list[str]:
    """The words of a name, without accents, apostrophes and titles, lower case."""
    found = re.findall(r"[a-z]+", plain(text).lower().replace("'", ""))
    # A title is no name, and few say it; what is nothing but a title stays.
    return [word for word in found if word not in _TITLES] or found


def alike(heard: Sequence[str], name: Sequence[str]) -> float:
    """How likely it is that these words, and no others, say a name, 0 to 1."""
    spelling = _similarity("".join(heard), "".join(name))
    by_sound = _similarity("".join(map(sound, heard)), "".join(map(sound, name)))
    return (spelling + by_sound) / 2


def _similarity(one: str, other: str) -> float:
    """1 minus the edit distance over the longer length."""
    if not one or not other:
        return 0.0
    return 1 - edit_distance(one, other) / max(len(one), len(other))
