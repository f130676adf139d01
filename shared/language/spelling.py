"""Words letter by letter: as they are spelled on the phone, and as that is heard."""

import re
from collections.abc import Sequence
from itertools import groupby

from shared.language.letters import plain

NATO = {
    word[0].lower(): word
    for word in (
        "Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel", "India",
        "Juliet", "Kilo", "Lima", "Mike", "November", "Oscar", "Papa", "Quebec", "Romeo", "Sierra",
        "Tango", "Uniform", "Victor", "Whiskey", "X-ray", "Yankee", "Zulu",
    )
}  # fmt: skip
"""The words that stand for letters, by letter, lower case."""
_NATO_WORDS = {word.lower().replace("-", ""): letter for letter, word in NATO.items()} | {
    "alfa": "a", "alf": "a", "eco": "e", "aco": "e", "fox": "f", "foxtra": "f", "gulf": "g",
    "juliett": "j", "juliette": "j", "lema": "l", "lena": "l", "mic": "m", "oskar": "o",
    "romel": "r", "tendo": "t", "tando": "t", "whisky": "w",
}  # fmt: skip
_MARKS = {"'": "apostrophe", "-": "hyphen"}
_SOUNDS_LIKE = {
    "bee": "b", "sea": "c", "see": "c", "dee": "d", "eff": "f", "gee": "g", "aitch": "h",
    "eye": "i", "jay": "j", "kay": "k", "el": "l", "ell": "l", "em": "m", "en": "n", "oh": "o",
    "pee": "p", "cue": "q", "queue": "q", "are": "r", "ess": "s", "tea": "t", "tee": "t",
    "you": "u", "vee": "v", "ex": "x", "why": "y", "zed": "z", "zee": "z",
}  # fmt: skip
"""What recognizers write for a letter; only believed among letters."""
_INSIDE = frozenset({
    "apostrophe", "hyphen", "dash", "capital", "space", "then", "and", "with", "accent", "an",
    "umlaut", "acute", "grave", "um", "uh",
})  # fmt: skip
_SPELLED_SHORT = re.compile(r"(?i)\b(?:spelled|spelt|spells)[\s,:]+([a-z]{2,3})[.!]?$")
_TIMES = {"double": 2, "triple": 3}
_STANDS_FOR = frozenset({"for", "like", "as", "in"})
"""Between a letter and a word for it: "T as in Tango"."""


def letters_aloud(word: str, *, nato: bool = False, doubles: bool = False) -> str:
    """A word letter by letter: "O'Brien" is "O apostrophe B R I E N"; accents are left out.

    Args:
        word: A name.
        nato: Whether letters are said as Oscar, Bravo, Romeo.
        doubles: Whether two of a kind are "double T".
    """
    chars = (char for char in plain(word) if char.isalpha() or char in _MARKS)
    said = [_MARKS.get(char, char.upper()) for char in chars]
    if nato:
        return " ".join(NATO.get(each.lower(), each) for each in said)
    if not doubles:
        return " ".join(said)
    runs = ((letter, len(list(run))) for letter, run in groupby(said))
    return " ".join(" ".join(_run_aloud(letter, length)) for letter, length in runs)


def _run_aloud(letter: str, length: int) -> list[str]:
    return [letter] * (length % 2) + [f"double {letter}"] * (length // 2)


def spelled(text: str, *, asked: bool = False) -> str:
    """The letters spelled out in `text` ("P A T E L", "Papa Alpha Tango"), as one lower-case word.

    Empty if there are fewer than two in a row; of words that stand for letters, three. Two before
    a name are its initials ("J. R. Tolliver"). A short name may be heard as a word: "is spelled an"
    is A N.

    Args:
        text: As it was heard.
        asked: Whether letters were asked for: then two words are enough ("Lima India").
    """
    text = re.sub(r"(?i)x[- ]ray", "xray", plain(text))
    tokens = re.findall(r"[A-Za-z]+(?:'[a-z]+)?", text)
    best, position = "", 0
    while position < len(tokens):
        letters, single, end = _run_at(tokens, position)
        enough = len(letters) > 2 or (
            len(letters) == 2 and not _is_name(tokens, end) and (single or asked)
        )
        if enough and len(letters) > len(best):
            best = letters
        position = max(end, position + 1)
    short = _SPELLED_SHORT.search(text)
    return best or (short[1].lower() if short else "")


def _run_at(tokens: Sequence[str], start: int) -> tuple[str, bool, int]:
    """The letters from `start` on, whether one is said as itself, and the index after them."""
    letters, single, position = "", False, start
    while position < len(tokens):
        token = tokens[position].lower()
        after = tokens[position + 1].lower() if position + 1 < len(tokens) else ""
        if token in _TIMES and len(after) == 1:
            letters, single, position = letters + after * _TIMES[token], True, position + 2
        elif (token, after) == ("double", "you"):
            letters, position = letters + "w", position + 2
        elif len(token) == 1 or token in _NATO_WORDS:
            letters += _NATO_WORDS.get(token, token)
            single, position = single or len(token) == 1, position + 1
            position = _skip_example(tokens, position, letters[-1])
        elif _run_together(tokens, position) and (letters or len(token) > 1):  # "AM INA"
            letters, single, position = letters + token, True, position + 1
        elif len(letters) > 1 and single and token in _SOUNDS_LIKE:
            letters, position = letters + _SOUNDS_LIKE[token], position + 1
        elif letters and token in _INSIDE:
            position += 1
        else:
            break
    return letters, single, position


def _run_together(tokens: Sequence[str], position: int) -> bool:
    """Whether capitals are letters: more than two, or with more letters around them."""
    around = [*tokens[max(0, position - 1) : position], *tokens[position + 1 : position + 2]]
    more = len(tokens[position]) > 2 or any(token.isupper() for token in around)
    return tokens[position].isupper() and (more or position + 1 == len(tokens))


def _skip_example(tokens: Sequence[str], position: int, letter: str) -> int:
    """The index after "as in Tango" behind a letter."""
    after = position
    while after < len(tokens) and tokens[after].lower() in _STANDS_FOR:
        after += 1
    is_example = position < after < len(tokens) and tokens[after][0].lower() == letter
    return after + 1 if is_example and len(tokens[after]) > 1 else position


def _is_name(tokens: Sequence[str], position: int) -> bool:
    return position < len(tokens) and tokens[position][:1].isupper()
