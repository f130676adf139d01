"""When words were spoken, by the synthesizer that spoke them."""

from collections.abc import Sequence
from typing import TypeAlias

TimedText: TypeAlias = Sequence[str | float | None]
"""A text, its start and its end in seconds of the utterance. It may be a part of a word, and have
white space around it."""


def times(words: Sequence[str], pieces: Sequence[TimedText]) -> list[tuple[float, float] | None]:
    """Start and end of each of `words`, from the pieces in which the synthesizer spoke them.

    None stands for a word that the pieces do not reach, or from which on they say other words.
    """
    letters = ["".join(word.split()) for word in words]
    owners = [index for index, word in enumerate(letters) for _ in word]
    text = "".join(letters)
    found: list[tuple[float, float] | None] = [None] * len(words)
    at = 0
    for piece, start, end in pieces:
        spoken = "".join(str(piece).split())
        if not text.startswith(spoken, at) or start is None or end is None:
            break
        for owner in dict.fromkeys(owners[at : at + len(spoken)]):
            earlier = found[owner]
            found[owner] = (earlier[0] if earlier else float(start), float(end))
        at += len(spoken)
    return found
